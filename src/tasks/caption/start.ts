/**
 * What a captioner's training was begun with. Weights that are not trained are no part of its saved state: `--continue`
 * takes them from where they came from, and so has to be told that again. Likewise the recipe, which says what stages
 * there are.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import type { CaptionedImage } from '../../datasets/captions/index.js';
import { withScope } from '../../layers/parameters.js';
import { defined } from '../../shared/assert.js';
import { UserError } from '../../shared/errors.js';
import { isObject } from '../../shared/fields.js';
import { writeFileAtomically } from '../../shared/files.js';
import { formatJson, type JsonObject, parseJson, readText } from '../../training/json-files.js';
import { hasTrainingState, readTrainingConfiguration } from '../../training/training-checkpoint.js';
import { fingerprintWeights } from '../../training/weights.js';
import { select } from '../encoder/frozen.js';
import { fingerprintOfFiles } from '../fingerprint.js';
import type { CaptionerModelOptions } from './initial-model.js';
import type { CaptionModel } from './model.js';
import { RECIPE_NAMES, type RecipeName } from './recipes.js';
import type { CaptionSource, TrainingData } from './sources.js';
import type { TrainableModel } from './train-model.js';

/** As the settings beside a checkpoint record it. */
export interface TrainingStart {
  /** The captioner that training began from. */
  readonly startFrom?: string;
  /** The encoder, where there was no such captioner. */
  readonly encoder?: string;
  /** Word vectors, likewise. */
  readonly wordVectors?: string;
  /** Tells the vocabulary and the weights that are not trained from all others. */
  readonly untrained: string;
}

/** What a training that begins with `model` begins with. */
export function trainingStart(
  { startFrom, encoder, wordVectors }: CaptionerModelOptions,
  model: CaptionModel,
  { variables }: TrainableModel,
): TrainingStart {
  const weights = { ...withScope('encoder', model.encoder), ...withScope('captioner', model.captioner) };
  const untrained = createHash('sha256')
    .update(JSON.stringify(model.vocabulary))
    .update(fingerprintWeights(select(weights, (name) => !(name in variables))))
    .digest('hex');
  if (startFrom !== undefined) return { startFrom, untrained };
  return {
    ...(encoder === undefined ? {} : { encoder }),
    ...(wordVectors === undefined ? {} : { wordVectors }),
    untrained,
  };
}

/** What the settings beside a checkpoint record since some version of looksay; what is missing is not looked at. */
export interface TrainingRecord {
  readonly start?: TrainingStart | undefined;
  /** Which photos have which captions: as many others would train other weights. */
  readonly captionHashes?: { readonly train: string; readonly validation: string } | undefined;
}

/** What is recorded of the training in `folder`. */
export async function recordedTraining(folder: string): Promise<TrainingRecord> {
  return (await readTrainingConfiguration(folder)) as TrainingRecord;
}

/** Tells the photos of `data` and their captions from all others, wherever the folders of their sources are. */
export function captionHashesOf(
  { train, validation }: TrainingData,
  sources: readonly CaptionSource[],
): NonNullable<TrainingRecord['captionHashes']> {
  const roots = sources.map(({ images }) => resolve(images));
  const isIn = (root: string, image: string): boolean => image.startsWith(join(root, sep));
  const rootOf = (image: string): string =>
    defined(
      roots.find((root) => isIn(root, image)),
      image,
    );
  const hashOf = (examples: readonly CaptionedImage[]): string =>
    fingerprintOfFiles(examples.map(({ image, captions }) => ({ root: rootOf(image), path: image, note: captions })));
  return { train: hashOf(train), validation: hashOf(validation) };
}

/**
 * Throws UserError (exit code 2) when the training in `folder` was begun from a captioner and none is given to go on
 * with it, or the other way round: before anything is read, where a path says enough.
 */
export async function requireStartFrom(folder: string, { startFrom }: CaptionerModelOptions): Promise<void> {
  const { start: then } = await recordedTraining(folder);
  if (then === undefined || (then.startFrom === undefined) === (startFrom === undefined)) return;
  throw wrongStart(folder, then);
}

/** Throws UserError (exit code 2) unless `now` has the weights that the training in `folder` does not train. */
export function requireSameStart(folder: string, then: TrainingStart | undefined, now: TrainingStart): void {
  if (then !== undefined && then.untrained !== now.untrained) throw wrongStart(folder, then);
}

function wrongStart(folder: string, { startFrom, encoder = '', wordVectors }: TrainingStart): UserError {
  const vectors = wordVectors === undefined ? '' : ` --word-vectors ${wordVectors}`;
  const begun =
    startFrom === undefined ? `--encoder ${encoder}${vectors} and no --start-from` : `--start-from ${startFrom}`;
  return new UserError(
    `${folder}: the training there was begun with ${begun} (repeat that to go on: what is not trained is read from there)`,
    { exitCode: 2 },
  );
}

/** Where the stages of a recipe are, and which recipe's they are. */
export const stagesFolder = (output: string): string => join(output, 'stages');
const recipeFile = (output: string): string => join(stagesFolder(output), 'recipe.json');

/** Notes which recipe the stages in `output` are of. */
export async function recordRecipe(output: string, recipe: RecipeName): Promise<void> {
  await mkdir(stagesFolder(output), { recursive: true });
  await writeFileAtomically(recipeFile(output), formatJson({ recipe }));
}

/**
 * The recipe of the training in `output`: what it was begun with, whether `asked` repeats it or not. Throws UserError
 * (exit code 2) when `asked` is another, or nothing says which one it was.
 */
export async function recipeToContinue(output: string, asked: RecipeName | undefined): Promise<RecipeName | undefined> {
  const wrong = (message: string): UserError => new UserError(`${output}: ${message}`, { exitCode: 2 });
  if (hasTrainingState(output)) {
    if (asked === undefined) return undefined;
    throw wrong('the training there was begun without --recipe (leave it out to go on with it)');
  }
  const begun = await recordedRecipe(output);
  if (begun !== undefined && asked !== undefined && asked !== begun) {
    throw wrong(`the training there was begun with --recipe ${begun}, not ${asked} (give that one to go on with it)`);
  }
  if (begun === undefined && asked === undefined && existsSync(stagesFolder(output))) {
    throw wrong(`the training there was begun with a recipe (repeat it: --recipe ${RECIPE_NAMES.join(' or ')})`);
  }
  return begun ?? asked;
}

async function recordedRecipe(output: string): Promise<RecipeName | undefined> {
  const path = recipeFile(output);
  if (!existsSync(path)) return undefined;
  const value: unknown = parseJson(path, await readText(path, 'name the recipe with --recipe'));
  const name = isObject(value) ? (value as JsonObject)['recipe'] : undefined;
  const known = RECIPE_NAMES.find((recipe) => recipe === name);
  if (known === undefined) throw new UserError(`${path}: expected one of the recipes ${RECIPE_NAMES.join(', ')}`);
  return known;
}
