/**
 * Files that word vectors are judged by: analogy questions as Mikolov published them (`: section` lines, four words a
 * line), and word pairs with the similarity that people gave them (WordSim-353, SimLex-999, MEN, RareWords, …). And plain
 * lists of words.
 */
import { parse } from 'csv-parse/sync';
import { UserError } from '../../shared/errors.js';
import { LostCharacters } from '../../text/encoding.js';
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

/** Two words and what else a line of a file of pairs holds. */
interface PairLine {
  readonly where: string;
  readonly text: string;
  readonly cells: readonly string[];
}

/**
 * The pairs in the file at `path`: two words and a number a line, separated by tabs, commas, semicolons or spaces. The
 * number is the first after the words, whatever stands between; the first line may be a header.
 * Throws UserError with the line that has another form.
 */
export async function readRatedPairs(path: string): Promise<readonly RatedPair[]> {
  const lines: PairLine[] = [];
  await eachLine(path, (text, where) => {
    if (!text.startsWith('#')) lines.push({ where, text, cells: cellsOf(text) });
  });
  const pairs = (isHeader(lines) ? lines.slice(1) : lines).map(pairOf);
  if (pairs.length === 0) throw new UserError(`${path}: expected pairs of words with a number, found none`);
  return pairs;
}

const isNumber = (cell: string | undefined): cell is string =>
  cell !== undefined && cell !== '' && Number.isFinite(Number(cell));

/** The columns of a header may be called by numbers (WordSim-353: those of the people asked), but the third is not. */
function isHeader([first, second]: readonly PairLine[]): boolean {
  if (first === undefined || isNumber(first.cells[2])) return false;
  return !first.cells.slice(2).some(isNumber) || isNumber(second?.cells[2]);
}

const DELIMITERS = ['\t', ';', ','];

/** The cells of a line, by the first delimiter that makes three of it. */
function cellsOf(text: string): readonly string[] {
  for (const delimiter of DELIMITERS) {
    if (!text.includes(delimiter)) continue;
    const cells = delimitedCells(text, delimiter);
    if (cells.length >= 3) return cells;
  }
  return text.split(/ +/);
}

function delimitedCells(text: string, delimiter: string): readonly string[] {
  try {
    const rows = parse(text, { delimiter, relax_quotes: true, trim: true }) as unknown as string[][];
    return rows[0] ?? [];
  } catch {
    return text.split(delimiter).map((cell) => cell.trim()); // a quote that nothing closes is a letter
  }
}

function pairOf({ where, text, cells: [first = '', second = '', ...rest] }: PairLine): RatedPair {
  const number = rest.find(isNumber);
  if (first === '' || second === '' || number === undefined) {
    throw new UserError(`${where}: expected two words and a number, found ${JSON.stringify(text)}`);
  }
  return { words: [first, second], rating: Number(number) };
}

/** The words in the file at `path`, parted by white space. Throws UserError when it cannot be read. */
export async function readWords(path: string): Promise<readonly string[]> {
  const words: string[] = [];
  await eachLine(path, (text) => {
    for (const word of text.split(/\s+/)) words.push(word);
  });
  return words;
}

/** Visits the lines that are not empty; warns when some are not UTF-8. */
async function eachLine(path: string, visit: (text: string, where: string) => void): Promise<void> {
  const lost = new LostCharacters();
  await explainReadErrors(path, 'check the path', async () => {
    for await (const { number, text } of readLines(path)) {
      const where = `${path}:${number}`;
      lost.add(text, where);
      if (text.trim() !== '') visit(text.trim(), where);
    }
  });
  lost.warn();
}
