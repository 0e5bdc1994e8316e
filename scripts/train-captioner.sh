#!/usr/bin/env bash
# Trains the captioner that the package ships: first the decoder on a frozen encoder, then both together.
#
#     scripts/train-captioner.sh DATA ENCODER [OUTPUT]
#
# DATA     a folder with flickr8k/ (images, Flickr8k.token.txt, split lists), coco/ (images, captions_train.json) and
#          pascal/ (images, captions_train.csv)
# ENCODER  a MobileNet V2 1.0/224 trained on ImageNet: `looksay encoder import --version 2 --alpha 1.0 --output ENCODER`
# OUTPUT   checkpoints/captioner unless another is named; the first stage goes to OUTPUT-base
#
# EPOCHS=1 runs one epoch of the first stage and stops, to compare its log with checkpoints/captioner/log-base.jsonl.
set -euo pipefail
data=$1 encoder=$2 output=${3:-checkpoints/captioner}
looksay() { node "$(dirname "$0")/../dist/cli/main.js" "$@"; }
sources=(
  --source "images=$data/flickr8k/images,captions=$data/flickr8k/Flickr8k.token.txt,splits=$data/flickr8k"
  --source "images=$data/coco/images,captions=$data/coco/captions_train.json"
  --source "images=$data/pascal/images,captions=$data/pascal/captions_train.csv"
)
