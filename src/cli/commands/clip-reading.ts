/** Options about how clips are read, the same for classifiers and for captioners of clips. */
import { UserError } from '../../shared/errors.js';
import { given } from '../../shared/given.js';
import { NUMBER_RULES } from '../../shared/rules.js';
import {
  clipReaderDefaults,
  type ClipReaderOptions,
  DEFAULT_FRAME_GAP,
  FRAME_STACKS,
  type FrameStack,
  type FrameView,
} from '../../tasks/encoder/clip-reading.js';
import type { NumberOptions } from './training-options.js';

export interface ClipReadingArguments {
  readonly frames: number | undefined;
  readonly frameSize: number | undefined;
  readonly frameStack: 'colour' | FrameStack['kind'] | undefined;
  readonly frameGap: number | undefined;
  readonly lastBlock: string | undefined;
  readonly positionSize: number | undefined;
  readonly projectionSize: number | undefined;
  readonly bidirectional: boolean;
  readonly motion: boolean;
  readonly dropout: number | undefined;
}

export const CLIP_READING_NUMBERS: NumberOptions = {
  'frame-size': {
    describe: 'Side of the frames that the encoder sees, in pixels (default: as it was trained)',
    rule: NUMBER_RULES.count,
  },
  'frame-gap': {
    describe: `Seconds from a frame to those stacked with it (default: as the encoder was trained, or ${DEFAULT_FRAME_GAP})`,
    rule: NUMBER_RULES.positive,
  },
  'position-size': {
    default: clipReaderDefaults.positionSize,
    describe: 'Values that are kept of each place in a frame; 0 takes the mean over places',
    rule: NUMBER_RULES.countFromZero,
  },
  'projection-size': {
    default: clipReaderDefaults.projectionSize,
    describe: "Length of a frame's vector; 0 leaves it as it is",
    rule: NUMBER_RULES.countFromZero,
  },
};

export const clipReadingOptions = {
  'last-block': {
    type: 'string',
    requiresArg: true,
    describe: 'Take the output of this block of the encoder (block5), not that of the last',
  },
  'frame-stack': {
    choices: ['colour', ...FRAME_STACKS],
    describe:
      'What stands in the three channels of a frame: its colours, grey before, at and after its time, or how grey changes ' +
      'between these (default: as the encoder was trained)',
  },
  bidirectional: { type: 'boolean', default: false, describe: 'Read clips from the end to the beginning too' },
  motion: { type: 'boolean', default: false, describe: 'Add the difference from the frame before to each frame' },
} as const;

/** What the options say of the encoder. */
export function encoderChoiceFrom({ frameSize, lastBlock }: ClipReadingArguments): {
  readonly inputSize?: number;
  readonly lastBlock?: string;
} {
  return given({ inputSize: frameSize, lastBlock });
}

/** What the options say of what reads the frames, but for its cells. */
export function clipReaderFrom(argv: ClipReadingArguments): ClipReaderOptions {
  const { motion, bidirectional, positionSize, projectionSize } = argv;
  return { motion, bidirectional, ...given({ positionSize, projectionSize }) };
}

/** What the options say of how frames are seen. */
export function frameStackFrom({ frameStack: kind, frameGap: gap }: ClipReadingArguments): {
  readonly stack?: FrameView;
} {
  if (kind === 'colour' && gap === undefined) return { stack: kind };
  if (kind !== 'colour') return { stack: given({ kind, gap }) };
  throw new UserError('--frame-gap: has no meaning with --frame-stack colour (leave it out)', { exitCode: 2 });
}
