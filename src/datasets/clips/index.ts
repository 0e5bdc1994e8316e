/** Labelled clips: readers of the known layouts, and splits by recording. */
export { readClips } from './read.js';
export { type ClipSplit, type FoldOptions, groupBy, type GroupOf, splitByFold, splitByFraction, splitByNames } from './split.js';
export type { ClipSet, LabelledClip } from './types.js';
