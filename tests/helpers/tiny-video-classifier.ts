/** A video classifier of random weights in a temporary folder: what commands do does not depend on its size. */
import { join } from 'node:path';
import type { FrameStack } from '../../src/media/image.js';
import { mobilenetOutput, mobilenetParameterShapes } from '../../src/models/mobilenet/index.js';
import { createVideoClassifierParameters, videoClassifierDefaults } from '../../src/models/video-classifier/index.js';
import { Random } from '../../src/shared/random.js';
import { saveVideoModel } from '../../src/tasks/video/model.js';
import { randomWeights, temporaryFolder, tinyEncoder } from './tiny-captioner.js';

/** Saves the tiny classifier and returns its folder; `stack` says how it sees frames. */
export async function saveTinyVideoClassifier(stack?: FrameStack): Promise<string> {
  const folder = join(await temporaryFolder(), 'checkpoint');
  const { gridSize, featureSize } = mobilenetOutput(tinyEncoder);
  const classifier = {
    ...videoClassifierDefaults,
    ...{ hiddenSize: 8, projectionSize: 8, featureSize, gridLength: gridSize ** 2, classes: 2 },
  };
  await saveVideoModel(
    folder,
    {
      config: {
        preprocessing: { size: 32, fit: 'squash', kernel: 'cubic', ...(stack === undefined ? {} : { stack }) },
        encoder: tinyEncoder,
        classifier,
        frames: 4,
      },
      labels: ['jump', 'run'],
      encoder: randomWeights(mobilenetParameterShapes(tinyEncoder), 1),
      classifier: createVideoClassifierParameters(classifier, new Random(2)),
    },
    { modelCard: 'tiny\n', precision: 'F32' },
  );
  return folder;
}
