/** Checkpoints and training states: saved, loaded, replaced, full disks, mixed and damaged folders, averages. */
import { constants } from 'node:buffer';
import { execFileSync } from 'node:child_process';
import {
  appendFile,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type * as files from '../../src/shared/files.js';
import { UserError } from '../../src/shared/errors.js';
import { Random } from '../../src/shared/random.js';
import { averageWeights } from '../../src/training/averaging.js';
import { loadCheckpoint, saveCheckpoint, type CheckpointToSave } from '../../src/training/checkpoint.js';
import { readSafetensorsHeader } from '../../src/training/safetensors.js';
import {
  hasTrainingState,
  loadTrainingState,
  readTrainingConfiguration,
  saveTrainingState,
} from '../../src/training/training-checkpoint.js';
import type { TrainingState } from '../../src/training/training-state.js';

// The disk is full when `fullAt` more files have been written.
let fullAt = Infinity;
vi.mock('../../src/shared/files.js', async (importOriginal) => {
  const original = await importOriginal<typeof files>();
  const writeFileAtomically: typeof files.writeFileAtomically = async (path, chunks) => {
    if (fullAt-- <= 0) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    await original.writeFileAtomically(path, chunks);
  };
  return { ...original, writeFileAtomically };
});

const SHAPES = { 'head/kernel': [2, 3], 'head/bias': [3] };
const EXPECTED = { task: 'captioner', expectedShapes: () => SHAPES };

let parent = '';
let folder = '';

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'looksay-checkpoint-'));
  folder = join(parent, 'mine');
});
afterEach(async () => {
  fullAt = Infinity;
  await rm(parent, { recursive: true });
});

function weightsOf(first: number): CheckpointToSave['weights'] {
  return {
    'head/kernel': { shape: [2, 3], values: Float32Array.of(first, 2, 3, 4, 5, 6.5) },
    'head/bias': { shape: [3], values: Float32Array.of(7, 8, 9) },
  };
}

function checkpointOf(first: number): CheckpointToSave {
  return {
    task: 'captioner',
    config: { hiddenSize: 3, first },
    weights: weightsOf(first),
    extras: { 'vocabulary.json': ['a', 'dog', String(first)] },
    modelCard: `# Model ${first}\n`,
  };
}

async function editJson(name: string, edit: (value: Record<string, unknown>) => void): Promise<void> {
  const path = join(folder, name);
  const value = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  edit(value);
  await writeFile(path, JSON.stringify(value));
}

async function expectRefusal(loading: Promise<unknown>, message: RegExp): Promise<void> {
  const error: unknown = await loading.catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UserError);
  expect((error as UserError).message).toMatch(message);
}

describe('a checkpoint', () => {
  test('comes back as it was saved', async () => {
    await saveCheckpoint(folder, checkpointOf(1));
    const { config, weights, extras } = await loadCheckpoint(folder, EXPECTED);
    expect({ config, weights, extras }).toEqual({
      config: { hiddenSize: 3, first: 1 },
      weights: weightsOf(1),
      extras: { 'vocabulary.json': ['a', 'dog', '1'] },
    });
    expect(await readFile(join(folder, 'README.md'), 'utf8')).toBe('# Model 1\n');
    expect((await readdir(folder)).sort()).toEqual([
      'README.md',
      'config.json',
      'model.safetensors',
      'vocabulary.json',
    ]);
  });

  test('is replaced by the next save; the same weights have the same fingerprint', async () => {
    await saveCheckpoint(folder, checkpointOf(1));
    const first = await loadCheckpoint(folder, EXPECTED);
    await saveCheckpoint(folder, checkpointOf(2));
    const second = await loadCheckpoint(folder, EXPECTED);
    expect(second.weights).toEqual(weightsOf(2));
    expect(second.fingerprint).not.toBe(first.fingerprint);
    await saveCheckpoint(folder, checkpointOf(1));
    expect((await loadCheckpoint(folder, EXPECTED)).fingerprint).toBe(first.fingerprint);
  });

  test('can hold half precision', async () => {
    await saveCheckpoint(folder, { ...checkpointOf(1), precision: 'F16' });
    expect((await loadCheckpoint(folder, EXPECTED)).weights).toEqual(weightsOf(1));
    const { entries } = await readSafetensorsHeader(join(folder, 'model.safetensors'));
    expect(entries.map(({ dtype }) => dtype)).toEqual(['F16', 'F16']);
  });

  test.each([0, 1, 2, 3])('on a full disk at file %i the old one is intact', async (written) => {
    await saveCheckpoint(folder, checkpointOf(1));
    const before = await readdir(folder);
    fullAt = written;
    await expectRefusal(
      saveCheckpoint(folder, checkpointOf(2)),
      /mine[^:]*(?<!partial): cannot be written, ENOSPC.*the disk is full/,
    );
    fullAt = Infinity;
    expect(await readdir(folder)).toEqual(before);
    expect((await loadCheckpoint(folder, EXPECTED)).weights).toEqual(weightsOf(1));
  });

  test.each([
    ['model.safetensors', ['vocabulary.json', 'config.json']],
    ['vocabulary.json', ['model.safetensors', 'config.json']],
  ])('is the new one where a save has renamed %s and renames the rest', async (first, rest) => {
    await saveCheckpoint(folder, checkpointOf(1));
    await saveCheckpoint(join(parent, 'other'), checkpointOf(2));
    await rename(join(parent, 'other', first), join(folder, first));
    const loading = loadCheckpoint(folder, EXPECTED);
    await setTimeout(30);
    for (const name of rest) await rename(join(parent, 'other', name), join(folder, name));
    expect((await loading).weights).toEqual(weightsOf(2));
  });

  test('is not saved in half precision with weights too large for it, which names the file as it is to be', async () => {
    await expectRefusal(
      saveCheckpoint(folder, { ...checkpointOf(1e6), precision: 'F16' }),
      /mine.model\.safetensors: tensor "head\/kernel": value 1000000 does not fit half precision/,
    );
  });

  test('is not saved with weights that are not finite', async () => {
    await saveCheckpoint(folder, checkpointOf(1));
    await expectRefusal(
      saveCheckpoint(folder, checkpointOf(NaN)),
      /tensor "head\/kernel": expected finite values, found NaN/,
    );
    expect((await loadCheckpoint(folder, EXPECTED)).weights).toEqual(weightsOf(1));
  });
});

