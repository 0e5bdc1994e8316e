#!/usr/bin/env bash
# Trains the classifier of reviews that the package ships, from word vectors of the same reviews and unlabelled ones.
#
#     npm ci && scripts/train-sentiment.sh IMDB WORK [OPTIONS]
#
# IMDB     a folder with train.csv (text,label) and unlabelled.txt (a review a line): `node scripts/prepare-data.mjs imdb` has them
# WORK     a folder for the word vectors; the classifier is left in WORK/imdb-vectors
# OPTIONS  go to `looksay train sentiment`: --continue, --threads
set -euo pipefail
imdb=$1 work=$2
shift 2
cd "$(dirname "$0")/.."
mkdir -p "$work"
if [ ! -d "$work/imdb-words" ]; then
  node --input-type=module - "$imdb" "$work/imdb.txt" <<'SCRIPT'
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
const [imdb, output] = process.argv.slice(2);
const rows = parse(readFileSync(`${imdb}/train.csv`), { columns: true, relax_quotes: true });
const lines = rows.map(({ text }) => text).join('\n');
writeFileSync(output, `${lines}\n${readFileSync(`${imdb}/unlabelled.txt`, 'utf8')}`);
SCRIPT
  node dist/cli/main.js train words --text "$work/imdb.txt" --output "$work/imdb-words" --threads 1
fi
node dist/cli/main.js train sentiment --data "$imdb/train.csv" --output "$work/imdb-vectors" --epochs 6 \
  --pooling attention --word-vectors "$work/imdb-words" "$@"
