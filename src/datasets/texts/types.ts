/** Texts with labels, as readers give them. */

export interface LabelledText {
  readonly text: string;
  readonly label: string;
}

export interface LabelledTexts {
  readonly texts: readonly LabelledText[];
  /** In the order of their numbers. */
  readonly labels: readonly string[];
  /** What was left out, and why; what is damaged. */
  readonly problems: readonly string[];
}

/** Where texts with labels are. */
export interface LabelledTextSource {
  /** A CSV, TSV or JSONL file, or a folder with a folder of text files for each class. */
  readonly path: string;
  /** The columns (of JSONL the keys) of text and label. Default: `text`, `label`. */
  readonly textColumn?: string;
  readonly labelColumn?: string;
}
