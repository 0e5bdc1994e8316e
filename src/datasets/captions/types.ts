/** What readers of caption files give, whatever the format. */

/** A photo with the sentences that people wrote for it. */
export interface CaptionedImage {
  /** Absolute path of an existing file. */
  readonly image: string;
  /** At least one; distinct; without line breaks or outer spaces. */
  readonly captions: readonly string[];
  /** `train`, `val` (also for `dev`), `test`, or as written in the file; absent when the source names none. */
  readonly split?: string;
}

/** Something in the data that was left out. */
export interface Problem {
  /** `file:line`, or `file:annotations[7]` in formats that are one document. */
  readonly where: string;
  readonly message: string;
}

/** Takes note of a problem; reading goes on. */
export type Report = (where: string, message: string) => void;

/** One caption as a reader found it, not yet checked. */
export interface CaptionEntry {
  /** Where it stands (see `Problem.where`). */
  readonly where: string;
  /** The photo's name as written, relative to the folder of images. */
  readonly image: string;
  /** Another name to try when there is no such photo. */
  readonly otherImage?: string;
  readonly caption: string;
  readonly split?: string;
  /** What must occur once only in the file (`photo.jpg#2`). */
  readonly id?: string;
}

/** Reads the captions of a file in order; problems of form go to `report`. */
export type CaptionReader = (path: string, report: Report) => AsyncIterable<CaptionEntry>;
