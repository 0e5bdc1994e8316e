/** What reads the frames of clips: the choices that commands offer, with their defaults. */
import type { FrameStack } from '../../media/image.js';
import type { ClipReaderConfig } from '../../models/clip-reader/index.js';

export { FRAME_STACKS, type FrameStack } from '../../media/image.js';
export { clipReaderDefaults } from '../../models/clip-reader/index.js';

/** How frames of clips are seen: each in its colours, or stacked; what is left out is as the encoder was trained. */
export type FrameView = 'colour' | Partial<FrameStack>;

/** A reader's settings but for what the encoder decides. */
export type ClipReaderOptions = Partial<Omit<ClipReaderConfig, 'featureSize' | 'gridLength' | 'dropout'>>;

/** Seconds between the frames of a stack, where neither the user nor an encoder says. */
export const DEFAULT_FRAME_GAP = 0.2;
