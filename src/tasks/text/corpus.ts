/** The text that a language model is trained on or scored on: its documents, their split, and the same in numbers. */
import { UserError } from '../../shared/errors.js';
import { type CorpusSource, type DocumentKind, readDocuments } from '../../text/corpus.js';
import { normalizeText, splitText, type TextUnit } from '../../text/tokenizer.js';
import { END_ID, START_ID, type Vocabulary } from '../../text/vocabulary.js';
import { type HeldOut, splitItems } from '../held-out.js';

/** Documents to train a language model on, or to score one by. */
export interface TextSource extends CorpusSource {
  /** What one document is. Default: a file, or a cell of a table. */
  readonly documents?: DocumentKind;
}

export interface SplitTexts {
  readonly train: readonly string[];
  readonly heldOut: readonly string[];
}

/** The documents of `source`, empty ones too. Throws UserError when there is no text in them. */
export async function readTextDocuments(source: TextSource, signal?: AbortSignal): Promise<string[]> {
  const texts: string[] = [];
  for await (const text of readDocuments(source, source.documents)) {
    signal?.throwIfAborted();
    texts.push(normalizeText(text));
  }
  if (texts.every((text) => text.trim() === '')) {
    throw new UserError(`${source.path}: expected text, found nothing but white space`);
  }
  return texts;
}

/** Splits documents, a single one by its characters; empty ones go. Throws UserError when a part is left without text. */
export function splitTexts(texts: readonly string[], split: HeldOut): SplitTexts {
  const { train, heldOut } = parts(texts, split);
  const filled = (documents: readonly string[]): string[] => documents.filter((text) => text !== '');
  const result = { train: filled(train), heldOut: filled(heldOut) };
  if (result.train.length > 0 && (split.kind === 'none' || result.heldOut.length > 0)) return result;
  const empty = result.train.length === 0 ? 'train on' : 'hold out';
  throw new UserError(`the split leaves no text to ${empty} (give more text, or hold out another share of it)`);
}

function parts(texts: readonly string[], split: HeldOut): SplitTexts {
  const [only, second] = texts;
  if (split.kind !== 'last' || only === undefined || second !== undefined) return splitItems(texts, split);
  let at = Math.floor(only.length * (1 - split.share));
  if (/[\uDC00-\uDFFF]/.test(only.charAt(at))) at++; // never between the halves of a code point
  return { train: [only.slice(0, at)], heldOut: [only.slice(at)] };
}

/** A document in numbers: START, its units, END. */
export function encodeText(text: string, unit: TextUnit, vocabulary: Vocabulary): Int32Array {
  // No unit is shorter than a UTF-16 code unit.
  const ids = new Int32Array(text.length + 2);
  let length = 0;
  ids[length++] = START_ID;
  for (const token of splitText(text, unit)) ids[length++] = vocabulary.idOf(token);
  ids[length++] = END_ID;
  return ids.slice(0, length);
}
