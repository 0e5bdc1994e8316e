/** `--text FILE --column NAME --documents file|line`: how commands are told of a text. */
import { given } from '../../shared/given.js';
import { DOCUMENT_KINDS, type DocumentKind } from '../../tasks/text/architecture.js';
import type { TextSource } from '../../tasks/text/corpus.js';

export const textOptions = {
  text: {
    type: 'string',
    requiresArg: true,
    demandOption: true,
    describe: 'A text file, a folder of text files, or a CSV or TSV file',
  },
  column: { type: 'string', requiresArg: true, describe: 'The column of a CSV or TSV file that has the texts' },
  documents: {
    choices: DOCUMENT_KINDS,
    default: 'file' as DocumentKind,
    describe: 'What one document is: a file (of tables a cell), or a line',
  },
} as const;

export interface TextArguments {
  readonly text: string;
  readonly column: string | undefined;
  readonly documents: DocumentKind;
}

export function textSourceOf({ text, column, documents }: TextArguments): TextSource {
  return { path: text, documents, ...given({ column }) };
}
