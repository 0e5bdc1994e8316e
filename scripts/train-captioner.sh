#!/usr/bin/env bash
# Trains the captioner that the package ships: the recipe `best`, three stages, about two hours on two cores.
#
#     npm ci && scripts/train-captioner.sh DATA ENCODER OUTPUT [OPTIONS]
#
# DATA     a folder with flickr8k/ (images, Flickr8k.token.txt, split lists), coco/ (images, captions_train.json) and
#          pascal/ (images, captions_train.csv)
# ENCODER  a MobileNet V2 1.0/224 trained on ImageNet: `looksay encoder import --version 2 --alpha 1.0 --output ENCODER`
# OUTPUT   the checkpoint folder; each stage has its own in OUTPUT/stages
# OPTIONS  go to `looksay train caption`: --continue goes on where it was stopped, and --stop-after 1 ends after one epoch,
#          whose line in OUTPUT/stages/words/log.jsonl repeats the first of checkpoints/captioner/log-words.jsonl
set -euo pipefail
data=$1 encoder=$2 output=$3
shift 3
exec node "$(cd "$(dirname "$0")" && pwd)/../dist/cli/main.js" train caption --recipe best --seed 1 \
  --encoder "$encoder" --output "$output" \
  --source "images=$data/flickr8k/images,captions=$data/flickr8k/Flickr8k.token.txt,splits=$data/flickr8k" \
  --source "images=$data/coco/images,captions=$data/coco/captions_train.json" \
  --source "images=$data/pascal/images,captions=$data/pascal/captions_train.csv" "$@"
