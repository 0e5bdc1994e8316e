/** How captions are written. */
import type { ResultKind } from '../result-format.js';
import type { ScoredCaption } from './generate.js';
import type { CaptionResult } from './predict.js';
import type { ClipCaptionResult } from './predict-clips.js';

type Answer = { readonly caption: string; readonly candidates?: readonly ScoredCaption[]; readonly partial?: string };

function captionResults<Result extends Answer | { readonly error: string }>(
  nameKey: string,
  nameOf: (result: Result) => string,
): ResultKind<Result> {
  return {
    nameKey,
    nameOf,
    answerKey: 'caption',
    columns: [nameKey, 'caption', 'logProbability', 'error'],
    textOf: (result) => ('caption' in result ? captionsOf(result).join('\t') : `error: ${result.error}`),
    linesOf: (result) => ('caption' in result ? textLines(result) : [`error: ${result.error}`]),
    rowOf: (result) => ({ ...result }),
  };
}

/** Captions as results about images. */
export const CAPTION_RESULTS = captionResults<CaptionResult>('image', ({ image }) => image);

/** Captions as results about videos. */
export const CLIP_CAPTION_RESULTS = captionResults<ClipCaptionResult>('video', ({ video }) => video);

/** The candidates, the best first, or the one caption. */
function captionsOf({ caption, candidates }: Answer): readonly string[] {
  return candidates?.map((one) => one.caption) ?? [caption];
}

function textLines({ caption, candidates, partial }: Answer): readonly string[] {
  const lines = candidates?.map((one) => `${one.logProbability.toFixed(2)}  ${one.caption}`) ?? [caption];
  return partial === undefined ? lines : [...lines, `(the file ${partial})`];
}
