#!/usr/bin/env bash
# Trains the classifier of actions that the package ships, in two stages: on frames of 112 pixels from a MobileNet of
# ImageNet, then from there on frames of 160. Frames are seen by what changes around them (--frame-stack changes), which hides
# the scene. About an hour on two cores. Validated on recordings 19 to 21. The weights are the average of the second stage's
# best epoch and of its end, which for the shipped ones was in the seventh epoch, not after the sixth.
#
#     npm ci && npm run build && scripts/train-actions.sh CLIPS ENCODER WORK
#
# CLIPS    a folder a class, of UCF101 (Soomro et al. 2012; scripts/prepare-data.mjs ucf101)
# ENCODER  a MobileNet V2 1.0/224 trained on ImageNet: `looksay encoder import --version 2 --alpha 1.0 --output ENCODER`
# WORK     a folder; the checkpoints are left in WORK/small, WORK/large and WORK/actions
#
# Run again, it goes on where it was stopped.
set -euo pipefail
source "$(dirname "$0")/training-stages.sh"
needs 3 "$@"
clips=$1 encoder=$2 work=$3
stage() {
  train video --data "$clips" --group-pattern 'g(\d+)' --val-groups 19,20,21 --frame-stack changes \
    --frames 8 --jitter 3 --bidirectional --hidden-size 128 --joined 0.3 --frame-loss 1 --window-share 0.7 \
    --fine-tune-from conv1 --warm-up-steps 60 --average-decay 0.99 --batch-clips 8 --patience 20 "$@"
}
stage --encoder "$encoder" --frame-size 112 --augment 5 --learning-rate 1e-3 --encoder-learning-rate 0.3 --epochs 10 \
  --output "$work/small"
stage --encoder "$work/small" --frame-size 160 --augment 3 --learning-rate 8e-4 --encoder-learning-rate 0.25 --epochs 7 \
  --stop-after 6 --windows 2 --output "$work/large"
average "$work/actions" "$work/large" "$work/large@last"
