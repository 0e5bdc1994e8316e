#!/usr/bin/env bash
# Trains the classifier of moving shapes that the package ships (a minute or two on two cores), or with `sentences` the
# captioner of such clips, from clips that are generated on the spot.
#
#     npm ci && npm run build && scripts/train-shapes.sh ENCODER WORK [directions|sentences]
#
# ENCODER  a MobileNet V1 0.25 trained on ImageNet: `looksay encoder import --version 1 --alpha 0.25 --output ENCODER`; its
#          first blocks, which the classifier trains all, see frames of 64 pixels
# WORK     a folder for the clips; the checkpoint is left in WORK/shapes or WORK/captioner
#
# Run again, it goes on where it was stopped.
set -euo pipefail
source "$(dirname "$0")/training-stages.sh"
needs 2 "$@"
encoder=$1 work=$2 set=${3:-directions}
small=(--encoder "$encoder" --frame-size 64 --last-block block5)
if [ "$set" = directions ]; then
  node "$root/scripts/moving-shapes.mjs" "$work/directions" --set directions --clips 150
  train video --data "$work/directions" --group-pattern 'g(\d+)' "${small[@]}" --fine-tune-from conv1 \
    --encoder-learning-rate 0.3 --position-size 8 --motion --projection-size 64 --hidden-size 64 --dropout 0.1 --frames 8 \
    --jitter 1 --learning-rate 2e-3 --warm-up-steps 50 --epochs 20 --stop-after 16 --threads 1 --output "$work/shapes"
else
  node "$root/scripts/moving-shapes.mjs" "$work/sentences" --set sentences --clips 5000
  train caption --images "$work/sentences/clips" --captions "$work/sentences/train.csv" \
    --val-source "images=$work/sentences/clips,captions=$work/sentences/val.csv" "${small[@]}" --fine-tune-from conv1 --frames 12 --cell gru \
    --position-size 8 --motion --projection-size 128 --hidden-size 128 --embedding-size 32 --min-count 1 --dropout 0.1 \
    --label-smoothing 0 --captions-per-image 1 --batch-images 16 --learning-rate 1e-3 --warm-up-steps 50 --epochs 24 \
    --patience 80 --threads 1 --output "$work/captioner"
fi
