/** How captions are written. */
import type { ResultKind } from '../result-format.js';
import type { CaptionResult } from './predict.js';

/** Captions as results about images. */
export const CAPTION_RESULTS: ResultKind<CaptionResult> = {
  nameKey: 'image',
  answerKey: 'caption',
  columns: ['image', 'caption', 'logProbability', 'error'],
  nameOf: ({ image }) => image,
  textOf: (result) => ('caption' in result ? result.caption : `error: ${result.error}`),
  linesOf: (result) => ('caption' in result ? textLines(result) : [`error: ${result.error}`]),
  rowOf: (result) => ({ ...result }),
};

function textLines(result: Extract<CaptionResult, { caption: string }>): readonly string[] {
  const { candidates } = result;
  if (candidates === undefined) return [result.caption];
  return candidates.map(({ caption, logProbability }) => `${logProbability.toFixed(2)}  ${caption}`);
}
