/** What passes between a program and its decoder process. */
import type { ImagePreprocessing } from '../preprocessing.js';
import type { DecodedVideo } from './frames.js';
import type { FrameSampling } from './sampling.js';

/** A clip to decode. */
export interface DecoderJob {
  readonly path: string;
  readonly preprocessing: ImagePreprocessing;
  readonly samplings: readonly FrameSampling[];
  /** Seconds that each process of ffmpeg's may take. */
  readonly timeout: number;
}

export type DecoderRequest =
  | { readonly kind: 'decode'; readonly id: number; readonly job: DecoderJob }
  | { readonly kind: 'abort'; readonly id: number };

export type DecoderReply =
  | { readonly kind: 'decoded'; readonly id: number; readonly video: DecodedVideo }
  /** The clip is to blame: what is wrong with it. */
  | { readonly kind: 'refused'; readonly id: number; readonly reason: string }
  /** What it is decoded with is to blame, which the user can mend. */
  | { readonly kind: 'unable'; readonly id: number; readonly message: string }
  /** We are. */
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };
