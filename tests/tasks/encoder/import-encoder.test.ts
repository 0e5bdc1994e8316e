/** Imports from a server of our own, and what may go wrong between it and the disk. */
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { UserError } from '../../../src/shared/errors.js';
import { setQuiet } from '../../../src/shared/log.js';
import {
  type DownloadProgress,
  importEncoder,
  type ImportEncoderOptions,
  loadEncoder,
} from '../../../src/tasks/encoder/index.js';
import { decodeWeights, mobilenetOf } from '../../../src/models/mobilenet/index.js';
import { findEncoder } from '../../../src/tasks/encoder/catalogue.js';
import { fetchModel } from '../../../src/tasks/encoder/model-source.js';
import { disposePackaged, loadByPackage, requireSameOutput } from '../../../src/tasks/encoder/package-model.js';
import { hubModel, type ModelServer, serve } from './server.js';

let root = '';
let count = 0;
let server: ModelServer;
let cacheDirectory = '';

beforeAll(async () => {
  await tf.setBackend('wasm');
  setQuiet(true);
  root = await mkdtemp(join(tmpdir(), 'looksay-encoder-'));
  server = await serve(hubModel(1, 0.25));
});
afterAll(async () => {
  await server.close();
  await rm(root, { recursive: true, force: true });
});
beforeEach(() => {
  server.requests.length = 0;
  server.misbehave.clear();
  cacheDirectory = join(root, `cache-${count++}`);
});

function options(changes: Partial<ImportEncoderOptions> = {}): ImportEncoderOptions {
  const output = join(root, `encoder-${count++}`);
  return { version: 1, alpha: 0.25, output, modelUrl: server.url, cacheDirectory, ...changes };
}

async function errorOf(changes: Partial<ImportEncoderOptions>): Promise<UserError> {
  const all = options(changes);
  const error: unknown = await importEncoder(all).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(UserError);
  expect(existsSync(join(all.output, 'config.json'))).toBe(false);
  return error as UserError;
}

const SHARD = 'group1-shard2of3.bin';

describe('import', () => {
  test('writes an encoder folder that loads again, through the package and its own check', async () => {
    const progress: DownloadProgress[] = [];
    const all = options({ onProgress: (step) => progress.push(step) });
    const before = tf.memory().numTensors;
    const imported = await importEncoder(all);
    expect(tf.memory().numTensors).toBe(before);
    // The package's [0, 1] becomes [-1, 1] by the graph's own multiplication; the background is no class of ours.
    expect(imported.config).toEqual({
      version: 1,
      alpha: 0.25,
      inputSize: 224,
      inputRange: [-1, 1],
      classes: 1000,
      padding: 'same',
    });
    const loaded = await loadEncoder(all.output);
    expect(loaded.config).toEqual(imported.config);
    expect(loaded.weights).toEqual(imported.weights);
    expect((await readdir(all.output)).sort()).toEqual(['README.md', 'config.json', 'model.safetensors']);
    const config = JSON.parse(await readFile(join(all.output, 'config.json'), 'utf8')) as { config: object };
    expect(config.config).toMatchObject({
      source: { url: `${server.url}/model.json`, sha256: imported.source.sha256 },
    });
    const card = await readFile(join(all.output, 'README.md'), 'utf8');
    expect(card).toMatch(/MobileNet V1 0\.25, 224 px/);
    expect(card).toContain('@tensorflow-models/mobilenet 2.1.1');
    expect(card).toContain('Apache-2.0');

    const total = [...server.files].reduce((sum, [name, { length }]) => sum + (name === 'model.json' ? 0 : length), 0);
    expect(progress.at(-1)).toEqual({ file: 'group1-shard3of3.bin', received: total, total });
    expect(progress[0]).toMatchObject({ file: 'model.json', total: undefined });
    const received = progress.filter((step) => step.total !== undefined).map((step) => step.received);
    expect(received).toEqual([...received].sort((a, b) => a - b));
  });

  test('V2, from an address with a query, which every file is asked with', async () => {
    const other = await serve(hubModel(2, 0.5));
    try {
      const all = options({ version: 2, alpha: 0.5, modelUrl: `${other.url}/model.json?tfjs-format=file` });
      const { config } = await importEncoder(all);
      expect(config).toMatchObject({ version: 2, alpha: 0.5, classes: 1000 });
      expect(other.requests.every((request) => request.endsWith('?tfjs-format=file'))).toBe(true);
      expect(other.requests.length).toBe(other.files.size);
    } finally {
      await other.close();
    }
  });

  test('a second time nothing is downloaded; offline works, and needs no server', async () => {
    const first = await importEncoder(options());
    server.requests.length = 0;
    const second = await importEncoder(options({ offline: true, checksum: first.source.sha256 }));
    expect(second.weights).toEqual(first.weights);
    expect(server.requests).toEqual([]);
  });

  test('the cache is where LOOKSAY_CACHE says', async () => {
    process.env['LOOKSAY_CACHE'] = join(root, 'chosen');
    try {
      const { cacheDirectory: _, ...rest } = options();
      await importEncoder(rest);
      expect(await readdir(join(root, 'chosen', 'encoders'))).toHaveLength(2 * server.files.size);
    } finally {
      delete process.env['LOOKSAY_CACHE'];
    }
  });

  test('an encoder that is there stays, unless it may be replaced', async () => {
    const all = options();
    await importEncoder(all);
    await expect(importEncoder(all)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/new folder/),
    });
    await importEncoder({ ...all, overwrite: true });
  });
});

