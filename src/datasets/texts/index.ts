/** Labelled texts: readers of the known layouts. */
export { DEFAULT_LABEL_COLUMN, DEFAULT_TEXT_COLUMN, readLabelledTexts } from './read.js';
export type { LabelledText, LabelledTexts, LabelledTextSource } from './types.js';