describe('a checkpoint that cannot be used', () => {
  beforeEach(async () => {
    await saveCheckpoint(folder, checkpointOf(1));
  });

  test('missing folder, other folder, file instead of a folder', async () => {
    await expectRefusal(loadCheckpoint(join(parent, 'none'), EXPECTED), /none: there is no such checkpoint folder/);
    await expectRefusal(loadCheckpoint(parent, EXPECTED), /expected a checkpoint folder, found no config.json in it/);
    await expectRefusal(loadCheckpoint(join(folder, 'README.md'), EXPECTED), /expected a checkpoint folder/);
  });

  test.each(['model.safetensors', 'vocabulary.json'])('missing %s', async (name) => {
    await rm(join(folder, name));
    await expectRefusal(loadCheckpoint(folder, EXPECTED), new RegExp(`${name}: cannot be read, there is no such file`));
  });

  test.each(['model.safetensors', 'vocabulary.json', 'config.json'])('truncated %s', async (name) => {
    await truncate(join(folder, name), (await readFile(join(folder, name))).length - 3);
    await expectRefusal(loadCheckpoint(folder, EXPECTED), new RegExp(`${name}: .*(cut short|expected JSON)`));
  });

  test.each(['model.safetensors', 'vocabulary.json', 'config.json'])(
    'a pipe or a device instead of %s',
    async (name) => {
      const path = join(folder, name);
      await rm(path);
      execFileSync('mkfifo', [path]);
      await expectRefusal(
        loadCheckpoint(folder, EXPECTED),
        new RegExp(`${name}: expected a file, found a device or a pipe`),
      );
      await rm(path);
      await symlink('/dev/zero', path);
      await expectRefusal(
        loadCheckpoint(folder, EXPECTED),
        new RegExp(`${name}: expected a file, found a device or a pipe`),
      );
    },
  );

  test('with a text that is longer than any can be', async () => {
    await truncate(join(folder, 'vocabulary.json'), constants.MAX_STRING_LENGTH + 1);
    await expectRefusal(loadCheckpoint(folder, EXPECTED), /vocabulary.json: expected at most \d+ bytes, found \d+ \(/);
  });

  test('with lists in each other without end', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    for (const text of [deep, `{"formatVersion": ${deep}}`]) {
      await writeFile(join(folder, 'config.json'), text);
      await expectRefusal(loadCheckpoint(folder, EXPECTED), /config.json: .* lists more than 100 deep/);
    }
  });

  test('of another task', async () => {
    const loading = loadCheckpoint(folder, { task: 'sentiment' });
    await expectRefusal(loading, /this is a captioner checkpoint, expected a sentiment checkpoint/);
  });

  test('of a newer format, or of none', async () => {
    await editJson('config.json', (config) => (config['formatVersion'] = 2));
    await expectRefusal(loadCheckpoint(folder, EXPECTED), /newer format 2, expected at most 1 \(update looksay\)/);
    await writeFile(join(folder, 'config.json'), '{"model_type": "bert"}');
    await expectRefusal(loadCheckpoint(folder, EXPECTED), /this is no checkpoint of looksay/);
    await writeFile(join(folder, 'config.json'), '[1]');
    await expectRefusal(loadCheckpoint(folder, EXPECTED), /expected an object, found \[1\]/);
  });

  test('with a wrong shape, a missing weight, an unknown weight', async () => {
    const load = (shapes: Record<string, number[]>) =>
      loadCheckpoint(folder, { task: 'captioner', expectedShapes: () => shapes });
    await expectRefusal(load({ ...SHAPES, 'head/bias': [4] }), /"head\/bias": expected shape \[4\], found \[3\]/);
    await expectRefusal(load({ ...SHAPES, 'head/bias': [3, 1] }), /expected shape \[3, 1\], found \[3\]/);
    await expectRefusal(load({ ...SHAPES, gate: [1] }), /has no weights for "gate"/);
    await expectRefusal(load({ 'head/bias': [3] }), /does not know: "head\/kernel"/);
  });

  test('with another value than was saved, and with a NaN in one of before there were checksums', async () => {
    const path = join(folder, 'model.safetensors');
    const bytes = await readFile(path);
    bytes.writeFloatLE(NaN, bytes.length - 4);
    await writeFile(path, bytes);
    await expectRefusal(loadCheckpoint(folder, EXPECTED), /model.safetensors: expected values with the checksum/);
    bytes.write('none_', bytes.indexOf('crc32'));
    await writeFile(path, bytes);
    await expectRefusal(
      loadCheckpoint(folder, EXPECTED),
      /model.safetensors: tensor "head\/kernel": .* found NaN at index 5/,
    );
  });

  test.each(['model.safetensors', 'vocabulary.json', 'config.json'])('with %s of another save', async (name) => {
    await saveCheckpoint(join(parent, 'other'), checkpointOf(2));
    await cp(join(parent, 'other', name), join(folder, name));
    await expectRefusal(loadCheckpoint(folder, EXPECTED), /was not saved together with/);
  });

  test('interrupted between the renames, at any of them', async () => {
    await saveCheckpoint(join(parent, 'other'), checkpointOf(2));
    for (const name of ['model.safetensors', 'vocabulary.json']) {
      await rename(join(parent, 'other', name), join(folder, name));
      await expectRefusal(loadCheckpoint(folder, EXPECTED), /was not saved together with/);
    }
    await rename(join(parent, 'other', 'config.json'), join(folder, 'config.json'));
    expect((await loadCheckpoint(folder, EXPECTED)).weights).toEqual(weightsOf(2));
  });

  test('whose config names files outside', async () => {
    await editJson('config.json', (config) => (config['files'] = { '../secret.json': '0' }));
    await expectRefusal(loadCheckpoint(folder, EXPECTED), /"..\/secret.json" is no name for a file/);
  });
});

