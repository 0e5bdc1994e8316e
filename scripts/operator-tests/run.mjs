/**
 * Runs TensorFlow.js's own operator tests, which `@tensorflow/tfjs-core` ships, on the backend `onnxruntime`.
 *
 *     npm run test:operators            all of them
 *     npm run test:operators -- conv2d  those whose name has the word, with what fails
 *
 * The tests are modules without file extensions in a package that declares no side effects: they are bundled, the
 * backend with them, so that both share one copy of TensorFlow.js. Native packages stay outside.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import jasmineRequire from 'jasmine-core';
import { EXCLUSIONS, MINIMUM_NATIVE, MINIMUM_PASSED } from './expectations.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const cache = join(root, 'node_modules/.cache/looksay');
const bundle = join(cache, 'operator-tests.mjs');

const ENTRY = `
import '@tensorflow/tfjs-core/dist/index.js';
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops.js';
import { setTestEnvs } from '@tensorflow/tfjs-core/dist/jasmine_util.js';
import { backendStatistics } from './src/backend/index.ts';
export { backendStatistics };
export async function registerTests() {
  setTestEnvs([{ name: 'onnxruntime', backendName: 'onnxruntime', isDataSync: true }]);
  await import('@tensorflow/tfjs-core/dist/tests.js');
}
`;

/** Our sources import the package by name; the tests import its files: both must come from the same files. */
const oneCore = {
  name: 'one-core',
  setup({ onResolve }) {
    const file = join(root, 'node_modules/@tensorflow/tfjs-core/dist/index.js');
    onResolve({ filter: /^@tensorflow\/tfjs-core$/ }, () => ({ path: file }));
  },
};

async function bundleTests() {
  mkdirSync(cache, { recursive: true });
  await build({
    stdin: { contents: ENTRY, resolveDir: root, loader: 'ts' },
    bundle: true,
    format: 'esm',
    platform: 'node',
    ignoreAnnotations: true,
    outfile: bundle,
    external: [
      'onnxruntime-node',
      'onnxruntime-common',
      '@tensorflow/tfjs-backend-cpu',
      'jasmine-core',
      'node-fetch',
      'util',
      'crypto',
    ],
    plugins: [oneCore],
    logLevel: 'error',
    banner: {
      js: `import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(${JSON.stringify(join(root, 'package.json'))});`,
    },
  });
}

/** How the specs ended: natively, with a `cpu` kernel, failed, or left out. */
class Tally {
  native = 0;
  fallback = 0;
  excluded = new Map();
  failures = [];
  kernels = new Map();
  #before = {};

  constructor(statistics) {
    this.statistics = statistics;
  }

  specStarted() {
    this.#before = this.#fallbacks();
  }

  specDone(result) {
    if (result.status === 'excluded' || result.status === 'pending') return;
    if (result.status === 'failed') {
      this.failures.push(result);
      return;
    }
    const used = Object.entries(this.#fallbacks()).filter(([kernel, count]) => count > (this.#before[kernel] ?? 0));
    if (used.length === 0) this.native++;
    else this.fallback++;
    for (const [kernel] of used) this.kernels.set(kernel, (this.kernels.get(kernel) ?? 0) + 1);
  }

  /** A suite may reset the engine, and with it the backend that counts. */
  #fallbacks() {
    try {
      return this.statistics().fallbacks;
    } catch {
      return {};
    }
  }
}

async function main() {
  const [word] = process.argv.slice(2);
  await bundleTests();
  const jasmine = jasmineRequire.boot();
  Object.assign(globalThis, jasmineRequire.noGlobals());
  const { backendStatistics, registerTests } = await import(pathToFileURL(bundle).href);
  await registerTests();
  const environment = jasmine.getEnv();
  const tally = new Tally(backendStatistics);
  const quiet = console.warn;
  console.warn = () => undefined;
  environment.configure({
    random: false,
    specFilter: (spec) => {
      const name = spec.getFullName();
      if (word !== undefined && !name.includes(word)) return false;
      const exclusion = EXCLUSIONS.find(({ test }) => name.includes(test));
      if (exclusion !== undefined) tally.excluded.set(name, exclusion.reason);
      return exclusion === undefined;
    },
  });
  environment.addReporter({
    specStarted: () => tally.specStarted(),
    specDone: (result) => tally.specDone(result),
  });
  await environment.execute();
  console.warn = quiet;
  report(tally, word);
}

function report(tally, word) {
  for (const { fullName, failedExpectations } of tally.failures) {
    console.log(`FAILED ${fullName}`);
    console.log(`       ${(failedExpectations[0]?.message ?? '').split('\n')[0].slice(0, 300)}`);
    if (word !== undefined) console.log(failedExpectations[0]?.stack);
  }
  for (const [name, reason] of tally.excluded) console.log(`left out: ${name}\n          ${reason}`);
  const kernels = [...tally.kernels].sort((a, b) => b[1] - a[1]).map(([kernel, count]) => `${kernel} ${count}`);
  console.log(`tests in which a cpu kernel ran, by kernel: ${kernels.join(', ')}`);
  const passed = tally.native + tally.fallback;
  console.log(`${tally.native} natively, ${tally.fallback} with a cpu kernel, ${tally.excluded.size} left out`);
  writeFileSync(
    join(cache, 'operator-tests.json'),
    JSON.stringify(
      tally.failures.map(({ fullName }) => fullName),
      null,
      1,
    ),
  );
  const enough = word !== undefined || (passed >= MINIMUM_PASSED && tally.native >= MINIMUM_NATIVE);
  if (!enough) console.log(`expected at least ${MINIMUM_PASSED} to pass, ${MINIMUM_NATIVE} of them natively`);
  console.log(`${passed} passed, ${tally.failures.length} failed`);
  process.exit(enough ? 0 : 1);
}

await main();
