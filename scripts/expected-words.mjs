#!/usr/bin/env node
/**
 * Learns which words photos make expect, for a captioner whose weights were put together otherwise than by
 * `looksay train caption`, which does so itself; in a clone run `npm run build` before.
 *
 *     node scripts/expected-words.mjs CHECKPOINT images=DIR,captions=FILE[,splits=DIR]...
 *
 * The sources are the training photos. CHECKPOINT is saved again with what was learnt. Options: --threads N, --quiet.
 */
import { selectBackend } from '../dist/cli/backend-options.js';
import { parseSource } from '../dist/cli/commands/sources.js';
import { UserError } from '../dist/shared/errors.js';
import { setQuiet } from '../dist/shared/log.js';
import { addExpectedWords } from '../dist/tasks/caption/expected-words.js';
import { readTrainSources } from '../dist/tasks/caption/sources.js';
import { parseOptions, runScript } from './run-script.mjs';

const OPTIONS = {
  threads: /** @type {const} */ ({ type: 'string', multiple: false }),
  quiet: /** @type {const} */ ({ type: 'boolean', multiple: false, default: false }),
};

async function run() {
  const { values, positionals } = parseOptions({ options: OPTIONS, allowPositionals: true });
  setQuiet(values.quiet);
  const [checkpoint, ...sources] = positionals;
  if (checkpoint === undefined || sources.length === 0) {
    throw new UserError(
      'expected a checkpoint and the training photos: CHECKPOINT images=DIR,captions=FILE[,splits=DIR]...',
      {
        exitCode: 2,
      },
    );
  }
  await selectBackend({
    backend: 'onnxruntime',
    device: 'cpu',
    threads: values.threads === undefined ? undefined : Number(values.threads),
  });
  await addExpectedWords(checkpoint, await readTrainSources(sources.map((source) => parseSource(source, 'source'))));
}

await runScript('expected-words', run);
