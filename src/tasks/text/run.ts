/** What one training of a language model consists of. */
import { languageModelDefaults } from '../../models/language-model/index.js';
import { UserError } from '../../shared/errors.js';
import { given } from '../../shared/given.js';
import { requireStringsOf } from '../../shared/rules.js';
import type { TextUnit } from '../../text/tokenizer.js';
import { UNKNOWN_ID, type Vocabulary } from '../../text/vocabulary.js';
import type { JsonObject } from '../../training/json-files.js';
import type { HostTensors } from '../../training/parameters.js';
import { type Stretch, padSequence, stretchesOf } from './batches.js';
import { beginText, type TextBeginningOptions } from './beginning.js';
import { encodeText, readTextDocuments, splitTexts, type TextSource } from './corpus.js';
import { fingerprintOf } from '../fingerprint.js';
import { defaultHeldOut, type HeldOut } from '../held-out.js';
import { DEFAULT_SEED, type TrainingFolderOptions } from '../training-folder.js';
import type { TextModelConfig } from './model.js';
import { type TextRecipe, textRecipeDefaults } from './recipe.js';

/** What one training of a language model is told. */
export interface TrainTextOptions
  extends TrainingFolderOptions, Partial<Omit<TextBeginningOptions, 'source' | 'model'>> {
  readonly source: TextSource;
  /**
   * What is left out is as in `languageModelDefaults`; of words, and where the kind or a tied output needs it, the input is an
   * embedding.
   */
  readonly model?: Partial<TextBeginningOptions['model']>;
  /** What is held out, to score each epoch by. Default: of one document its last tenth, of several every tenth. */
  readonly split?: HeldOut;
  /** What is left out is as in `textRecipeDefaults`. */
  readonly recipe?: Partial<TextRecipe>;
  /** How weights are saved. Default: half precision. */
  readonly precision?: 'F32' | 'F16';
}

/** A training of which nothing is left open. */
export interface TextTraining extends Omit<TrainTextOptions, keyof TextBeginningOptions>, TextBeginningOptions {
  readonly recipe: TextRecipe;
}

/** What is read and written at a time where nothing is said. */
export const DEFAULT_TEXT_UNIT: TextUnit = 'char';

/** `options` with the defaults for what they leave out. */
export function completeTraining(options: TrainTextOptions): TextTraining {
  requireStringsOf('source', ['path'], options.source);
  const { unit = DEFAULT_TEXT_UNIT, model = {}, recipe = {}, seed = DEFAULT_SEED } = options;
  const isEmbedded = unit === 'word' || model.kind === 'feed-forward' || model.tiedOutput === true;
  const input = isEmbedded ? 'embedding' : languageModelDefaults.input;
  return {
    ...options,
    unit,
    model: { ...languageModelDefaults, input, ...given(model) },
    recipe: { ...textRecipeDefaults, ...given(recipe) },
    seed,
  };
}

export interface TextRun {
  readonly options: TextTraining;
  readonly config: TextModelConfig;
  readonly vocabulary: Vocabulary;
  readonly initial: HostTensors;
  /** START, units, END each. */
  readonly train: readonly Int32Array[];
  /** What each epoch is scored on: what is held out, or else what is trained on. */
  readonly scored: readonly Int32Array[];
  /** What is trained on, as rows, with `--bptt sequence`. */
  readonly stretches: readonly Stretch[];
  /** The settings that decide the weights: what `resume` must find as it was. */
  readonly settings: JsonObject;
}

/** Reads the text and decides what is trained. Throws UserError for what the user can mend. */
export async function prepareRun(options: TextTraining): Promise<TextRun> {
  const { source, recipe, seed, signal } = options;
  requireFitting(options);
  const texts = await readTextDocuments(source, signal);
  const split = options.split ?? defaultHeldOut(texts.length);
  const documents = splitTexts(texts, split);
  const { unit, vocabulary, model, initial, startFrom } = await beginText(options, documents.train);
  requireFittingUnit(unit, recipe);
  const encode = (part: readonly string[]): Int32Array[] => part.map((text) => encodeText(text, unit, vocabulary));
  const train = encode(documents.train);
  const scored = documents.heldOut.length > 0 ? encode(documents.heldOut) : train;
  const stretches =
    recipe.bptt === 'sequence' ? stretchesOf(padded(train, recipe, vocabulary), recipe.chunk, source.path) : [];
  const config = { unit, split, model };
  const text = { documents: texts.length, sha256: fingerprintOf(texts) };
  const sizes = options.vocabulary ?? {};
  const settings = {
    ...{ source, text, config, vocabulary: sizes, recipe, seed },
    ...(startFrom === undefined ? {} : { startFrom }),
  };
  return {
    options,
    config,
    vocabulary,
    initial,
    train,
    scored,
    stretches,
    settings: settings as unknown as JsonObject,
  };
}

const wrong = (message: string): UserError => new UserError(message, { exitCode: 2 });

function requireFitting({ recipe: { bptt, chunk, padding } }: TextTraining): void {
  if (chunk !== undefined && bptt !== 'sequence') throw wrong('--chunk: has a meaning with --bptt sequence only');
  if (padding !== undefined && chunk === undefined) throw wrong('--padding: has a meaning with --chunk only');
}

function requireFittingUnit(unit: TextUnit, { padding }: TextRecipe): void {
  if (padding !== undefined && unit === 'char' && [...padding].length !== 1) {
    throw wrong(`--padding: expected one character, got ${JSON.stringify(padding)}`);
  }
}

function padded(train: readonly Int32Array[], recipe: TextRecipe, vocabulary: Vocabulary): readonly Int32Array[] {
  const { chunk, padding } = recipe;
  if (chunk === undefined || padding === undefined) return train;
  const id = vocabulary.idOf(padding);
  if (id === UNKNOWN_ID) {
    throw new UserError(`--padding: ${JSON.stringify(padding)} does not occur in the text`, { exitCode: 2 });
  }
  return train.map((sequence) => padSequence(sequence, chunk, id));
}
