#!/usr/bin/env bash
# Trains the language model of tweets that the package ships, or the one that it is compared with: the recipe of a lecture's
# live demo (one GRU of 128, one-hot, Adam at 1e-3, chunks of 33 characters from nothing, the last filled up with spaces),
# and scores both on the same tweets, which neither was trained on: those whose index is divisible by 10.
#
#     npm ci && scripts/train-tweets.sh TWEETS WORK [demo] [OPTIONS]
#
# TWEETS   a CSV file with a column `tweet`
# WORK     a folder: the model is left in WORK/tweets, or with `demo` in WORK/demo
# OPTIONS  go to `looksay train text`: --threads 1 takes one core
#
# Run again, it goes on where it was stopped.
set -euo pipefail
source "$(dirname "$0")/training-stages.sh"
needs 2 "$@"
tweets=$1 work=$2
shift 2
source=(--text "$tweets" --column tweet)
if [ "${1:-}" = demo ]; then
  shift
  output=$work/demo
  train text "${source[@]}" --output "$output" --seed 1 --hold-out-every 10 --cell gru --layers 1 \
    --hidden-size 128 --input one-hot --bptt sequence --chunk 33 --padding ' ' --batch-size 32 --epochs 10 --patience 10 \
    --learning-rate 1e-3 --decay constant --warm-up-steps 0 --clip-norm Infinity "$@"
  looksay evaluate text --checkpoint "$output" "${source[@]}" --chunk 33
else
  output=$work/tweets
  train text "${source[@]}" --output "$output" --seed 1 --hold-out-every 10 --cell gru --layers 1 \
    --hidden-size 256 --bptt sequence --batch-size 32 --epochs 14 --patience 14 --learning-rate 4e-3 --warm-up-steps 100 \
    --average-decay 0.99 --dropout 0.1 "$@"
fi
looksay evaluate text --checkpoint "$output" "${source[@]}"
