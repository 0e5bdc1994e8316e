/** Other backends and devices: the same captions, or an error that says what is missing. */
import * as tf from '@tensorflow/tfjs-core';
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import { join } from 'node:path';
import util from 'node:util';
import { afterEach, describe, expect, test } from 'vitest';
import { type BackendArguments, selectBackend } from '../../src/cli/backend-options.js';
import { UserError } from '../../src/shared/errors.js';
import { saveTinyCaptioner, temporaryFolder, writePicture } from '../helpers/tiny-captioner.js';
import { jsonLines, run } from './run.js';

const tensorflow: BackendArguments = { backend: 'tensorflow', device: 'cpu', threads: undefined };

afterEach(async () => {
  await tf.setBackend('onnxruntime');
  if (tf.findBackend('tensorflow') !== null) tf.removeBackend('tensorflow');
});

/** What `@tensorflow/tfjs-node` does when it is imported, with a backend that needs no native library. */
function importFake(names: string[]): (name: string) => Promise<unknown> {
  return (name) => {
    names.push(name);
    tf.registerBackend('tensorflow', () => new MathBackendCPU());
    return Promise.resolve({});
  };
}

const failing =
  (error: Error): (() => Promise<never>) =>
  () =>
    Promise.reject(error);

const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('--backend tensorflow', () => {
  test('imports the package and selects what it registers', async () => {
    const names: string[] = [];
    await selectBackend(tensorflow, importFake(names));
    expect(names).toEqual(['@tensorflow/tfjs-node']);
    expect(tf.getBackend()).toBe('tensorflow');
  });

  test('has the functions of util back that Node 23 took away, before the package is imported', async () => {
    const old = util as unknown as Record<string, unknown>;
    const kept = { isNullOrUndefined: old['isNullOrUndefined'], isArray: old['isArray'] };
    delete old['isNullOrUndefined'];
    delete old['isArray'];
    try {
      await selectBackend(tensorflow, (name) => {
        expect((old['isNullOrUndefined'] as (value: unknown) => boolean)(null)).toBe(true);
        expect((old['isNullOrUndefined'] as (value: unknown) => boolean)(0)).toBe(false);
        expect((old['isArray'] as (value: unknown) => boolean)([])).toBe(true);
        return importFake([])(name);
      });
    } finally {
      Object.assign(old, kept);
    }
  });

  test('says how to get the package where it is not installed', async () => {
    const missing = Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
    const error = await errorOf(selectBackend(tensorflow, failing(missing)));
    expect(error).toBeInstanceOf(UserError);
    expect(error).toMatchObject({ exitCode: 2 });
    expect((error as UserError).message).toContain('npm install @tensorflow/tfjs-node');
  });

  test('passes on why an installed package cannot be loaded', async () => {
    const error = await errorOf(selectBackend(tensorflow, failing(new Error('libtensorflow.so.2: no such file'))));
    expect(error).toMatchObject({ exitCode: 1 });
    expect((error as UserError).message).toContain('libtensorflow.so.2');
  });

  test('takes neither device nor threads', async () => {
    for (const change of [{ device: 'cuda' }, { threads: 2 }] as const) {
      expect(await errorOf(selectBackend({ ...tensorflow, ...change }, importFake([])))).toMatchObject({ exitCode: 2 });
    }
  });
});

test('a device that is not there is an error that names it', async () => {
  const folder = await temporaryFolder();
  await writePicture(join(folder, 'a.png'), 'red');
  const argv = ['caption', folder, '--checkpoint', await saveTinyCaptioner(), '--device', 'coreml'];
  const { code, out, err } = await run(argv);
  await selectBackend({ backend: 'onnxruntime', device: 'cpu', threads: undefined });
  expect({ code, out }).toEqual({ code: process.platform === 'darwin' ? code : 1, out: '' });
  expect(err).toContain('coreml');
  expect(err).not.toContain('this should not happen');
});

test('--backend cpu writes the same captions', async () => {
  const folder = await temporaryFolder();
  for (const colour of ['red', 'green']) await writePicture(join(folder, `${colour}.png`), colour);
  const argv = ['caption', folder, '--checkpoint', await saveTinyCaptioner(), '--format', 'jsonl', '--beam-width', '2'];
  const native = await run(argv);
  const cpu = await run([...argv, '--backend', 'cpu', '--batch-size', '1']);
  expect(cpu.code).toBe(0);
  expect(jsonLines(cpu.out).map(({ caption }) => caption)).toEqual(jsonLines(native.out).map(({ caption }) => caption));
});
