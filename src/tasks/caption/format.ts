/** How captions are written. */
import type { ResultKind } from '../result-format.js';
import type { CaptionDecodingOptions, ScoredCaption } from './generate.js';
import type { CaptionResult } from './predict.js';
import type { ClipCaptionResult } from './predict-clips.js';

type Answer = { readonly caption: string; readonly candidates?: readonly ScoredCaption[]; readonly partial?: string };

/** How many captions are given of each file: one, or as candidates several. */
type Candidates = Pick<CaptionDecodingOptions, 'candidates'>;

function resultsOf<Result extends Answer | { readonly error: string }>(
  nameKey: string,
  nameOf: (result: Result) => string,
  { candidates }: Candidates,
): ResultKind<Result> {
  const further = Array.from({ length: candidates - 1 }, (_, index) => columnsOf(index + 2)).flat();
  return {
    nameKey,
    nameOf,
    answerKey: 'caption',
    columns: [nameKey, 'caption', 'logProbability', ...further, 'error'],
    textOf: (result) => ('caption' in result ? captionsOf(result).join('\t') : `error: ${result.error}`),
    linesOf: (result) => ('caption' in result ? textLines(result) : [`error: ${result.error}`]),
    rowOf: (result) => ({ ...result, ...('caption' in result ? furtherCells(result) : {}) }),
  };
}

/** Captions as results about images. */
export const captionResults = (candidates: Candidates): ResultKind<CaptionResult> =>
  resultsOf('image', ({ image }) => image, candidates);

/** Captions as results about videos. */
export const clipCaptionResults = (candidates: Candidates): ResultKind<ClipCaptionResult> =>
  resultsOf('video', ({ video }) => video, candidates);

/** The columns of CSV for the candidate of this number, from 2 on. */
const columnsOf = (number: number): readonly [string, string] => [`caption${number}`, `logProbability${number}`];

/** What stands in them: the first candidate is the caption itself. */
function furtherCells({ candidates = [] }: Answer): Readonly<Record<string, string | number>> {
  const rows = candidates.slice(1).map(({ caption, logProbability }, index) => {
    const [text, number] = columnsOf(index + 2);
    return { [text]: caption, [number]: logProbability };
  });
  return Object.assign({}, ...rows) as Readonly<Record<string, string | number>>;
}

/** The candidates, the best first, or the one caption. */
function captionsOf({ caption, candidates }: Answer): readonly string[] {
  return candidates?.map((one) => one.caption) ?? [caption];
}

function textLines({ caption, candidates, partial }: Answer): readonly string[] {
  const lines = candidates?.map((one) => `${one.logProbability.toFixed(2)}  ${one.caption}`) ?? [caption];
  return partial === undefined ? lines : [...lines, `(the file ${partial})`];
}
