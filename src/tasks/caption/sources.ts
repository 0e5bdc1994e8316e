/** Puts the captioned photos of several sources together, for training and for evaluation. */
import { UserError } from '../../shared/errors.js';
import { warn } from '../../shared/log.js';
import { Random } from '../../shared/random.js';
import { type CaptionedImage, type Problem, readCaptionSource } from '../../datasets/captions/index.js';

/** A folder of images, a file of captions, and where there are any the lists that split them. */
export interface CaptionSource {
  readonly images: string;
  readonly captions: string;
  readonly splits?: string;
}

/** How many problems are shown before they are only counted. */
const SHOWN_PROBLEMS = 10;

function reportProblems(source: CaptionSource, problems: readonly Problem[]): void {
  for (const { where, message } of problems.slice(0, SHOWN_PROBLEMS)) warn(`${where}: ${message}`);
  const more = problems.length - SHOWN_PROBLEMS;
  if (more > 0) warn(`${source.captions}: ${more} more problems like these`);
}

/** Reads one source. Throws UserError when nothing usable is in it, or at the first problem when `strict`. */
export async function readSource(
  source: CaptionSource,
  options: { readonly split?: 'train' | 'val' | 'dev' | 'test'; readonly strict?: boolean } = {},
): Promise<readonly CaptionedImage[]> {
  const { examples, problems } = await readCaptionSource({ ...source, ...options });
  reportProblems(source, problems);
  return examples;
}

/** The photos of several sources that are for training, or in no part that their source names. */
export async function readTrainSources(sources: readonly CaptionSource[]): Promise<readonly CaptionedImage[]> {
  const examples: CaptionedImage[] = [];
  for (const source of sources) {
    const found = await readSource(source);
    examples.push(...found.filter(({ split }) => split === undefined || split === 'train'));
  }
  return examples;
}

/** What is trained on and what the best epoch is chosen by. */
export interface TrainingData {
  readonly train: readonly CaptionedImage[];
  readonly validation: readonly CaptionedImage[];
}

/** What a captioner is trained and validated on. */
export interface TrainingSources {
  readonly sources: readonly CaptionSource[];
  /** Sources to validate on; without any, the `val` parts of `sources` serve, or a share of all photos. */
  readonly validation?: readonly CaptionSource[];
  /** Any problem in the data is an error. Default false: what cannot be used is left out and named. */
  readonly strict?: boolean;
  /** Of what is held out, and of everything random in training. */
  readonly seed: number;
}

/** The share of photos held out where no source says which are for validation. */
const HELD_OUT_SHARE = 0.1;
const HELD_OUT_AT_MOST = 1000;

/** Of one photo CIDEr-D is always 0: its words are in every document. */
const HELD_OUT_AT_LEAST = 2;

/** Photos are drawn, not captions: what several sources say of one photo is on one side. */
function holdOut(examples: readonly CaptionedImage[], seed: number): TrainingData {
  const photos = new Map<string, CaptionedImage[]>();
  for (const example of examples) photos.set(example.image, [...(photos.get(example.image) ?? []), example]);
  const least = photos.size > HELD_OUT_AT_LEAST ? HELD_OUT_AT_LEAST : 1;
  const count = Math.min(HELD_OUT_AT_MOST, Math.max(least, Math.round(photos.size * HELD_OUT_SHARE)));
  if (photos.size <= count) {
    throw new UserError(
      `only ${photos.size} photo with captions was found: expected at least 2, one to validate on (add photos, or ` +
        'give a validation set with --val)',
    );
  }
  const shuffled = new Random(seed).shuffled([...photos.values()]);
  return { train: shuffled.slice(count).flat(), validation: shuffled.slice(0, count).flat() };
}

/** Reads all sources and settles what is for validation; photos that are in it are left out of training. */
export async function readTrainingData(options: TrainingSources): Promise<TrainingData> {
  const { sources, strict = false, seed } = options;
  const train: CaptionedImage[] = [];
  const validation: CaptionedImage[] = [];
  for (const source of options.validation ?? []) {
    validation.push(...(await readSource(source, source.splits === undefined ? { strict } : { split: 'val', strict })));
  }
  const chosen = validation.length > 0;
  for (const source of sources) {
    for (const example of await readSource(source, { strict })) {
      if (example.split === undefined || example.split === 'train') train.push(example);
      else if (example.split === 'val' && !chosen) validation.push(example);
    }
  }
  const heldOut = new Set(validation.map(({ image }) => image));
  const rest = train.filter(({ image }) => !heldOut.has(image));
  return validation.length > 0 ? { train: rest, validation } : holdOut(rest, seed);
}
