/**
 * An encoder made fit for a task: without its classifier, for another size of pictures, cut off at an earlier block; and how
 * the pictures and frames that it is to see are prepared.
 */
import type { FrameStack, ImagePreprocessing } from '../../media/image.js';
import { mobilenetParameterShapes, validateMobileNetConfig } from '../../models/mobilenet/index.js';
import { UserError } from '../../shared/errors.js';
import { note } from '../../shared/log.js';
import { fingerprintWeights } from '../../training/weights.js';
import { DEFAULT_FRAME_GAP, type FrameView } from './clip-reading.js';
import { type Encoder, loadEncoder } from './encoder.js';

/** Which encoder a new model looks through, and how. */
export interface EncoderChoice {
  /** An encoder: a checkpoint of ours that holds one, or a TensorFlow.js model on disk. */
  readonly encoder: string;
  /** Side of the pictures that it sees, in pixels; default: as it was trained. */
  readonly inputSize?: number;
  /** The block whose output is taken, for features that are smaller in depth and nearer to the picture; default: the last. */
  readonly lastBlock?: string;
}

/**
 * Loads the encoder and keeps of it what the choice asks for. Throws `UserError` (exit code 2) for a size out of range or
 * a block that it does not have.
 */
export async function loadAdaptedEncoder({ encoder: path, inputSize, lastBlock }: EncoderChoice): Promise<Encoder> {
  const { config, weights, stack } = await loadEncoder(path);
  const { lastBlock: formerLast, ...rest } = config;
  const last = lastBlock ?? formerLast;
  const wanted = {
    ...{ ...rest, classes: 0, inputSize: inputSize ?? config.inputSize },
    ...(last === undefined ? {} : { lastBlock: last }),
  };
  const adapted = asUsage(() => validateMobileNetConfig(wanted, path));
  const names = Object.keys(mobilenetParameterShapes(adapted));
  const missing = names.find((name) => weights[name] === undefined);
  if (missing !== undefined) {
    throw new UserError(`${path}: holds the blocks up to ${formerLast ?? 'its last'}, not ${lastBlock ?? ''}`, {
      exitCode: 2,
    });
  }
  const kept = Object.fromEntries(Object.entries(weights).filter(([name]) => names.includes(name)));
  return {
    config: adapted,
    weights: kept,
    fingerprint: fingerprintWeights(kept),
    ...(stack === undefined ? {} : { stack }),
  };
}

function asUsage<T>(check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof UserError) throw new UserError(error.message, { exitCode: 2, cause: error });
    throw error;
  }
}

/** How pictures are prepared for an encoder that a model is made of. */
export function preprocessingFor({ config }: Encoder, { fit }: Pick<ImagePreprocessing, 'fit'>): ImagePreprocessing {
  return { size: config.inputSize, fit, kernel: 'cubic' };
}

/**
 * How frames are prepared for an encoder that a model of clips is made of. Throws UserError (exit code 2) for a gap between
 * frames that are seen in their colours.
 */
export function framePreprocessingFor(
  encoder: Encoder,
  { fit, stack: view }: Pick<ImagePreprocessing, 'fit'> & { readonly stack?: FrameView | undefined },
): ImagePreprocessing {
  const stack = view === 'colour' ? undefined : stackFor(view, encoder.stack);
  return { ...preprocessingFor(encoder, { fit }), ...(stack === undefined ? {} : { stack }) };
}

function stackFor(asked: Partial<FrameStack> = {}, trained?: FrameStack): FrameStack | undefined {
  const { kind = trained?.kind } = asked;
  if (kind === undefined && asked.gap === undefined) return undefined;
  if (kind === undefined) {
    throw new UserError('--frame-gap: has no meaning for frames in colour (give --frame-stack, or leave it out)', {
      exitCode: 2,
    });
  }
  const { gap = trained?.kind === kind ? trained.gap : DEFAULT_FRAME_GAP } = asked;
  if (asked.kind === undefined) note(`frames are seen by ${kind} over ${gap} s, as the encoder was trained`);
  return { kind, gap };
}
