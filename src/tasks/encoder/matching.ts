/** Whether the parts of a checkpoint go with its encoder: someone may have put them together by hand, or edited one. */
import { type MobileNetConfig, mobilenetOutput } from '../../models/mobilenet/index.js';
import { UserError } from '../../shared/errors.js';

/** What a part says of the encoder. */
export interface EncoderSizes {
  /** Side of the pictures, in pixels. */
  readonly size?: number;
  /** Channels of the features. */
  readonly featureSize?: number;
  /** Places of the grid of features. */
  readonly gridLength?: number;
}

/** Throws UserError that names `where` and the size unless `part` has the sizes of `encoder`. */
export function requireEncoderSizes(
  { size, featureSize, gridLength }: EncoderSizes,
  encoder: MobileNetConfig,
  where: string,
): void {
  const output = mobilenetOutput(encoder);
  const sizes = [
    ['size', size, encoder.inputSize],
    ['featureSize', featureSize, output.featureSize],
    ['gridLength', gridLength, output.gridSize ** 2],
  ] as const;
  for (const [name, found, expected] of sizes) {
    if (found === undefined || found === expected) continue;
    throw new UserError(
      `${where}.${name}: expected ${expected}, as the encoder has, got ${found} (use the files of one checkpoint)`,
    );
  }
}
