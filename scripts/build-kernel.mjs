/**
 * Translates src/models/word2vec/kernel.wat (WebAssembly's text format) into a module of JavaScript that has its bytes:
 * what `#word2vec-kernel` names.
 *
 *     node scripts/build-kernel.mjs dist/word2vec-kernel.js
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import wabt from 'wabt';

const SOURCE = fileURLToPath(new URL('../src/models/word2vec/kernel.wat', import.meta.url));
const FEATURES = { simd: true, threads: true };

/** Writes the module to `path`. Throws an error with the line when the source is not valid. */
export async function buildKernel(path) {
  const { parseWat } = await wabt();
  const module = parseWat(SOURCE, readFileSync(SOURCE, 'utf8'), FEATURES);
  // @ts-expect-error: its types leave the features out, without which it refuses shared memory
  module.validate(FEATURES);
  const { buffer } = module.toBinary({});
  module.destroy();
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `export const bytes = Uint8Array.of(${buffer.join(', ')});\n`);
}

const [script, path] = process.argv.slice(1);
if (script === fileURLToPath(import.meta.url) && path !== undefined) await buildKernel(path);
