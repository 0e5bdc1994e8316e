#!/usr/bin/env bash
# Trains the classifier of reviews that the package ships: first on IMDB's reviews, from word vectors of the same reviews and
# unlabelled ones, then from there on these and on the sentences of SST-2, as they are (cut into tokens: "ca n't", "it 's .")
# and as people write them, each twice: there are three times as many reviews.
#
#     npm ci && scripts/train-sentiment.sh IMDB SST2 WORK [OPTIONS]
#
# IMDB     a folder with train.csv (text,label) and unlabelled.txt (a review a line), which `looksay prepare imdb` makes
# SST2     a folder with train.csv and dev.csv, which `looksay prepare sst2` makes
# WORK     a folder; the classifiers are left in WORK/imdb-vectors and WORK/reviews
# OPTIONS  go to both `looksay train sentiment`: --threads 1 takes one core
#
# Run again, it goes on where it was stopped.
set -euo pipefail
source "$(dirname "$0")/training-stages.sh"
needs 3 "$@"
mkdir -p "$3/mixed"
imdb=$(cd "$1" && pwd) sst2=$(cd "$2" && pwd) work=$(cd "$3" && pwd)
shift 3
cd "$root" # where Node.js finds the packages that the programs below import
node --input-type=module - "$imdb" "$work/imdb.txt" <<'SCRIPT'
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
const [imdb, output] = process.argv.slice(2);
const rows = parse(readFileSync(`${imdb}/train.csv`), { columns: true, relax_quotes: true });
const lines = rows.map(({ text }) => text).join('\n');
writeFileSync(output, `${lines}\n${readFileSync(`${imdb}/unlabelled.txt`, 'utf8')}`);
SCRIPT
train words --text "$work/imdb.txt" --output "$work/imdb-words" --threads 1
train sentiment --data "$imdb/train.csv" --output "$work/imdb-vectors" --epochs 6 --stop-after 3 \
  --pooling attention --word-vectors "$work/imdb-words" "$@"
# Every tenth review stays held out, as in the first stage; with SST-2's dev part it chooses the epoch.
node --input-type=module - "$imdb" "$sst2" "$work/mixed" <<'SCRIPT'
import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
const [imdb, sst2, output] = process.argv.slice(2);
const rowsOf = (path) => parse(readFileSync(path), { columns: true, relax_quotes: true });
const joined = (text) => text.replace(/ (n't|'(?:s|re|ve|ll|d|m)\b|[.,;:!?])/g, '$1').replace(/`` ?| ?''/g, '"');
const reviews = rowsOf(`${imdb}/train.csv`);
const sentences = rowsOf(`${sst2}/train.csv`);
const asWritten = sentences.map(({ text, label }) => ({ text: joined(text), label }));
const heldOut = reviews.filter((_, index) => index % 10 === 0);
const train = [
  ...reviews.filter((_, index) => index % 10 !== 0),
  ...sentences,
  ...sentences,
  ...asWritten,
  ...asWritten,
];
const save = (name, rows) =>
  writeFileSync(`${output}/${name}.csv`, stringify(rows, { header: true, columns: ['text', 'label'] }));
save('train', train);
save('imdb-held-out', heldOut);
save('held-out', [...heldOut, ...rowsOf(`${sst2}/dev.csv`)]);
SCRIPT
train sentiment --start-from "$work/imdb-vectors" --data "$work/mixed/train.csv" \
  --val "$work/mixed/held-out.csv" --output "$work/reviews" --epochs 5 --learning-rate 1.5e-3 "$@"
