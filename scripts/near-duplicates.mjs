#!/usr/bin/env node
/**
 * Finds photos of different parts of a set (train, val, test) that look the same, by the cosine of a captioner's pooled
 * encoder features; in a clone run `npm run build` before.
 *
 *     node scripts/near-duplicates.mjs --images images --captions Flickr8k.token.txt --splits . > pairs.jsonl
 *     node scripts/near-duplicates.mjs --source images=DIR,captions=train.csv --val-source images=DIR,captions=val.csv
 *
 * A pair is a line on stdout, the most alike first: {"photo","part","other","otherPart","cosine"}. What was compared is
 * told on stderr. Options: --threshold N (0.85), --checkpoint FOLDER, --threads N, --quiet.
 */
import { selectBackend } from '../dist/cli/backend-options.js';
import { parseSource, sourcesFrom } from '../dist/cli/commands/sources.js';
import { note, setQuiet } from '../dist/shared/log.js';
import { loadCaptionModel } from '../dist/tasks/caption/model.js';
import { findNearDuplicates, nearDuplicateDefaults } from '../dist/tasks/caption/near-duplicates.js';
import { shippedCheckpoints } from '../dist/tasks/shipped-checkpoints.js';
import { parseOptions, runScript } from './run-script.mjs';

const TEXT = /** @type {const} */ ({ type: 'string', multiple: false });
const TEXTS = /** @type {const} */ ({ type: 'string', multiple: true, default: /** @type {string[]} */ ([]) });
const OPTIONS = {
  images: TEXT,
  captions: TEXT,
  splits: TEXT,
  source: TEXTS,
  'val-source': TEXTS,
  threshold: { ...TEXT, default: String(nearDuplicateDefaults.threshold) },
  checkpoint: { ...TEXT, default: shippedCheckpoints.captioner },
  threads: TEXT,
  quiet: /** @type {const} */ ({ type: 'boolean', multiple: false, default: false }),
};

async function run() {
  const { images, captions, splits, source, threshold, checkpoint, threads, quiet, ...values } = parseOptions({
    options: OPTIONS,
  }).values;
  setQuiet(quiet);
  const options = {
    sources: sourcesFrom({ images, captions, splits, source }),
    validation: values['val-source'].map((text) => parseSource(text, '--val-source')),
    threshold: Number(threshold),
  };
  await selectBackend({
    backend: 'onnxruntime',
    device: 'cpu',
    threads: threads === undefined ? undefined : Number(threads),
  });
  const { photos, pairs } = await findNearDuplicates(await loadCaptionModel(checkpoint), options);
  for (const pair of pairs) process.stdout.write(`${JSON.stringify(pair)}\n`);
  const parts = Object.entries(photos).map(([part, count]) => `${part} (${count})`);
  note(`${pairs.length} pairs with a cosine of ${threshold} or more among ${parts.join(', ')}`);
}

await runScript('near-duplicates', run);