const CONFIGURATION = { learningRate: 0.1, model: { hiddenSize: 3, cell: 'lstm' } };
const TRAINING = { parameterShapes: SHAPES, configuration: CONFIGURATION };

function stateOf(step: number): TrainingState {
  const record = {
    ...{ epoch: 1, step: 5, loss: 1 / 3, gradientNorm: 0.1, learningRate: 0.1, score: 0.7, best: true, tokens: 20 },
    ...{ metrics: { bleu4: 0.2 }, trainingSeconds: 1.25, validationSeconds: 0.5 },
  };
  return {
    position: {
      epoch: 1,
      sums: { steps: step - 5, loss: 0.1 + 0.2, gradientNorm: 1e-17, tokens: 8, seconds: 0.3, learningRate: 0.1 },
      random: new Random(5).state,
      history: [record],
    },
    parameters: weightsOf(step),
    optimizer: {
      step,
      moments: {
        'head/kernel': {
          m: { shape: [2, 3], values: new Float32Array(6).fill(step) },
          v: { shape: [2, 3], values: new Float32Array(6).fill(0.1) },
        },
        'head/bias': {
          m: { shape: [3], values: new Float32Array(3).fill(-1e-30) },
          v: { shape: [3], values: new Float32Array(3) },
        },
      },
    },
  };
}

