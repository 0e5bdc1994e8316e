/** Scores a captioner as the COCO toolkit does, beside baselines on the same photos. */
import type { CaptionedImage } from '../../datasets/captions/index.js';
import { printable } from '../../media/media-error.js';
import { type CaptionScores, scoreCaptions } from '../../metrics/captions.js';
import { brokenEndings } from '../../metrics/endings.js';
import { mobilenetBlocks } from '../../models/mobilenet/index.js';
import { UserError } from '../../shared/errors.js';
import { requireStringsOf } from '../../shared/rules.js';
import { warn } from '../../shared/log.js';
import { startProgress } from '../../shared/progress.js';
import { type CaptionModels, requireOneVocabulary } from './members.js';
import { type CaptionModel, captionsClips, loadCaptionModel } from './model.js';
import { loadEncoder } from '../encoder/index.js';
import { nearestCaptions } from './nearest.js';
import { type CaptionOptions, type CaptionResult, createCaptioner } from './predict.js';
import { type ClipCaptionResult, clipCaptionOptions, createClipCaptioner } from './predict-clips.js';
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
  /** Seconds that the decoding of a clip may take, for a captioner of clips; default 60. */
  readonly timeout?: number;
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

/** A photo that could not be captioned, and why. */
export interface FailedPhoto {
  readonly image: string;
  readonly error: string;
}

/** The scores of a captioner, beside those of what needs no training. */
export interface CaptionerEvaluation {
  /** Photos that were scored. */
  readonly photos: number;
  /** Photos that were not, because they could not be captioned: how many, and which. */
  readonly failed: number;
  readonly failures: readonly FailedPhoto[];
  readonly scores: CaptionScores;
  /** The share of captions that break off ("a dog with a"), by English words. */
  readonly brokenEndings: number;
  readonly baselines: readonly NamedCaptionScores[];
  readonly captions: readonly ScoredPhoto[];
}

/**
 * Captions the photos of a split and scores them; one that cannot be captioned is named and not scored. Throws UserError
 * when nothing is left to score.
 */
export async function evaluateCaptioner(options: EvaluateCaptionerOptions): Promise<CaptionerEvaluation> {
  const { checkpoint, ensemble = [], source, split, trainSources = [], baselineEncoder, ...captioning } = options;
  requireStringsOf('source', ['images', 'captions'], source);
  const models = await loadModels([checkpoint, ...ensemble]);
  const [model] = models;
  const asked = await readSource(source, split === undefined ? {} : { split });
  if (split !== undefined && asked.every((example) => example.split === undefined)) {
    warn(`${source.captions}: names no splits: all ${asked.length} photos are scored, not only --split ${split}`);
  }
  const { examples, candidates, failures } = await captionAll(models, asked, captioning);
  if (examples.length === 0) {
    throw new UserError(`${source.captions}: no ${captionsClips(model) ? 'clip' : 'photo'} could be captioned`);
  }
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
    failed: failures.length,
    failures,
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

/** What a captioner said of the examples that it could caption, in their order. */
interface Captioned {
  readonly examples: readonly CaptionedImage[];
  readonly candidates: readonly string[];
  readonly failures: readonly FailedPhoto[];
}

async function captionAll(
  models: CaptionModels,
  examples: readonly CaptionedImage[],
  { timeout, ...options }: CaptionOptions & Pick<EvaluateCaptionerOptions, 'timeout'>,
): Promise<Captioned> {
  const [first] = models;
  const paths = examples.map(({ image }) => image);
  if (captionsClips(first)) {
    const ofClips = { ...clipCaptionOptions(options), ...(timeout === undefined ? {} : { timeout }) };
    const captioner = createClipCaptioner(first);
    return collect(captioner, captioner.caption(paths, ofClips), examples);
  }
  const captioner = createCaptioner(...models);
  return collect(captioner, captioner.caption(paths, options), examples);
}

/** Takes the `results` of `captioner`, one for each of `examples`, and gives back its memory. */
async function collect(
  captioner: { dispose(): void },
  results: AsyncIterable<CaptionResult | ClipCaptionResult>,
  examples: readonly CaptionedImage[],
): Promise<Captioned> {
  const progress = startProgress('captioning', examples.length);
  const scored: CaptionedImage[] = [];
  const candidates: string[] = [];
  const failures: FailedPhoto[] = [];
  let position = 0;
  try {
    for await (const result of results) {
      const example = examples[position++] as CaptionedImage;
      progress.advance(1);
      if ('error' in result) {
        warn(`${printable(example.image)}: ${result.error}; not scored`);
        failures.push({ image: example.image, error: result.error });
      } else {
        scored.push(example);
        candidates.push(result.caption);
      }
    }
    return { examples: scored, candidates, failures };
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
