/** `looksay encoder`: the catalogue, imports from a server of our own, and exports that ONNX Runtime runs. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { mobilenet } from '../../src/models/mobilenet/index.js';
import { loadEncoder } from '../../src/tasks/encoder/index.js';
import { toTensors } from '../../src/training/parameters.js';
import { saveTinyCaptioner, temporaryFolder } from '../helpers/tiny-captioner.js';
import { expectClose } from '../layers/helpers/numeric.js';
import { hubModel, type ModelServer, serve } from '../tasks/encoder/server.js';
import { run, type Run } from './run.js';

let server: ModelServer;
let output: string;

beforeAll(async () => {
  server = await serve(hubModel(1, 0.25));
});
afterAll(async () => {
  await server.close();
  delete process.env['LOOKSAY_CACHE'];
});
beforeEach(async () => {
  const folder = await temporaryFolder();
  process.env['LOOKSAY_CACHE'] = join(folder, 'cache');
  output = join(folder, 'encoder');
});

const importModel = (...rest: string[]): Promise<Run> =>
  run(['encoder', 'import', '--version', '1', '--alpha', '0.25', '--output', output, ...rest]);

test('list names every encoder with the options that import it', async () => {
  const { code, out, err } = await run(['encoder', 'list']);
  expect({ code, err }).toEqual({ code: 0, err: '' });
  const lines = out.trim().split('\n');
  expect(lines).toHaveLength(7);
  for (const line of lines) expect(line).toMatch(/^--version [12] --alpha [01]\.\d\d\thttps:\/\//);
});

test('import writes an encoder, and prints its folder alone to stdout', async () => {
  const { code, out } = await importModel('--model-url', server.url, '--quiet');
  expect(code).toBe(0);
  expect(out).toBe(`${output}\n`);
  expect(existsSync(join(output, 'model.safetensors'))).toBe(true);
  const again = await importModel('--model-url', server.url, '--quiet');
  expect({ code: again.code, err: again.err }).toEqual({ code: 2, err: expect.stringContaining('--overwrite') });
  expect(await importModel('--model-url', server.url, '--quiet', '--overwrite')).toMatchObject({ code: 0 });
});

test('import --offline without a copy asks no server and says what to do', async () => {
  const before = server.requests.length;
  const { code, out, err } = await importModel('--model-url', server.url, '--offline');
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toContain('--offline');
  expect(server.requests).toHaveLength(before);
});

test.each([
  [['--version', '3', '--alpha', '1'], '--version'],
  [['--version', '1', '--alpha', '0.3'], 'alpha'],
  [['--alpha', '1'], 'version'],
])('import %j exits with 2', async (argv, word) => {
  const { code, err } = await run(['encoder', 'import', '--output', output, ...argv]);
  expect(code).toBe(2);
  expect(err).toContain(word);
});

test('export writes a file that ONNX Runtime runs, at any batch size, to the features that we compute', async () => {
  const checkpoint = await saveTinyCaptioner();
  const file = `${output}.onnx`;
  const { code, out } = await run(['encoder', 'export', '--checkpoint', checkpoint, '--output', file, '--quiet']);
  expect({ code, out }).toEqual({ code: 0, out: `${file}\n` });
  const again = await run(['encoder', 'export', '--checkpoint', checkpoint, '--output', file]);
  expect({ code: again.code, err: again.err }).toEqual({ code: 2, err: expect.stringContaining('--overwrite') });
  const { config, weights } = await loadEncoder(checkpoint);
  const session = await InferenceSession.create(file);
  for (const n of [1, 3]) {
    const images = tf.randomUniform([n, config.inputSize, config.inputSize, 3], 0, 255, 'float32', n) as tf.Tensor4D;
    const image = new Tensor('float32', images.dataSync() as Float32Array, images.shape);
    const { grid, pooled } = await session.run({ image });
    const expected = mobilenet(config, toTensors(weights), images);
    expect(grid?.dims).toEqual(expected.grid.shape);
    expectClose(expected.grid, grid?.data as Float32Array, 1e-4);
    expectClose(expected.pooled, pooled?.data as Float32Array, 1e-4);
  }
  await session.release();
});

test('export makes the folder of its file, and refuses a place that can be none', async () => {
  const checkpoint = await saveTinyCaptioner();
  const file = join(output, 'new', 'encoder.onnx');
  const exportTo = (path: string): Promise<Run> =>
    run(['encoder', 'export', '--checkpoint', checkpoint, '--output', path]);
  expect(await exportTo(file)).toMatchObject({ code: 0, out: `${file}\n` });
  const refused = await exportTo(join(file, 'encoder.onnx'));
  expect({ code: refused.code, err: refused.err }).toEqual({
    code: 2,
    err: expect.stringContaining(`${file}: is a file, expected a folder`),
  });
});

test('export of what is no encoder is a clear error, and writes nothing', async () => {
  const file = `${output}.onnx`;
  const { code, out, err } = await run(['encoder', 'export', '--checkpoint', output, '--output', file]);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toContain(output);
  expect(existsSync(file)).toBe(false);
});
