/** A map of words as an HTML page: words that are used alike stand near each other. */
import { escapeUTF8 } from 'entities';
import { UserError } from '../../shared/errors.js';
import { warn } from '../../shared/log.js';
import { mapInTurns } from '../../shared/map-in-turns.js';
import { type Point, WORDS_PROJECTIONS, project, type WordsProjection } from './project.js';
import type { Neighbour, WordIndex } from './word-index.js';

export { WORDS_PROJECTIONS, type WordsProjection };

/** Which words are drawn, and how. */
export interface PlotWordsOptions {
  readonly index: WordIndex;
  /** The words to show; those without a vector are left out with a warning. */
  readonly words: readonly string[];
  /** By default `umap` for enough words to make out groups, else `pca`. */
  readonly projection?: WordsProjection;
  readonly seed: number;
  readonly title: string;
  readonly signal?: AbortSignal;
}

const [WIDTH, HEIGHT] = [1200, 900];
/** Where points may lie; to the right is room for a word. */
const [LEFT, RIGHT, TOP, BOTTOM] = [30, WIDTH - 130, 30, HEIGHT - 30];
/** Neighbours that are named when the pointer rests on a word. */
const NAMED_NEIGHBOURS = 5;
const FEWEST_FOR_UMAP = 30;

/** The text of the page. Throws UserError when fewer than two words have a vector, and the signal's reason when it is aborted. */
export async function plotWords(options: PlotWordsOptions): Promise<string> {
  const { index, words, seed, title, signal } = options;
  const numbers = [...new Set(words.flatMap((word) => numberOrWarning(index, word)))];
  if (numbers.length < 2) {
    throw new UserError(`expected at least two words that have a vector, found ${numbers.length} (name others)`);
  }
  const projection = options.projection ?? (numbers.length < FEWEST_FOR_UMAP ? 'pca' : 'umap');
  const points = fitIntoPage(
    await project(
      numbers.map((number) => index.row(number)),
      { projection, seed, signal },
    ),
  );
  const labelOf = (place: number): string => {
    const word = index.words[numbers[place] as number] as string;
    return label(word, points[place] as Point, index.similar(word, NAMED_NEIGHBOURS));
  };
  const labels = await mapInTurns(numbers.length, labelOf, { label: "finding the words' neighbours", signal });
  return page(title, `${numbers.length} words, ${projection.toUpperCase()}`, labels);
}

function numberOrWarning(index: WordIndex, word: string): number[] {
  const number = index.find(word);
  if (number !== undefined) return [number];
  warn(`${JSON.stringify(word)}: has no vector`);
  return [];
}

/** Stretches the points over the page, each axis by its own scale: only who is near whom has a meaning. */
function fitIntoPage(points: readonly Point[]): Point[] {
  const scale = (axis: 0 | 1, from: number, to: number): ((point: Point) => number) => {
    const values = points.map((point) => point[axis]);
    const low = values.reduce((a, b) => Math.min(a, b));
    const range = values.reduce((a, b) => Math.max(a, b)) - low;
    return (point) => (range === 0 ? (from + to) / 2 : from + ((point[axis] - low) / range) * (to - from));
  };
  const [x, y] = [scale(0, LEFT, RIGHT), scale(1, TOP, BOTTOM)];
  return points.map((point) => [x(point), y(point)]);
}

function label(word: string, [x, y]: Point, neighbours: readonly Neighbour[]): string {
  const near = neighbours.map((neighbour) => `${neighbour.word} ${neighbour.similarity.toFixed(2)}`).join('\n');
  const at = `transform="translate(${x.toFixed(1)} ${y.toFixed(1)})"`;
  return `<g ${at}><title>${escapeUTF8(`${word}\n${near}`)}</title><circle r="3"/><text x="6" y="4">${escapeUTF8(word)}</text></g>`;
}

function page(title: string, caption: string, labels: readonly string[]): string {
  return `<!doctype html>
<html>
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeUTF8(title)}</title>
<style>
body { margin: 1rem; font: 14px system-ui, sans-serif; color: #222; background: #fff; }
svg { width: 100%; height: auto; border: 1px solid #ddd; }
circle { fill: #3367d6; }
text { font-size: 12px; unicode-bidi: plaintext; }
g:hover text { font-weight: bold; }
</style>
</head>
<body>
<h1>${escapeUTF8(title)}</h1>
<p>${escapeUTF8(caption)}. Rest the pointer on a word for the words nearest to it, with their cosine.</p>
<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">
${labels.join('\n')}
</svg>
</body>
</html>
`;
}
