/** Scores a captioner as the COCO toolkit does, beside baselines on the same photos. */
import type { CaptionedImage } from '../../datasets/captions/index.js';
import { type CaptionScores, scoreCaptions } from '../../metrics/captions.js';
import { brokenEndings } from '../../metrics/endings.js';
import { mobilenetBlocks } from '../../models/mobilenet/index.js';
import { UserError } from '../../shared/errors.js';
import { warn } from '../../shared/log.js';
import { startProgress } from '../../shared/progress.js';
import { type CaptionModels, requireOneVocabulary } from './members.js';
import { type CaptionModel, captionsClips, type ClipCaptionModel, loadCaptionModel } from './model.js';
import { loadEncoder } from '../encoder/index.js';
import { nearestCaptions } from './nearest.js';
import { type CaptionOptions, createCaptioner } from './predict.js';
import { clipCaptionOptions, createClipCaptioner } from './predict-clips.js';
import { type CaptionSource, readSource, readTrainSources } from './sources.js';
import { frozenEncoder } from '../encoder/frozen.js';

/** Which captioner is scored on which photos, and how it captions them. */
export interface EvaluateCaptionerOptions extends CaptionOptions {
  readonly checkpoint: string;
  /** Captioners of the same vocabulary that decide together with it; each sees photos through its own encoder. */
  readonly ensemble?: readonly string[];
  readonly source: CaptionSource;
  readonly split?: 'train' | 'val' | 'dev' | 'test';
  /** Photos whose captions the nearest-photo baseline may use. */
  readonly trainSources?: readonly CaptionSource[];
  /** Another encoder for that baseline, such as one trained on ImageNet alone. */
  readonly baselineEncoder?: string;
}

/** Scores of one way of captioning. */
export interface NamedCaptionScores {
  readonly name: string;
  readonly scores: CaptionScores;
}

/** A photo with what the captioner and people said of it. */
export interface ScoredPhoto {
  readonly image: string;
  readonly caption: string;
  readonly references: readonly string[];
  readonly ciderD: number;
}

/** The scores of a captioner, beside those of what needs no training. */
export interface CaptionerEvaluation {
  /** Photos that were scored. */
  readonly photos: number;
  readonly scores: CaptionScores;
  /** The share of captions that break off ("a dog with a"), by English words. */
  readonly brokenEndings: number;
  readonly baselines: readonly NamedCaptionScores[];
  readonly captions: readonly ScoredPhoto[];
}

/** Captions the photos of a split and scores them. Throws UserError when nothing is left to score. */
export async function evaluateCaptioner(options: EvaluateCaptionerOptions): Promise<CaptionerEvaluation> {
  const { checkpoint, ensemble = [], source, split, trainSources = [], baselineEncoder, ...captioning } = options;
  const models = await loadModels([checkpoint, ...ensemble]);
  const [model] = models;
  const examples = await readSource(source, split === undefined ? {} : { split });
  if (split !== undefined && examples.every((example) => example.split === undefined)) {
    warn(`${source.captions}: names no splits: all ${examples.length} photos are scored, not only --split ${split}`);
  }
  const candidates = await captionAll(models, examples, captioning);
  const references = examples.map(({ captions }) => captions);
  const score = (captions: readonly string[]): CaptionScores => scoreCaptions({ candidates: captions, references });
  const train = await readTrainSources(trainSources);
  const frequent = mostFrequentCaption(train.length > 0 ? train : examples);
  const baselines: NamedCaptionScores[] = [
    { name: `the most frequent caption (${frequent})`, scores: score(examples.map(() => frequent)) },
  ];
  for (const [name, encoderModel] of train.length > 0 && !captionsClips(model)
    ? await encodersOf(model, baselineEncoder)
    : []) {
    const encoder = frozenEncoder(encoderModel, mobilenetBlocks(encoderModel.config.encoder).length);
    const captions = await nearestCaptions(encoder, train, examples);
    encoder.dispose();
    baselines.push({ name: `the caption of the nearest training photo (${name})`, scores: score(captions) });
  }
  const scores = score(candidates);
  const captions = examples.map(({ image, captions: own }, index) => ({
    image,
    caption: candidates[index] ?? '',
    references: own,
    ciderD: scores.perImage[index] ?? 0,
  }));
  return {
    photos: examples.length,
    scores,
    brokenEndings: brokenEndings(candidates),
    baselines,
    captions,
  };
}

async function loadModels(folders: readonly [string, ...string[]]): Promise<CaptionModels> {
  const [first, ...others] = folders;
  const models: [CaptionModel, ...CaptionModel[]] = [await loadCaptionModel(first)];
  for (const folder of others) models.push(await loadCaptionModel(folder));
  if (models.some(captionsClips) && others.length > 0) {
    throw new UserError('--ensemble: captioners of clips decide alone', { exitCode: 2 });
  }
  requireOneVocabulary(models, folders);
  return models;
}

async function captionAll(
  models: CaptionModels,
  examples: readonly CaptionedImage[],
  options: CaptionOptions,
): Promise<string[]> {
  const [first] = models;
  if (captionsClips(first)) return captionClips(first, examples, options);
  const captioner = createCaptioner(...models);
  const progress = startProgress('captioning', examples.length);
  const captions: string[] = [];
  try {
    for await (const result of captioner.caption(
      examples.map(({ image }) => image),
      options,
    )) {
      progress.advance(1);
      if ('error' in result) warn(`${result.image}: ${result.error}`);
      captions.push('caption' in result ? result.caption : '');
    }
    options.signal?.throwIfAborted();
    return captions;
  } finally {
    progress.stop();
    captioner.dispose();
  }
}

async function captionClips(
  model: ClipCaptionModel,
  examples: readonly CaptionedImage[],
  captioning: CaptionOptions,
): Promise<string[]> {
  const options = clipCaptionOptions(captioning);
  const captioner = createClipCaptioner(model);
  const progress = startProgress('captioning', examples.length);
  const captions: string[] = [];
  try {
    const paths = examples.map(({ image }) => image);
    for await (const result of captioner.caption(paths, options)) {
      progress.advance(1);
      if ('error' in result) warn(`${result.video}: ${result.error}`);
      captions.push('caption' in result ? result.caption : '');
    }
    options.signal?.throwIfAborted();
    return captions;
  } finally {
    progress.stop();
    captioner.dispose();
  }
}

/** The model's own encoder, and the one at `path` with the same preprocessing. */
async function encodersOf(model: CaptionModel, path: string | undefined): Promise<(readonly [string, CaptionModel])[]> {
  const own = ['features of this captioner', model] as const;
  if (path === undefined) return [own];
  const { config, weights } = await loadEncoder(path);
  const preprocessing = { ...model.config.preprocessing, size: config.inputSize };
  return [
    own,
    [
      `features of ${path}`,
      { ...model, config: { ...model.config, encoder: config, preprocessing }, encoder: weights },
    ],
  ];
}

function mostFrequentCaption(examples: readonly CaptionedImage[]): string {
  const counts = new Map<string, number>();
  for (const { captions } of examples) {
    for (const caption of captions) {
      const text = caption
        .trim()
        .toLowerCase()
        .replace(/\s*\.$/, '');
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
  }
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best), ['', 0] as [string, number])[0];
}
