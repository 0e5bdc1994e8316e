/** That ONNX Runtime reports nothing: no uploader is set up, and no device's number is left in the user's folders. */
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../helpers/tiny-captioner.js';

const ENGINE = new URL('../../../src/backend/index.ts', import.meta.url).href;

/** Adds two numbers on the backend. */
const ADD = `
  import { register } from ${JSON.stringify(import.meta.resolve('tsx/esm/api'))};
  import * as tf from ${JSON.stringify(import.meta.resolve('@tensorflow/tfjs-core'))};
  // tsx does not reach into worker threads by itself.
  register();
  await import(${JSON.stringify(ENGINE)});
  await tf.setBackend('onnxruntime');
  console.log(String((await tf.add(tf.scalar(1), tf.scalar(2)).data())[0]));
`;

interface Program {
  readonly main: string;
  /** Environment variables beside those that every run has. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs a program with a home of its own and none of what ONNX Runtime takes for continuous integration. */
async function runProgram({ main, environment = {} }: Program) {
  const folder = await temporaryFolder();
  const home = await temporaryFolder();
  const add = join(folder, 'add.mjs');
  writeFileSync(add, ADD);
  const program = join(folder, 'main.mjs');
  writeFileSync(program, main.replaceAll('ADD', JSON.stringify(pathToFileURL(add).href)));
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', import.meta.resolve('tsx'), program], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH, HOME: home, TMPDIR: home, TSX_DISABLE_CACHE: '1', ...environment },
  });
  return { out: stdout.trim(), err: stderr, left: readdirSync(home).filter((name) => !name.startsWith('tsx-')) };
}

const WORKER = `
  import { Worker } from 'node:worker_threads';
  new Worker(new URL(ADD)).on('error', (error) => console.log(error.message));
`;

test('a program on the main thread leaves nothing behind', async () => {
  expect(await runProgram({ main: 'await import(ADD);' })).toEqual({ out: '3', err: '', left: [] });
});

test('a worker thread does not start what it cannot keep from reporting', async () => {
  const { out, left } = await runProgram({ main: WORKER });
  expect(out).toContain('start the program with ORT_DISABLE_TELEMETRY=1');
  expect(left).toEqual([]);
});

test.each([
  ['the main thread has looksay', `import ${JSON.stringify(ENGINE)};${WORKER}`, {}],
  ['the program was started so', WORKER, { ORT_DISABLE_TELEMETRY: '1' }],
  [
    'it shares the environment',
    WORKER.replace('(ADD)', '(ADD), { env: SHARE_ENV }').replace('{ Worker }', '{ Worker, SHARE_ENV }'),
    {},
  ],
])('a worker thread computes where %s', async (_, main, environment) => {
  expect(await runProgram({ main, environment })).toEqual({ out: '3', err: '', left: [] });
});
