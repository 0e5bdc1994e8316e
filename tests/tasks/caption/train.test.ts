/** Training on pictures of plain colours: that it learns, goes on bit for bit, and scores. */
import { access, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { backendStatistics } from '../../../src/backend/index.js';
import { main } from '../../../src/cli/main.js';
import { learnExpectedWords } from '../../../src/tasks/caption/expected-words.js';
import { saveEncoder } from '../../../src/tasks/encoder/index.js';
import { loadCaptionModel } from '../../../src/tasks/caption/model.js';
import { loadCaptioner } from '../../../src/tasks/caption/predict.js';
import { type CaptionerTraining, completeTraining } from '../../../src/tasks/caption/prepare-training.js';
import { readTrainSources } from '../../../src/tasks/caption/sources.js';
import { trainCaptioner, type TrainCaptionerOptions } from '../../../src/tasks/caption/train.js';
import { setQuiet } from '../../../src/shared/log.js';
import { mobilenetParameterShapes } from '../../../src/models/mobilenet/index.js';
import { randomWeights, temporaryFolder, tinyEncoder, writePicture } from '../../helpers/tiny-captioner.js';

const COLOURS = ['red', 'green', 'blue', 'yellow', 'black', 'white'];

let folder: string;
let encoder: string;
let captions: string;

beforeAll(async () => {
  setQuiet(true);
  await tf.setBackend('onnxruntime');
  folder = await temporaryFolder();
  encoder = join(folder, 'encoder');
  await saveEncoder(
    encoder,
    { config: tinyEncoder, weights: randomWeights(mobilenetParameterShapes(tinyEncoder), 3) },
    { source: { url: 'none', package: 'none', sha256: '' }, modelCard: 'random\n' },
  );
  for (const colour of COLOURS) await writePicture(join(folder, `${colour}.png`), colour);
  captions = join(folder, 'captions.csv');
  const rows = COLOURS.map((colour) => `${colour}.png,"A ${colour}, plain picture."`);
  await writeFile(captions, `image,caption\n${rows.join('\n')}\n`);
});

function options(output: string, change: Partial<TrainCaptionerOptions> = {}): CaptionerTraining {
  return completeTraining({
    sources: [{ images: folder, captions }],
    validation: [{ images: folder, captions }],
    strict: true,
    seed: 7,
    output: join(folder, output),
    cacheDirectory: join(folder, 'cache'),
    model: {
      encoder,
      minimumCount: 1,
      captioner: {
        hiddenSize: 32,
        embeddingSize: 16,
        featureProjection: 32,
        attentionSize: 16,
        dropout: { embedding: 0, features: 0, layers: 0, output: 0.1 },
      },
    },
    recipe: {
      epochs: 4,
      imagesPerBatch: 3,
      captionsPerImage: 1,
      warmUpSteps: 2,
      patience: 100,
      labelSmoothing: 0,
    },
    resume: false,
    ...change,
  });
}

/** Validation photos are left out of training, so a set to learn by heart is given twice under two names. */
async function heldOutCopy(): Promise<string> {
  const copy = await temporaryFolder();
  for (const colour of COLOURS) await writePicture(join(copy, `${colour}.png`), colour);
  return copy;
}

describe('training', () => {
  test('learns which picture is which', async () => {
    const copy = await heldOutCopy();
    const base = options('learned');
    const result = await trainCaptioner({
      ...base,
      validation: [{ images: copy, captions }],
      recipe: { ...base.recipe, epochs: 100, learningRate: 1e-2 },
    });
    expect(result.scores.ciderD).toBeGreaterThan(1);
    const captioner = await loadCaptioner(result.checkpoint);
    const said: string[] = [];
    for await (const line of captioner.caption(COLOURS.map((colour) => join(copy, `${colour}.png`)))) {
      said.push('caption' in line ? line.caption : line.error);
    }
    captioner.dispose();
    for (const [index, colour] of COLOURS.entries()) expect(said[index]).toContain(colour);
  });

  test('an encoder that is not trained sees each photo once, for the words that are expected too', async () => {
    const cacheDirectory = join(folder, 'own-cache');
    const copy = await heldOutCopy();
    const base = options('expecting', { validation: [{ images: copy, captions }], cacheDirectory });
    const { checkpoint } = await trainCaptioner({ ...base, recipe: { ...base.recipe, epochs: 1 } });
    expect(await readdir(cacheDirectory)).toHaveLength(1);
    const { expectedWords, ...model } = await loadCaptionModel(checkpoint);
    const photos = await readTrainSources(base.sources);
    const anew = await learnExpectedWords(model, photos, { cacheDirectory: join(folder, 'another-cache') });
    const [mean, other] = [expectedWords, anew].map((learnt) => [...(learnt?.weights['mean']?.values ?? [])]);
    expect(Math.max(...(mean ?? []))).toBeGreaterThan(0.1);
    expect(other).toEqual(mean?.map((value) => expect.closeTo(value, 2) as number));
  });

  test('an interrupted run goes on to the same weights, with the encoder fine-tuned too', async () => {
    const copy = await heldOutCopy();
    const fineTuned = (output: string, change: Partial<TrainCaptionerOptions> = {}): TrainCaptionerOptions => {
      const base = options(output, { validation: [{ images: copy, captions }], ...change });
      return { ...base, recipe: { ...base.recipe, fineTuneFrom: 'block12' } };
    };
    await trainCaptioner(fineTuned('whole'));
    const controller = new AbortController();
    const { signal } = controller;
    let reads = 0;
    const stopping = new Proxy(signal, {
      get: (target, name) => {
        if (name === 'aborted' && ++reads > 12) controller.abort();
        const value: unknown = Reflect.get(target, name);
        return typeof value === 'function' ? (value as () => unknown).bind(target) : value;
      },
    });
    const stopped = await trainCaptioner(fineTuned('parts', { signal: stopping }));
    expect(stopped.ending).toBe('interrupted');
    const { ending } = await trainCaptioner(fineTuned('parts', { resume: true }));
    expect(ending).toBe('completed');
    const [whole, parts] = await Promise.all(['whole', 'parts'].map((name) => loadCaptionModel(join(folder, name))));
    expect(parts?.captioner).toEqual(whole?.captioner);
    expect(parts?.encoder).toEqual(whole?.encoder);
    expect(parts?.seen?.toJSON()).toEqual(whole?.seen?.toJSON());
    expect(whole?.seen?.has(['red', 'plain', 'picture'])).toBe(true);
    const log = async (name: string): Promise<unknown[]> =>
      (await readFile(join(folder, name, 'log.jsonl'), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { loss: number }).loss);
    expect(await log('parts')).toEqual(await log('whole'));
  });

  test('a training that is stopped before it begins throws the reason of its signal, and leaves no checkpoint', async () => {
    const reason = new Error('the client has gone');
    const cacheDirectory = join(folder, 'stopped-features');
    const validation = [{ images: await heldOutCopy(), captions }];
    const stopped = trainCaptioner(
      options('stopped', { validation, signal: AbortSignal.abort(reason), cacheDirectory }),
    );
    await expect(stopped).rejects.toBe(reason);
    await expect(access(join(folder, 'stopped'))).rejects.toThrow('ENOENT');
  });

  test('self-critical training makes sampled captions score higher, in as many sessions as it has lengths', async () => {
    const copy = await heldOutCopy();
    const usual = options('words', { validation: [{ images: copy, captions }] });
    const base = {
      ...usual,
      model: {
        ...usual.model,
        captioner: { ...usual.model.captioner, cell: 'lstm' as const, readout: 'state' as const },
      },
    };
    await trainCaptioner({ ...base, recipe: { ...base.recipe, epochs: 40, learningRate: 5e-3 } });
    const critical = (samples: number): TrainCaptionerOptions => ({
      ...base,
      output: join(folder, `critical-${samples}`),
      model: { ...base.model, startFrom: join(folder, 'words') },
      recipe: {
        ...base.recipe,
        epochs: 25,
        learningRate: 2e-3,
        selfCriticalSamples: samples,
        augmentedViews: 1,
        maximumLength: 10,
      },
    });
    const rewardsOf = async (name: string): Promise<number[]> =>
      (await readFile(join(folder, name, 'log.jsonl'), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { metrics: { sampledCiderD: number } }).metrics.sampledCiderD);
    const sessions = backendStatistics();
    for (const samples of [1, 5]) {
      await trainCaptioner(critical(samples));
      const rewards = await rewardsOf(`critical-${samples}`);
      expect(rewards.at(-1)).toBeGreaterThan(1.2 * (rewards[0] ?? NaN));
    }
    const [before, then] = await Promise.all(
      ['words', 'critical-5'].map((name) => loadCaptionModel(join(folder, name))),
    );
    expect(then?.seen?.toJSON()).toEqual(before?.seen?.toJSON());
    const after = backendStatistics();
    expect(after.fallbacks).toEqual(sessions.fallbacks);
    expect(after.sessionsCreated - sessions.sessionsCreated).toBeLessThan(40);
  });

  test('a self-critical run that was stopped between epochs goes on to the same weights', async () => {
    const copy = await heldOutCopy();
    const critical = (output: string, change: Partial<TrainCaptionerOptions> = {}): TrainCaptionerOptions => {
      const base = options(output, { validation: [{ images: copy, captions }], ...change });
      return { ...base, recipe: { ...base.recipe, selfCriticalSamples: 2, averageDecay: 0.9, augmentedViews: 2 } };
    };
    await trainCaptioner(critical('critical-whole'));
    expect((await trainCaptioner(critical('critical-parts', { stopAfter: 2 }))).ending).toBe('interrupted');
    await trainCaptioner(critical('critical-parts', { resume: true }));
    const [whole, parts] = await Promise.all(
      ['critical-whole', 'critical-parts'].map((name) => loadCaptionModel(join(folder, name))),
    );
    expect(parts?.captioner).toEqual(whole?.captioner);
  });

  test('a step is one flush of one session, and no cpu kernel runs', async () => {
    const copy = await heldOutCopy();
    const before = backendStatistics();
    await trainCaptioner(options('counted', { validation: [{ images: copy, captions }] }));
    const after = backendStatistics();
    expect(after.fallbacks).toEqual(before.fallbacks);
    // 4 epochs of 2 steps of one shape; reading weights to save them adds flushes that compute nothing.
    expect(after.sessionsCreated - before.sessionsCreated).toBeLessThanOrEqual(4);
  });

  test('a captioner that is begun from another learns the words that are new to it', async () => {
    const validation = [{ images: await heldOutCopy(), captions }];
    await trainCaptioner(options('before-words', { validation }));
    const rows = COLOURS.map((colour) => `${colour}.png,"A ${colour}, fancy painting."`);
    const further = join(folder, 'further.csv');
    await writeFile(further, `image,caption\n${rows.join('\n')}\n`);
    const images = await heldOutCopy();
    const base = options('after-words', { sources: [{ images, captions: further }], validation });
    const startFrom = join(folder, 'before-words');
    await trainCaptioner({
      ...base,
      model: { ...base.model, startFrom },
      recipe: { ...base.recipe, epochs: 60, learningRate: 1e-2 },
    });
    const [before, after] = await Promise.all([startFrom, base.output].map(loadCaptionModel));
    const known = before?.vocabulary.tokens ?? [];
    expect(after?.vocabulary.tokens.slice(0, known.length)).toEqual(known);
    expect(after?.vocabulary.tokens.slice(known.length).sort()).toEqual(['fancy', 'painting']);
    expect(after?.config.captioner).toEqual({ ...before?.config.captioner, vocabularySize: known.length + 2 });
    const captioner = await loadCaptioner(base.output);
    for await (const line of captioner.caption([join(images, 'red.png')])) {
      expect(line).toMatchObject({ caption: expect.stringContaining('fancy painting') as string });
    }
    captioner.dispose();
  });

  test('few photos leave what a captioner expects of photos alone, unless they teach it words or change its encoder', async () => {
    const validation = [{ images: await heldOutCopy(), captions }];
    await trainCaptioner(options('before-few', { validation }));
    const startFrom = join(folder, 'before-few');
    const { expectedWords: before } = await loadCaptionModel(startFrom);
    const wordsAfter = async (output: string, change: Partial<TrainCaptionerOptions>) => {
      const base = options(output, { validation, ...change });
      await trainCaptioner({ ...base, model: { ...base.model, startFrom } });
      return (await loadCaptionModel(base.output)).expectedWords;
    };
    const images = await temporaryFolder();
    for (const colour of COLOURS) await writePicture(join(images, `${colour}.png`), colour === 'red' ? 'blue' : 'red');
    expect(before?.frequencies.countOf('picture')).toBe(6);
    expect(await wordsAfter('few', { sources: [{ images, captions }] })).toEqual(before);
    const recipe = { ...options('').recipe, epochs: 1, fineTuneFrom: 'block12' };
    expect(await wordsAfter('few-tuned', { sources: [{ images, captions }], recipe })).not.toEqual(before);
    const telling = join(folder, 'telling.csv');
    const rows = COLOURS.map((colour) => `${colour}.png,"A ${colour}, telling picture."`);
    await writeFile(telling, `image,caption\n${rows.join('\n')}\n`);
    const after = await wordsAfter('few-words', { sources: [{ images, captions: telling }] });
    expect(after?.frequencies.countOf('telling')).toBe(6);
  });

  test('does not go on with captions or photos other than those it was begun with', async () => {
    const validation = [{ images: await heldOutCopy(), captions }];
    const changed = join(folder, 'changed.csv');
    const base = options('changed', { sources: [{ images: folder, captions: changed }], validation });
    const withRows = (rows: readonly (readonly [string, string])[]): Promise<void> =>
      writeFile(changed, ['image,caption', ...rows.map((row) => row.join(','))].join('\n'));
    const rows = COLOURS.map((colour) => [`${colour}.png`, `A ${colour} picture`] as const);
    const others = rows.map(([image], index) => [image, rows.at(index - 1)?.[1] ?? ''] as const);
    await withRows(rows);
    await trainCaptioner({ ...base, stopAfter: 1 });
    // As many photos and the same words, in another order; other words; fewer photos.
    for (const now of [others, rows.map(([image, text]) => [image, `${text} frame`] as const), rows.slice(1)]) {
      await withRows(now);
      await expect(trainCaptioner({ ...base, resume: true })).rejects.toThrow(
        /started with other settings: .*captionHashes\.train was/,
      );
    }
    await withRows(rows);
    expect((await trainCaptioner({ ...base, resume: true, stopAfter: 2 })).ending).toBe('interrupted');
    // As it was before captions were recorded.
    const state = join(base.output, 'training.json');
    const text = await readFile(state, 'utf8');
    await writeFile(state, text.replace(/"captionHashes": \{[^}]*\},/, ''));
    expect((await trainCaptioner({ ...base, resume: true })).ending).toBe('completed');
    expect(await readFile(state, 'utf8')).not.toContain('captionHashes');
  });

  test('what the user can mend is said', async () => {
    const validation = [{ images: await heldOutCopy(), captions }];
    await trainCaptioner(options('twice', { validation }));
    await expect(trainCaptioner(options('twice'))).rejects.toThrow('--continue');
    const wrong = options('wrong', { validation });
    await expect(trainCaptioner({ ...wrong, recipe: { ...wrong.recipe, fineTuneFrom: 'block99' } })).rejects.toThrow(
      'block99',
    );
  });
});

describe('looksay evaluate caption', () => {
  test('prints scores beside the baselines', async () => {
    const copy = await heldOutCopy();
    const base = options('evaluated', { validation: [{ images: copy, captions }] });
    await trainCaptioner(base);
    let out = '';
    const code = await main(
      [
        ...['evaluate', 'caption', '--checkpoint', base.output, '--images', copy, '--captions', captions],
        ...['--train-source', `images=${folder},captions=${captions}`, '--baseline-encoder', encoder],
      ],
      { stdout: { write: (text: string) => void (out += text) } },
    );
    expect(code).toBe(0);
    const rows = out.trim().split('\n');
    expect(rows).toHaveLength(5);
    expect(rows[0]).toContain('CIDEr-D');
    // The nearest training photo is the same picture, whose first caption is one of the references.
    const nearest = Number(rows[3]?.trim().split(/\s+/)[0]);
    expect(nearest).toBeCloseTo(1, 2);
  });
});
