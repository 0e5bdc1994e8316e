#!/usr/bin/env bash
# Trains a classifier of which word a mouth says, on clips of one speaker, and beside it the frame average: no single frame
# tells the words apart. Some minutes on one core; validated on words after letters that training never hears.
#
#     npm ci && npm run build && scripts/train-mouth.sh CLIPS ENCODER WORK
#
# CLIPS    a folder a word, of mouths cut from the GRID corpus (Cooke et al. 2006) under its names, whose fourth character
#          is the letter spoken before
# ENCODER  a MobileNet V1 0.25 trained on ImageNet: `looksay encoder import --version 1 --alpha 0.25 --output ENCODER`
# WORK     a folder; the checkpoints are left in WORK/mouth and WORK/mouth-frames
#
# Run again, it goes on where it was stopped.
set -euo pipefail
source "$(dirname "$0")/training-stages.sh"
needs 3 "$@"
clips=$1 encoder=$2 work=$3
stage() {
  train video --data "$clips" --group-pattern '^...(.)' --val-groups b,j,p,v --encoder "$encoder" \
    --frame-size 64 --last-block block5 --position-size 16 --projection-size 192 --hidden-size 128 --frame-loss 0.1 \
    --dropout 0.3 --frames 12 --jitter 1 --augment 1 --learning-rate 1.5e-3 --warm-up-steps 50 --average-decay 0.97 \
    --epochs 35 --patience 40 --threads 1 "$@"
}
stage --motion --bidirectional --pooling attention --output "$work/mouth"
stage --order none --output "$work/mouth-frames"
looksay evaluate video --checkpoint "$work/mouth" --baseline "$work/mouth-frames" --data "$clips" \
  --group-pattern '^...(.)' --groups b,j,p,v --threads 1
