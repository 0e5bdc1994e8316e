#!/usr/bin/env bash
# Trains the captioner that the package ships, in two halves.
#
# The encoder: the recipe `best` with an LSTM, three stages, and the average of its last two; then, from that, the encoder's
# upper two thirds and the decoder on more versions of each photo, three times with different settings; then the average of
# all. About an hour and a half on two cores for the recipe; the rest takes hours there, and with `--device cuda` on an H100
# nine minutes, the three of them side by side.
#
# The captioner: a GRU with a deep readout on that encoder, 20 minutes on two cores; then, from that, encoder and decoder
# together, three times with different settings (20 minutes on an H100, side by side), and the average of those; from that
# self-critical training; then, with BLEU-1 in the reward, from that and from the average (an epoch takes five minutes on two cores,
# and one beside three others on an H100); and the average of these two, the first counted twice. Last it learns which words
# photos make expect.
#
#     npm ci && scripts/train-captioner.sh DATA ENCODER WORK [OPTIONS]
#
# DATA     a folder with flickr8k/ (images, Flickr8k.token.txt, split lists), coco/ (images, captions_train.json) and
#          pascal/ (images, captions_train.csv)
# ENCODER  a MobileNet V2 1.0/224 trained on ImageNet: `looksay encoder import --version 2 --alpha 1.0 --output ENCODER`
# WORK     a folder for the stages; the captioner is left in WORK/captioner
# OPTIONS  go to each `looksay train caption`: --device cuda; --stop-after 1 ends after one epoch, whose line in
#          WORK/best/stages/words/log.jsonl is the first of log-words.jsonl
#
# Run again, it goes on where it was stopped.
set -euo pipefail
source "$(dirname "$0")/training-stages.sh"
needs 3 "$@"
data=$1 encoder=$2 work=$3
shift 3
options=("$@")
stage() {
  train caption \
    --source "images=$data/flickr8k/images,captions=$data/flickr8k/Flickr8k.token.txt,splits=$data/flickr8k" \
    --source "images=$data/coco/images,captions=$data/coco/captions_train.json" \
    --source "images=$data/pascal/images,captions=$data/pascal/captions_train.csv" "$@" "${options[@]}"
}

stage --recipe best --cell lstm --readout state --seed 1 --encoder "$encoder" --output "$work/best"
[ -e "$work/best/model.safetensors" ] || exit 0
average "$work/first" "$work/best/stages/encoder" "$work/best/stages/rewards"
tune() {
  local start=$1 name=$2
  shift 2
  stage --start-from "$work/$start" --output "$work/$name" --fine-tune-from block4 --captions-per-image 3 \
    --length-multiple 20 --patience 99 --warm-up-steps 100 --average-decay 0.998 "$@"
}
dropout=(--embedding-dropout 0.4 --feature-dropout 0.5)

lstm=(--augment 7 --batch-images 64 --epochs 8)
tune first tuned-1 --seed 1 --learning-rate 5e-4 --encoder-learning-rate 0.3 "${lstm[@]}"
tune first tuned-2 --seed 2 --learning-rate 5e-4 --encoder-learning-rate 1 "${lstm[@]}"
tune first tuned-3 --seed 3 --learning-rate 7e-4 --encoder-learning-rate 0.5 "${lstm[@]}" "${dropout[@]}"
average "$work/tuned" "$work/tuned-1" "$work/tuned-2" "$work/tuned-3"
average "$work/lstm" "$work/tuned" "$work/first"

stage --encoder "$work/lstm" --cell gru --readout deep --seed 1 --output "$work/gru" --augment 3 --captions-per-image 3 \
  --epochs 10 --patience 99 --average-decay 0.999 "${dropout[@]}"
gru=(--augment 9 --batch-images 96 --encoder-learning-rate 0.5 "${dropout[@]}")
tune gru gru-1 --seed 1 --learning-rate 7e-4 --epochs 18 "${gru[@]}"
tune gru gru-2 --seed 2 --learning-rate 1e-3 --epochs 18 "${gru[@]}"
tune gru gru-3 --seed 4 --learning-rate 4e-4 --epochs 13 "${gru[@]}"
average "$work/gru-tuned" "$work/gru-1" "$work/gru-2" "$work/gru-3"
reward() {
  local start=$1 name=$2
  shift 2
  stage --start-from "$work/$start" --output "$work/$name" --self-critical 5 --max-length 16 --length-multiple 16 \
    --average-decay 0.99 --batch-images 64 --patience 99 "$@"
}
reward gru-tuned gru-rewards --seed 1 --learning-rate 1e-4 --warm-up-steps 30 --augment 9 --epochs 16 --stop-after 6
bleu=(--warm-up-steps 10 --augment 3 --epochs 4)
reward gru-rewards gru-bleu-1 --seed 31 --bleu-reward 3 --learning-rate 8e-5 --sharpening 1 "${bleu[@]}"
reward gru-tuned gru-bleu-2 --seed 32 --bleu-reward 4 --learning-rate 6e-5 --stop-after 2 "${bleu[@]}"
average "$work/captioner" "$work/gru-bleu-1" "$work/gru-bleu-1" "$work/gru-bleu-2"
node "$root/scripts/expected-words.mjs" "$work/captioner" \
  "images=$data/flickr8k/images,captions=$data/flickr8k/Flickr8k.token.txt,splits=$data/flickr8k" \
  "images=$data/coco/images,captions=$data/coco/captions_train.json" \
  "images=$data/pascal/images,captions=$data/pascal/captions_train.csv"