test('an encoder that does not say what the package says is refused', async () => {
  const url = `${server.url}/model.json`;
  const entry = await findEncoder(1, 0.25);
  const { packaged, fetched } = await loadByPackage(url, entry, () => fetchModel({ url, cacheDirectory }));
  const encoder = mobilenetOf(decodeWeights(fetched.model, fetched.files), entry);
  await requireSameOutput(url, packaged, encoder);
  const wrong = { ...encoder, config: { ...encoder.config, inputRange: [0, 1] } as const };
  await expect(requireSameOutput(url, packaged, wrong)).rejects.toThrow(/found a difference of 0\.\d+/);
  disposePackaged(packaged);
});

describe('what may go wrong', () => {
  test('offline without a copy', async () => {
    const { message } = await errorOf({ offline: true });
    expect(message).toMatch(/model\.json: expected a copy in .*, found it not there \(run once without --offline/);
    expect(server.requests).toEqual([]);
  });

  test('404, 500', async () => {
    expect((await errorOf({ modelUrl: `${server.url}/../nothing/x.json` })).message).toMatch(/answered 404 Not Found/);
    server.misbehave.set(SHARD, (_, response) => response.writeHead(500).end());
    expect((await errorOf({})).message).toMatch(/shard2of3\.bin: cannot be downloaded, the server answered 500/);
  });

  test('an interrupted download goes on where it stopped', async () => {
    server.misbehave.set(SHARD, (_, response) => {
      response.writeHead(200, { 'content-length': 700_001 });
      response.write(new Uint8Array(1000), () => response.destroy());
    });
    expect((await errorOf({})).message).toMatch(
      /shard2of3\.bin: cannot be downloaded, .*check the address and the network/,
    );
    server.misbehave.clear();
    server.requests.length = 0;
    await importEncoder(options());
    expect(server.requests.map((request) => request.split('/').at(-1))).toEqual([SHARD, 'group1-shard3of3.bin']);
  });

  test('a file that ends early without saying so is not kept', async () => {
    server.misbehave.set(SHARD, (_, response) => response.writeHead(200).end(new Uint8Array(1000)));
    expect((await errorOf({})).message).toMatch(/expected \d+ bytes of weights, found \d+ .*cut short/);
    server.misbehave.clear();
    await importEncoder(options());
  });

  test('a silent server', async () => {
    server.misbehave.set(SHARD, (_, response) => response.writeHead(200).write('x'));
    expect((await errorOf({ timeout: 200 })).message).toMatch(/the server was silent for 0\.2 s/);
  });

  test('a file that is too large, announced or not', async () => {
    server.misbehave.set('model.json', (_, response) => response.writeHead(200, { 'content-length': 1e12 }).write('{'));
    expect((await errorOf({})).message).toMatch(/model\.json: expected at most 64000000 bytes, found more/);
    server.misbehave.clear();
    server.misbehave.set('group1-shard3of3.bin', (_, response) => {
      response.writeHead(200);
      const push = (): void => {
        while (!response.destroyed && response.write(new Uint8Array(1 << 20)));
        if (!response.destroyed) response.once('drain', push);
      };
      push();
    });
    expect((await errorOf({})).message).toMatch(/shard3of3\.bin: expected at most \d+ bytes, found more/);
  });

  test('a cached file that has changed is downloaded again, and refused offline', async () => {
    await importEncoder(options());
    const contents = (await readdir(cacheDirectory)).filter((name) => name.endsWith('.bin'));
    for (const name of contents) await writeFile(join(cacheDirectory, name), 'changed');
    expect((await errorOf({ offline: true })).message).toMatch(/there, but damaged: its checksum differs/);
    server.requests.length = 0;
    await importEncoder(options());
    expect(server.requests).toHaveLength(server.files.size);
  });

  test('another checksum than expected', async () => {
    const { message } = await errorOf({ checksum: 'ab'.repeat(32) });
    expect(message).toMatch(/expected a download with SHA-256 abab.*, found [0-9a-f]{64}/);
  });

  test('another model than asked for, and no graph model', async () => {
    expect((await errorOf({ alpha: 0.5 })).message).toMatch(
      /expected MobileNet V1 with alpha 0\.5, found V1 with alpha 0\.25/,
    );
    expect((await errorOf({ version: 3 })).exitCode).toBe(2);
    server.misbehave.set('model.json', (_, response) => response.end('<html>'));
    cacheDirectory = join(root, 'html');
    expect((await errorOf({})).message).toMatch(/expected JSON/);
    server.misbehave.set('model.json', (_, response) =>
      response.end('{"modelTopology":{"config":{"layers":[]}},"weightsManifest":[]}'),
    );
    cacheDirectory = join(root, 'layers');
    expect((await errorOf({})).message).toMatch(/expected a graph model, found a layers model/);
  });

  test('a graph that the package cannot run', async () => {
    const text = Buffer.from(server.files.get('model.json') ?? []).toString();
    const json = JSON.parse(text) as { modelTopology: { versions?: unknown } };
    delete json.modelTopology.versions;
    server.misbehave.set('model.json', (_, response) => response.end(JSON.stringify(json)));
    expect((await errorOf({})).message).toMatch(/cannot be run by @tensorflow-models\/mobilenet/);
  });

  test('addresses that are none of the web', async () => {
    for (const modelUrl of ['file:///etc/passwd', 'data:application/json,{}', 'models/mobilenet', 'ftp://x/y']) {
      expect(await errorOf({ modelUrl })).toMatchObject({ exitCode: 2, message: expect.stringMatching(/http/) });
    }
  });

  test('weight files that lead elsewhere', async () => {
    const text = Buffer.from(server.files.get('model.json') ?? []).toString();
    server.misbehave.set('model.json', (_, response) => response.end(text.replaceAll(SHARD, 'http://127.0.0.1/x')));
    expect((await errorOf({})).message).toMatch(/expected the relative path of a file/);
  });

  test('an import that is stopped', async () => {
    const controller = new AbortController();
    server.misbehave.set(SHARD, () => controller.abort());
    await expect(importEncoder(options({ signal: controller.signal }))).rejects.toThrow(/abort/);
  });
});
