/** Saves an encoder as an `.onnx` file, for use outside of Node.js. */
import * as tf from '@tensorflow/tfjs-core';
import { exportOnnx } from '../../backend/export.js';
import { mobilenet, mobilenetProbabilities } from '../../models/mobilenet/index.js';
import { toTensors } from '../../training/parameters.js';
import { writeOutputFile } from '../output.js';
import { loadEncoder } from './encoder.js';

/** Which encoder is written to which file. */
export interface ExportEncoderOptions {
  /** What `loadEncoder` takes: an encoder folder, a checkpoint that holds an encoder, or a TensorFlow.js model. */
  readonly checkpoint: string;
  /** The file to write. */
  readonly output: string;
}

/**
 * Writes the encoder of `checkpoint`: `image` [batch, size, size, 3] in 0 … 255 (float32, RGB) to `grid` [batch, h, w, c],
 * `pooled` [batch, c] and, where it has a classifier, `probabilities` [batch, classes].
 * Throws `UserError` if there is no encoder or the file cannot be written.
 */
export async function exportEncoder({ checkpoint, output }: ExportEncoderOptions): Promise<void> {
  const { config, weights } = await loadEncoder(checkpoint);
  const parameters = toTensors(weights);
  const run = (image: tf.Tensor): tf.Tensor[] => {
    const { grid, pooled } = mobilenet(config, parameters, image as tf.Tensor4D);
    return config.classes === 0 ? [grid, pooled] : [grid, pooled, mobilenetProbabilities(config, parameters, pooled)];
  };
  const outputNames = config.classes === 0 ? ['grid', 'pooled'] : ['grid', 'pooled', 'probabilities'];
  const shape = ['batch', config.inputSize, config.inputSize, 3] as const;
  try {
    await writeOutputFile(output, () => exportOnnx(run, [{ name: 'image', shape }], output, { outputNames }));
  } finally {
    tf.dispose(parameters);
  }
}
