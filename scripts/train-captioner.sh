#!/usr/bin/env bash
# Trains the captioner that the package ships: the recipe `best`, three stages, about an hour and a half on two cores, and
# the average of the last two.
#
#     npm ci && scripts/train-captioner.sh DATA ENCODER WORK [OPTIONS]
#
# DATA     a folder with flickr8k/ (images, Flickr8k.token.txt, split lists), coco/ (images, captions_train.json) and
#          pascal/ (images, captions_train.csv)
# ENCODER  a MobileNet V2 1.0/224 trained on ImageNet: `looksay encoder import --version 2 --alpha 1.0 --output ENCODER`
# WORK     a folder for the stages; the captioner is left in WORK/captioner
# OPTIONS  go to `looksay train caption`: --continue goes on where it was stopped, and --stop-after 1 ends after one epoch,
#          whose line in WORK/best/stages/words/log.jsonl repeats the first of checkpoints/captioner/log-words.jsonl
set -euo pipefail
data=$1 encoder=$2 work=$3
shift 3
scripts=$(cd "$(dirname "$0")" && pwd)
node "$scripts/../dist/cli/main.js" train caption --recipe best --seed 1 \
  --encoder "$encoder" --output "$work/best" \
  --source "images=$data/flickr8k/images,captions=$data/flickr8k/Flickr8k.token.txt,splits=$data/flickr8k" \
  --source "images=$data/coco/images,captions=$data/coco/captions_train.json" \
  --source "images=$data/pascal/images,captions=$data/pascal/captions_train.csv" "$@"
if [ -e "$work/best/model.safetensors" ]; then
  node "$scripts/average-checkpoints.mjs" "$work/captioner" "$work/best/stages/encoder" "$work/best/stages/rewards"
fi
