/** A training small enough to be followed by hand. */
import {
  createMemory,
  createNoiseTable,
  createWord2VecParameters,
  keepThresholds,
  layOut,
  type NegativeSamplingRecipe,
  readTable,
  rowsAtOnce,
  type SharedTraining,
  type TrainingText,
  type Word2VecConfig,
  writeTable,
} from '../../../src/models/word2vec/index.js';
import type { HostTensor } from '../../../src/layers/parameters.js';
import { Random } from '../../../src/shared/random.js';

export const tinyRecipe: NegativeSamplingRecipe = {
  architecture: 'skip-gram',
  window: 2,
  negatives: 5,
  learningRate: 0.05,
  minimumLearningRate: 0.05,
  epochs: 1,
  seed: 1,
};

export function tinyConfig(vocabularySize: number, embeddingSize = 6): Word2VecConfig {
  return { architecture: 'skip-gram', objective: 'negative-sampling', vocabularySize, embeddingSize };
}

function shared<T extends Int32Array | Uint32Array>(array: T): T {
  const copy = new (array.constructor as new (buffer: SharedArrayBuffer) => T)(new SharedArrayBuffer(array.byteLength));
  copy.set(array);
  return copy;
}

/** Sentences of word numbers as a text; each sentence is a job. */
export function tinyText(sentences: readonly (readonly number[])[], vocabularySize: number): TrainingText {
  const starts = [0];
  for (const sentence of sentences) starts.push((starts.at(-1) as number) + sentence.length);
  const counts = Array.from(
    { length: vocabularySize },
    (_, word) => 1 + sentences.flat().filter((token) => token === word).length,
  );
  return {
    tokens: shared(Int32Array.from(sentences.flat())),
    sentenceStarts: shared(Uint32Array.from(starts)),
    jobStarts: shared(Uint32Array.from(starts.keys())),
    noise: createNoiseTable(counts),
    keepThresholds: keepThresholds(counts, 0),
  };
}

export interface TinyTraining extends SharedTraining {
  /** Both tables as they are now. */
  readonly tables: () => { readonly input: HostTensor; readonly output: HostTensor };
}

/** A training whose tables both begin at random, for `threads` threads. */
export function tinyTraining(
  text: TrainingText,
  config: Word2VecConfig,
  recipe: NegativeSamplingRecipe,
  threads = 1,
): TinyTraining {
  const layout = layOut({ ...config, rowsAtOnce: rowsAtOnce(recipe), threads });
  const memory = createMemory(layout);
  const { input } = createWord2VecParameters(config, new Random(3));
  const scaled = (factor: number): HostTensor => ({ ...input, values: input.values.map((value) => value * factor) });
  writeTable(memory, layout, layout.inputAt, scaled(2));
  writeTable(memory, layout, layout.outputAt, scaled(-1.5));
  return {
    text,
    recipe,
    layout,
    memory,
    tables: () => ({
      input: readTable(memory, layout, layout.inputAt),
      output: readTable(memory, layout, layout.outputAt),
    }),
  };
}
