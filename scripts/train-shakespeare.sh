#!/usr/bin/env bash
# Trains the language model of Shakespeare that the repository has, and scores it on the last tenth of the text, which it was
# not trained on: an LSTM of 2 × 384 (Karpathy 2015, "The unreasonable effectiveness of recurrent neural networks"), half of
# what goes up dropped (Zaremba et al. 2014), averaged weights.
#
#     npm ci && scripts/train-shakespeare.sh TEXT WORK [OPTIONS]
#
# TEXT     tiny Shakespeare's input.txt
# WORK     a folder: the model is left in WORK/shakespeare
# OPTIONS  go to `looksay train text`: --threads 1 takes one core
#
# Run again, it goes on where it was stopped.
set -euo pipefail
source "$(dirname "$0")/training-stages.sh"
needs 2 "$@"
text=$1 output=$2/shakespeare
shift 2
train text --text "$text" --output "$output" --seed 1 --cell lstm --layers 2 --hidden-size 384 --batch-size 32 \
  --bptt 64 --learning-rate 5e-3 --warm-up-steps 200 --dropout 0.5 --weight-decay 0.02 --average-decay 0.9995 --epochs 22 \
  --patience 4 "$@"
looksay evaluate text --checkpoint "$output" --text "$text"
