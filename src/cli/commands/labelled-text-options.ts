/** `--data FILE --text-column NAME --label-column NAME`: how commands are told of labelled texts. */
import { DEFAULT_LABEL_COLUMN, DEFAULT_TEXT_COLUMN } from '../../tasks/sentiment/architecture.js';
import type { LabelledTextSource } from '../../tasks/sentiment/data.js';

export const labelledTextOptions = {
  data: {
    type: 'string',
    requiresArg: true,
    demandOption: true,
    describe: 'A CSV, TSV or JSONL file, or a folder with a folder of text files a class',
  },
  'text-column': {
    type: 'string',
    requiresArg: true,
    default: DEFAULT_TEXT_COLUMN,
    describe: 'The column (of JSONL the key) of the texts',
  },
  'label-column': {
    type: 'string',
    requiresArg: true,
    default: DEFAULT_LABEL_COLUMN,
    describe: 'The column (of JSONL the key) of the labels',
  },
} as const;

export interface LabelledTextArguments {
  readonly data: string;
  readonly textColumn: string;
  readonly labelColumn: string;
}

/** The texts at `path`, by default those of `--data`. */
export function labelledTextsOf(
  { data, textColumn, labelColumn }: LabelledTextArguments,
  path = data,
): LabelledTextSource {
  return { path, textColumn, labelColumn };
}
