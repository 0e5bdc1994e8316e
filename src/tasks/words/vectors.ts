/** Word vectors from anywhere: a checkpoint of `looksay train words`, or a file in a published format. */
import { stat } from 'node:fs/promises';
import { extname } from 'node:path';
import { readWordVectors, type WordVectorFormat, type WordVectors, writeWordVectors } from '../../text/word-vectors.js';
import { requireString } from '../../shared/rules.js';
import { explainReadErrors } from '../../training/system-errors.js';
import { writeOutputFile } from '../output.js';
import { loadWordModel, type WordModel } from './model.js';

/** The vectors of a trained model by word; they share its memory. */
export function vectorsOf({ words, input }: Pick<WordModel, 'words' | 'input'>): WordVectors {
  const [, dimension = 0] = input.shape;
  const rows = words.map((word, row): [string, Float32Array] => [
    word,
    input.values.subarray(row * dimension, (row + 1) * dimension),
  ]);
  return { dimension, vectors: new Map(rows) };
}

/**
 * The word vectors at `path`: a checkpoint folder, or a file of word2vec or GloVe. Words keep the order of the file,
 * which by custom is that of their frequency; `vocabulary` names those to keep (all when absent).
 * Throws UserError for what cannot be read.
 */
export async function loadWordVectors(path: string, vocabulary?: Iterable<string>): Promise<WordVectors> {
  requireString('path', path);
  const isFolder = await explainReadErrors(path, 'check the path', async () => (await stat(path)).isDirectory());
  if (!isFolder) return readWordVectors(path, vocabulary === undefined ? {} : { vocabulary });
  const { dimension, vectors } = vectorsOf((await loadWordModel(path)).model);
  if (vocabulary === undefined) return { dimension, vectors };
  const wanted = new Set(vocabulary);
  return { dimension, vectors: new Map([...vectors].filter(([word]) => wanted.has(word))) };
}

/** The format that the name of a file asks for. */
export function formatOf(path: string): WordVectorFormat {
  return extname(path).toLowerCase() === '.bin' ? 'binary' : 'text';
}

/** Writes `vectors` to `path` in the format of its name. Throws UserError where the system refuses. */
export async function exportWordVectors(path: string, vectors: WordVectors): Promise<void> {
  await writeOutputFile(path, () => writeWordVectors(path, vectors, formatOf(path)));
}
