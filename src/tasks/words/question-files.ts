/**
 * Files that word vectors are judged by: analogy questions as Mikolov published them (`: section` lines, four words a
 * line), and word pairs with the similarity that people gave them (WordSim-353, SimLex-999, MEN, RareWords, …).
 */
import { UserError } from '../../shared/errors.js';
import { readLines } from '../../text/lines.js';
import { explainReadErrors } from '../../training/system-errors.js';

export interface AnalogyQuestion {
  readonly section: string;
  /** a is to b as c is to d, which is asked for. */
  readonly words: readonly [a: string, b: string, c: string, d: string];
}

export interface RatedPair {
  readonly words: readonly [string, string];
  readonly rating: number;
}

const NO_SECTION = 'questions';

/** The questions in the file at `path`. Throws UserError with the line that has another form. */
export async function readAnalogies(path: string): Promise<readonly AnalogyQuestion[]> {
  const questions: AnalogyQuestion[] = [];
  let section = NO_SECTION;
  await eachLine(path, (text, where) => {
    if (text.startsWith(':')) {
      section = text.slice(1).trim();
      return;
    }
    const words = text.split(/\s+/);
    if (words.length !== 4) {
      throw new UserError(`${where}: expected four words, or a colon and the name of a section, found ${words.length}`);
    }
    questions.push({ section, words: words as unknown as AnalogyQuestion['words'] });
  });
  if (questions.length === 0) throw new UserError(`${path}: expected analogy questions, found none`);
  return questions;
}

const SEPARATORS = ['\t', ';', ',', / +/];

/**
 * The pairs in the file at `path`: two words and a number a line, separated by tabs, commas, semicolons or spaces. The
 * number is the first after the words, whatever stands between. A first line without one is a header.
 * Throws UserError with the line that has another form.
 */
export async function readRatedPairs(path: string): Promise<readonly RatedPair[]> {
  const pairs: RatedPair[] = [];
  let isFirst = true;
  await eachLine(path, (text, where) => {
    if (text.startsWith('#')) return;
    const pair = pairOf(text);
    if (pair !== undefined) pairs.push(pair);
    else if (!isFirst) throw new UserError(`${where}: expected two words and a number, found ${JSON.stringify(text)}`);
    isFirst = false;
  });
  if (pairs.length === 0) throw new UserError(`${path}: expected pairs of words with a number, found none`);
  return pairs;
}

/** A cell without the quotes that tables put around texts. */
const unquoted = (cell: string): string => cell.trim().replace(/^"(.*)"$/, '$1');

function pairOf(text: string): RatedPair | undefined {
  for (const separator of SEPARATORS) {
    const [first = '', second = '', ...rest] = text.split(separator).map(unquoted);
    const number = rest.find((cell) => cell !== '' && Number.isFinite(Number(cell)));
    if (first !== '' && second !== '' && number !== undefined)
      return { words: [first, second], rating: Number(number) };
  }
  return undefined;
}

/** Visits the lines that are not empty. */
async function eachLine(path: string, visit: (text: string, where: string) => void): Promise<void> {
  await explainReadErrors(path, 'check the path', async () => {
    for await (const { number, text } of readLines(path)) {
      if (text.trim() !== '') visit(text.trim(), `${path}:${number}`);
    }
  });
}
