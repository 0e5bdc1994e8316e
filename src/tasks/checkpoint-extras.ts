/** The JSON files beside the weights of a checkpoint, checked: the vocabulary and the labels. */
import { UserError } from '../shared/errors.js';
import { Vocabulary } from '../text/vocabulary.js';
import type { CheckpointExtras } from '../training/checkpoint.js';

export const VOCABULARY_FILE = 'vocabulary.json';
export const LABELS_FILE = 'labels.json';

/** The vocabulary of `size` tokens in the checkpoint `folder`. Throws UserError when it is damaged or another one. */
export function readVocabulary(extras: CheckpointExtras, size: number, folder: string): Vocabulary {
  const where = `${folder}/${VOCABULARY_FILE}`;
  const vocabulary = Vocabulary.fromJSON(extras[VOCABULARY_FILE], where);
  if (vocabulary.size === size) return vocabulary;
  throw new UserError(`${where}: expected ${size} tokens, found ${vocabulary.size} (use the files of one checkpoint)`);
}

/** The labels of `classes` classes by number. Throws UserError when they are damaged or others. */
export function readLabels(extras: CheckpointExtras, classes: number, folder: string): readonly string[] {
  const value = extras[LABELS_FILE];
  const isList = Array.isArray(value) && value.every((label) => typeof label === 'string');
  if (isList && value.length === classes && new Set(value).size === classes) return value as string[];
  throw new UserError(
    `${folder}/${LABELS_FILE}: expected a list of ${classes} different labels (use the files of one checkpoint)`,
  );
}
