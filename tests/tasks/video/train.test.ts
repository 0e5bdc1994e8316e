/** Training on generated clips: that recurrence learns what single frames do not show, and that runs can go on. */
import { cpSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import '../../../src/backend/index.js';
import { mobilenetParameterShapes } from '../../../src/models/mobilenet/index.js';
import { setQuiet } from '../../../src/shared/log.js';
import { saveEncoder } from '../../../src/tasks/encoder/index.js';
import { clipBatches, middleFrames } from '../../../src/tasks/video/batches.js';
import { evaluateVideoClassifier } from '../../../src/tasks/video/evaluate.js';
import { loadVideoModel } from '../../../src/tasks/video/model.js';
import { type ClassifyResult, loadVideoClassifier } from '../../../src/tasks/video/predict.js';
import {
  completeTraining,
  prepareVideoTraining,
  type VideoTraining,
} from '../../../src/tasks/video/prepare-training.js';
import { trainVideoClassifier, type TrainVideoOptions } from '../../../src/tasks/video/train.js';
import { makeClip } from '../../helpers/clips.js';
import { randomWeights, temporaryFolder, tinyEncoder } from '../../helpers/tiny-captioner.js';

const PHASES = 16;
/** Brightness that goes round: up or down; any frame of one could be of the other. */
const MOVES: Readonly<Record<string, (phase: number) => string>> = {
  rising: (phase) => `mod(${phase}+N*20,240)`,
  falling: (phase) => `mod(480+${phase}-N*20,240)`,
};

let folder: string;
let clips: string;
let encoder: string;

beforeAll(async () => {
  setQuiet(true);
  await tf.setBackend('onnxruntime');
  folder = await temporaryFolder();
  clips = join(folder, 'clips');
  encoder = join(folder, 'encoder');
  await saveEncoder(
    encoder,
    { config: tinyEncoder, weights: randomWeights(mobilenetParameterShapes(tinyEncoder), 3) },
    { source: { url: 'none', package: 'none', sha256: '' }, modelCard: 'random\n' },
  );
  for (const [label, brightness] of Object.entries(MOVES)) {
    mkdirSync(join(clips, label), { recursive: true });
    for (let number = 0; number < PHASES; number++) {
      const value = brightness(number * 15);
      makeClip(join(clips, label, `${label}_g${String(number).padStart(2, '0')}.mkv`), {
        source: `color=black:s=32x32:r=8:d=1.5,format=gbrp,geq=r='${value}':g='${value}':b='${value}'`,
        output: ['-c:v', 'ffv1'],
      });
    }
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

function options(output: string, change: Partial<TrainVideoOptions> = {}): VideoTraining {
  return completeTraining({
    data: clips,
    groupPattern: 'g(\\d+)',
    validation: { kind: 'fold', fold: 0, folds: 4 },
    seed: 5,
    output: join(folder, output),
    cacheDirectory: join(folder, 'cache'),
    model: {
      encoder,
      frames: 12,
      classifier: {
        hiddenSize: 24,
        projectionSize: 24,
        motion: true,
        dropout: { features: 0, layers: 0, output: 0 },
      },
    },
    recipe: {
      epochs: 40,
      patience: 40,
      learningRate: 1e-2,
      warmUpSteps: 5,
      clipsPerBatch: 8,
      jitter: 1,
    },
    resume: false,
    strict: true,
    ...change,
  });
}

const briefly = (epochs: number): VideoTraining['recipe'] => ({ ...options('').recipe, epochs });

async function classified(checkpoint: string, paths: readonly string[], timeline = false): Promise<ClassifyResult[]> {
  const classifier = await loadVideoClassifier(checkpoint);
  const results: ClassifyResult[] = [];
  for await (const result of classifier.classify(paths, { timeline })) results.push(result);
  classifier.dispose();
  return results;
}

describe('what order shows', () => {
  test('cells learn it, the average of frames does not, and shuffling takes it away', async () => {
    const trained = await trainVideoClassifier(options('recurrent'));
    expect(trained.scores['top1']).toBeGreaterThanOrEqual(0.99);
    const plain = options('average').model;
    await trainVideoClassifier(
      options('average', { model: { ...plain, classifier: { ...plain.classifier, order: 'none', motion: false } } }),
    );
    const scored = await evaluateVideoClassifier({
      checkpoint: join(folder, 'recurrent'),
      baseline: join(folder, 'average'),
      data: clips,
    });
    expect(scored.clips).toBe(2 * PHASES);
    expect(scored.scores.top1).toBeGreaterThanOrEqual(0.99);
    expect(scored.baselines[1]?.scores.top1).toBeLessThan(0.8);
    const shuffled = await evaluateVideoClassifier({
      checkpoint: join(folder, 'recurrent'),
      data: clips,
      shuffleSeed: 3,
    });
    expect(shuffled.scores.top1).toBeLessThan(0.85);
    const card = readFileSync(join(folder, 'recurrent', 'README.md'), 'utf8');
    expect(card).toContain('falling, rising');
    expect(card).toMatch(/validated on \d\d, \d\d, \d\d, \d\d\./);
  });

  test('training and classification see the same', async () => {
    const model = await loadVideoModel(join(folder, 'recurrent'));
    expect(model.labels).toEqual(['falling', 'rising']);
    const path = join(clips, 'rising', 'rising_g03.mkv');
    const [result] = await classified(join(folder, 'recurrent'), [path], true);
    expect(result).toMatchObject({ video: path, label: 'rising', top: [{ label: 'rising' }, { label: 'falling' }] });
    const timeline = result !== undefined && 'timeline' in result ? (result.timeline ?? []) : [];
    expect(timeline).toHaveLength(12);
    expect(timeline.map(({ time }) => time)).toEqual([...timeline.map(({ time }) => time)].sort((a, b) => a - b));
  });

  test('a file that is no clip leaves the others alone', async () => {
    const bad = join(folder, 'bad.mp4');
    writeFileSync(bad, '');
    const good = join(clips, 'falling', 'falling_g01.mkv');
    const results = await classified(join(folder, 'recurrent'), [bad, good, join(folder, 'gone.mp4')]);
    expect(results).toEqual([
      { video: bad, error: 'is empty (0 bytes)' },
      expect.objectContaining({ video: good, label: 'falling' }),
      { video: join(folder, 'gone.mp4'), error: 'no such file' },
    ]);
  });
});

describe('a run', () => {
  test('that was stopped goes on to the weights of one that was not', async () => {
    const whole = await trainVideoClassifier(options('whole', { recipe: briefly(3) }));
    expect(whole.ending).toBe('completed');
    const stopped = await trainVideoClassifier(options('parts', { recipe: briefly(3), stopAfter: 1 }));
    expect(stopped.ending).toBe('interrupted');
    await trainVideoClassifier(options('parts', { recipe: briefly(3), resume: true }));
    const [a, b] = await Promise.all(['whole', 'parts'].map((name) => loadVideoModel(join(folder, name))));
    expect(b?.classifier).toEqual(a?.classifier);
    await expect(trainVideoClassifier(options('whole'))).rejects.toThrow('--continue');
  });

  test('does not go on with clips whose classes were swapped', async () => {
    const data = join(folder, 'swapped');
    cpSync(clips, data, { recursive: true });
    const change = { data, recipe: briefly(2) };
    await trainVideoClassifier(options('swap', { ...change, stopAfter: 1 }));
    const named = (label: string): string => join(data, label);
    renameSync(named('rising'), named('other'));
    renameSync(named('falling'), named('rising'));
    renameSync(named('other'), named('falling'));
    await expect(trainVideoClassifier(options('swap', { ...change, resume: true }))).rejects.toThrow(
      /started with other settings: clipHashes\.train was/,
    );
  });

  test('may train the encoder too, on a grid whose places are kept', async () => {
    const { model, recipe } = options('');
    const output = 'fine';
    const before = await loadVideoModel(join(folder, 'whole'));
    await trainVideoClassifier(
      options(output, {
        model: { ...model, classifier: { ...model.classifier, positionSize: 4, bidirectional: true, pooling: 'last' } },
        recipe: { ...recipe, epochs: 1, fineTuneFrom: 'block12', augmentedViews: 1, joined: 0.5, classWeights: true },
      }),
    );
    const after = await loadVideoModel(join(folder, output));
    const changed = Object.entries(after.encoder)
      .filter(([name, { values }]) => values.some((value, index) => value !== before.encoder[name]?.values[index]))
      .map(([name]) => name);
    expect(changed.length).toBeGreaterThan(0);
    expect(changed.every((name) => /^block1[23]/.test(name))).toBe(true);
    const [result] = await classified(join(folder, output), [join(clips, 'rising', 'rising_g00.mkv')]);
    expect(result).toHaveProperty('label');
  });
});

describe('batches', () => {
  test('follow from seed and epoch; joined clips have the labels of both', async () => {
    const { recipe } = options('');
    const prepared = await prepareVideoTraining(options('batches', { recipe: { ...recipe, joined: 0.5, jitter: 3 } }));
    prepared.trainable.dispose();
    const all = [...clipBatches(prepared.batches, 2, 0)];
    expect([...clipBatches(prepared.batches, 2, 1)]).toEqual(all.slice(1));
    for (const { labels, frameLabels, weights } of all) {
      labels.forEach((label, row) => {
        const own = [...frameLabels.subarray(row * 12, (row + 1) * 12)];
        expect(own[0]).toBe(label);
        if (weights[row] === 1) expect(new Set(own)).toEqual(new Set([label]));
      });
    }
    expect(all.flatMap(({ weights }) => [...weights])).toContain(0);
    expect(middleFrames(3, 3)).toEqual([1, 4, 7]);
  });
});

describe('data that cannot be trained on', () => {
  test('one class, a class without clips, clips that all fail, an even jitter', async () => {
    const one = join(folder, 'one');
    mkdirSync(join(one, 'rising'), { recursive: true });
    mkdirSync(join(one, 'empty'), { recursive: true });
    makeClip(join(one, 'rising', 'a.mp4'));
    await expect(trainVideoClassifier(options('x', { data: one }))).rejects.toThrow('found one class (rising)');
    const broken = join(folder, 'broken');
    for (const label of ['a', 'b']) {
      mkdirSync(join(broken, label), { recursive: true });
      for (const name of ['g1.mp4', 'g2.mp4']) writeFileSync(join(broken, label, name), '');
    }
    const change = { data: broken, validation: { kind: 'fraction', fraction: 0.5 } } as const;
    await expect(trainVideoClassifier(options('x', { ...change, strict: false }))).rejects.toThrow('failed to decode');
    await expect(trainVideoClassifier(options('x', change))).rejects.toThrow('is empty');
    await expect(trainVideoClassifier(options('x', { recipe: { ...briefly(1), jitter: 2 } }))).rejects.toThrow(
      '--jitter',
    );
  });
});