describe('a training state', () => {
  test('comes back exactly', async () => {
    expect(hasTrainingState(folder)).toBe(false);
    await saveTrainingState(folder, stateOf(7), CONFIGURATION);
    expect(hasTrainingState(folder)).toBe(true);
    expect(await loadTrainingState(folder, TRAINING)).toEqual(stateOf(7));
    expect(await readTrainingConfiguration(folder)).toEqual(CONFIGURATION);
    expect((await readdir(folder)).sort()).toEqual(['training.json', 'training.safetensors']);
  });

  test('lies beside the best weights, and alone says what it is', async () => {
    await saveTrainingState(folder, stateOf(7), CONFIGURATION);
    await expectRefusal(loadCheckpoint(folder, EXPECTED), /a training that stopped before its first epoch.*--continue/);
    await saveCheckpoint(folder, checkpointOf(1));
    expect((await loadCheckpoint(folder, EXPECTED)).weights).toEqual(weightsOf(1));
    expect(await loadTrainingState(folder, TRAINING)).toEqual(stateOf(7));
  });

  test.each([0, 1])('on a full disk at file %i the old one is intact', async (written) => {
    await saveTrainingState(folder, stateOf(7), CONFIGURATION);
    fullAt = written;
    await expectRefusal(saveTrainingState(folder, stateOf(8), CONFIGURATION), /the disk is full/);
    fullAt = Infinity;
    expect(await loadTrainingState(folder, TRAINING)).toEqual(stateOf(7));
  });

  test('refuses other settings, another model, and to go on from nothing', async () => {
    await expectRefusal(loadTrainingState(folder, TRAINING), /training.json: .*start one without --continue/);
    await saveTrainingState(folder, stateOf(7), CONFIGURATION);
    const configuration = { learningRate: 0.1, model: { hiddenSize: 4, cell: 'lstm' }, dropout: 0.5 };
    await expectRefusal(
      loadTrainingState(folder, { ...TRAINING, configuration }),
      /other settings: model.hiddenSize was 3, is 4, dropout was nothing, is 0.5/,
    );
    const parameterShapes = { ...SHAPES, 'head/bias': [5] };
    await expectRefusal(
      loadTrainingState(folder, { ...TRAINING, parameterShapes }),
      /"parameters\/head\/bias": expected/,
    );
  });

  test('is the new one where a save is renaming its files', async () => {
    await saveTrainingState(folder, stateOf(7), CONFIGURATION);
    await saveTrainingState(join(parent, 'other'), stateOf(8), CONFIGURATION);
    await rename(join(parent, 'other', 'training.safetensors'), join(folder, 'training.safetensors'));
    const loading = loadTrainingState(folder, TRAINING);
    await setTimeout(30);
    await rename(join(parent, 'other', 'training.json'), join(folder, 'training.json'));
    expect(await loading).toEqual(stateOf(8));
  });

  test('refuses files that are damaged or of two saves', async () => {
    await saveTrainingState(folder, stateOf(7), CONFIGURATION);
    await saveTrainingState(join(parent, 'other'), stateOf(8), CONFIGURATION);
    await cp(join(parent, 'other', 'training.safetensors'), join(folder, 'training.safetensors'));
    await expectRefusal(loadTrainingState(folder, TRAINING), /was not saved together/);
    await appendFile(join(folder, 'training.safetensors'), 'x');
    await expectRefusal(loadTrainingState(folder, TRAINING), /expected \d+ bytes of tensors, found/);
    await cp(join(parent, 'other'), folder, { recursive: true });
    await editJson('training.json', (value) => (value['position'] = { epoch: -1 }));
    await expectRefusal(loadTrainingState(folder, TRAINING), /training.json: position/);
    await editJson('training.json', (value) => (value['position'] = { ...stateOf(8).position, random: [1, 2] }));
    await expectRefusal(loadTrainingState(folder, TRAINING), /position: random: expected four whole numbers/);
  });

  test('is not saved with weights that are not finite', async () => {
    await expectRefusal(saveTrainingState(folder, stateOf(NaN), CONFIGURATION), /expected finite values/);
    await mkdir(folder);
    expect(hasTrainingState(folder)).toBe(false);
  });
});

describe('averageWeights', () => {
  test('is the mean', () => {
    expect(averageWeights([weightsOf(1), weightsOf(2), weightsOf(6)])).toEqual(weightsOf(3));
  });

  test('refuses weights of other models', () => {
    const other = { ...weightsOf(1), 'head/bias': { shape: [1], values: Float32Array.of(1) } };
    expect(() => averageWeights([weightsOf(1), other])).toThrow(/weights 2: tensor "head\/bias"/);
  });
});
