/** What a classifier of texts may be made of: the choices that a command offers, with their defaults. */
export { CELL_KINDS as CELLS } from '../../layers/cells.js';
export { type Pooling, POOLINGS } from '../../layers/pooling.js';
export { sentimentDefaults } from '../../models/sentiment/index.js';
export { TEXT_UNITS, type TextUnit } from '../../text/tokenizer.js';
export { DEFAULT_LABEL_COLUMN, DEFAULT_TEXT_COLUMN } from '../../datasets/texts/index.js';
