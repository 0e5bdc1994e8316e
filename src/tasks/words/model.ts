/** Word vectors as they are saved: both tables of word2vec, their words, and how often each occurred. */
import { UserError } from '../../shared/errors.js';
import { requireFields } from '../../shared/fields.js';
import {
  INPUT_TABLE,
  OUTPUT_TABLE,
  validateWord2VecConfig,
  type Word2VecConfig,
  word2vecParameterShapes,
} from '../../models/word2vec/index.js';
import { type CheckpointExtras, loadCheckpoint, saveCheckpoint } from '../../training/checkpoint.js';
import type { HostTensor } from '../../training/safetensors.js';
import { VOCABULARY_FILE } from '../checkpoint-extras.js';

const WORDS_TASK = 'words';

export interface WordModel {
  readonly config: Word2VecConfig;
  /** The most frequent first: row i of the tables is word i's. */
  readonly words: readonly string[];
  readonly counts: readonly number[];
  /** The word vectors: [words, embeddingSize]. */
  readonly input: HostTensor;
  /** What predicts words from hidden vectors: [words, embeddingSize]. */
  readonly output: HostTensor;
}

/** Writes `model` into `folder`, whole or not at all; `extras` are further JSON files. */
export async function saveWordModel(
  folder: string,
  { config, words, counts, input, output }: WordModel,
  { modelCard, extras = {} }: { readonly modelCard: string; readonly extras?: CheckpointExtras },
): Promise<void> {
  await saveCheckpoint(folder, {
    task: WORDS_TASK,
    config: { ...config },
    weights: { [INPUT_TABLE]: input, [OUTPUT_TABLE]: output },
    extras: { [VOCABULARY_FILE]: { words, counts }, ...extras },
    modelCard,
  });
}

/** Reads the word vectors in `folder`. Throws UserError where they are missing, damaged or of another task. */
export async function loadWordModel(
  folder: string,
): Promise<{ readonly model: WordModel; readonly extras: CheckpointExtras }> {
  const checkpoint = await loadCheckpoint(folder, {
    task: WORDS_TASK,
    expectedShapes: (config) => word2vecParameterShapes(validateWord2VecConfig(config, folder)),
  });
  const { extras, weights } = checkpoint;
  const config = validateWord2VecConfig(checkpoint.config, folder);
  const { words, counts } = parseVocabulary(extras[VOCABULARY_FILE], `${folder}/${VOCABULARY_FILE}`, config);
  const { [INPUT_TABLE]: input, [OUTPUT_TABLE]: output } = weights as Record<string, HostTensor>;
  return { model: { config, words, counts, input: input as HostTensor, output: output as HostTensor }, extras };
}

function parseVocabulary(
  value: unknown,
  where: string,
  { vocabularySize }: Word2VecConfig,
): Pick<WordModel, 'words' | 'counts'> {
  const { words, counts } = requireFields(value, where);
  const sound =
    Array.isArray(words) &&
    Array.isArray(counts) &&
    words.length === vocabularySize &&
    counts.length === vocabularySize &&
    words.every((word) => typeof word === 'string') &&
    counts.every((count) => Number.isSafeInteger(count) && count >= 1) &&
    new Set(words).size === vocabularySize;
  if (sound) return { words, counts: counts as number[] };
  throw new UserError(
    `${where}: expected ${vocabularySize} different words and as many counts (use the files of one checkpoint)`,
  );
}
