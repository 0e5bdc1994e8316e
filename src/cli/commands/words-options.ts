/** What the commands of `looksay words` share. */
import { NUMBER_RULES } from '../../shared/rules.js';
import { loadWordVectors } from '../../tasks/words/vectors.js';
import { WordIndex } from '../../tasks/words/word-index.js';
import type { LinesArguments } from './results.js';
import type { NumberOptions } from './training-options.js';

export const vectorsOption = {
  vectors: {
    type: 'string',
    requiresArg: true,
    demandOption: true,
    describe: 'A folder of looksay train words, or a file of word2vec (text or binary) or GloVe',
  },
} as const;

const DEFAULT_COUNT = 10;

export const countOption: NumberOptions = {
  count: { default: DEFAULT_COUNT, describe: 'Words to give', rule: NUMBER_RULES.count },
};

export interface SearchArguments extends LinesArguments {
  readonly vectors: string;
  readonly count: number | undefined;
}

export function countOf({ count }: SearchArguments): number {
  return count ?? DEFAULT_COUNT;
}

export async function loadIndex(path: string): Promise<WordIndex> {
  return new WordIndex(await loadWordVectors(path), path);
}
