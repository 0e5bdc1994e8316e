/** How classes of clips are written. */
import type { ResultKind } from '../result-format.js';
import { withProbability } from '../scored-labels.js';
import type { ClassifyResult } from './predict.js';

/** Classes as results about videos. */
export const CLASSIFY_RESULTS: ResultKind<ClassifyResult> = {
  nameKey: 'video',
  answerKey: 'label',
  columns: ['video', 'label', 'probability', 'error', 'timeline'],
  nameOf: ({ video }) => video,
  textOf: (result) => ('label' in result ? textLine(result) : `error: ${result.error}`),
  linesOf: (result) => ('label' in result ? textLines(result) : [`error: ${result.error}`]),
  rowOf: (result) =>
    'label' in result ? { ...result, timeline: stretches(result.timeline ?? []).join('; ') } : { ...result },
};

type Answer = Extract<ClassifyResult, { label: string }>;

/** The class and, where they were asked for, the stretches of the clip, with tabs between. */
function textLine(result: Answer): string {
  return [withProbability(result), ...stretches(result.timeline ?? [])].join('\t');
}

function textLines(result: Answer): readonly string[] {
  const { top, timeline = [], partial } = result;
  return [
    ...top.map(withProbability),
    ...stretches(timeline),
    ...(partial === undefined ? [] : [`(the file ${partial})`]),
  ];
}

/** Runs of frames that are taken for the same. */
function stretches(timeline: readonly { readonly time: number; readonly label: string }[]): readonly string[] {
  const lines: { from: number; to: number; label: string }[] = [];
  for (const { time, label } of timeline) {
    const last = lines.at(-1);
    if (last?.label === label) last.to = time;
    else lines.push({ from: time, to: time, label });
  }
  return lines.map(({ from, to, label }) => `${from.toFixed(1)}–${to.toFixed(1)} s  ${label}`);
}
