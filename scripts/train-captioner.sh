#!/usr/bin/env bash
# Trains the captioner that the package ships, in stages: the decoder on a frozen encoder; both together; the average of
# these two, trained on; and the average of that with where it began.
#
#     npm ci && scripts/train-captioner.sh DATA ENCODER WORK
#
# DATA     a folder with flickr8k/ (images, Flickr8k.token.txt, split lists), coco/ (images, captions_train.json) and
#          pascal/ (images, captions_train.csv)
# ENCODER  a MobileNet V2 1.0/224 trained on ImageNet: `looksay encoder import --version 2 --alpha 1.0 --output ENCODER`
# WORK     a folder for the stages; the captioner is left in WORK/captioner
#
# STAGES=1 ends after the first stage, and EPOCHS=1 makes that stage one epoch long. (The learning rate falls over the
# epochs that are planned, so that a first epoch repeats the log's only to the digits that one epoch's decay leaves.)
set -euo pipefail
data=$1 encoder=$2 work=$3
scripts=$(cd "$(dirname "$0")" && pwd)
train() {
  node "$scripts/../dist/cli/main.js" train caption --attention soft \
    --source "images=$data/flickr8k/images,captions=$data/flickr8k/Flickr8k.token.txt,splits=$data/flickr8k" \
    --source "images=$data/coco/images,captions=$data/coco/captions_train.json" \
    --source "images=$data/pascal/images,captions=$data/pascal/captions_train.csv" "$@"
}
average() { node "$scripts/average-checkpoints.mjs" "$@"; }

train --encoder "$encoder" --epochs "${EPOCHS:-24}" --seed 1 --output "$work/base"
if [ "${STAGES:-4}" = 1 ]; then exit; fi
train --start-from "$work/base" --fine-tune-from block11 --epochs 8 --patience 8 --seed 1 \
  --learning-rate 4e-4 --encoder-learning-rate 0.25 --warm-up-steps 100 --output "$work/fine"
average "$work/average" "$work/base" "$work/fine"
train --start-from "$work/average" --fine-tune-from block11 --epochs 4 --patience 4 --seed 2 \
  --learning-rate 2e-4 --encoder-learning-rate 0.5 --warm-up-steps 100 --output "$work/fine2"
average "$work/captioner" "$work/average" "$work/fine2"
