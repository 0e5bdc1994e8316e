/** The model that training begins with: a new classifier on an encoder. */
import type { ImagePreprocessing } from '../../media/image.js';
import { mobilenetOutput } from '../../models/mobilenet/index.js';
import {
  createVideoClassifierParameters,
  validateVideoClassifierConfig,
  type VideoClassifierConfig,
  videoClassifierDefaults,
} from '../../models/video-classifier/index.js';
import { Random } from '../../shared/random.js';
import { type EncoderChoice, framePreprocessingFor, type FrameView, loadAdaptedEncoder } from '../encoder/index.js';
import type { VideoModel } from './model.js';

/** What a video classifier is made of. */
export interface VideoModelOptions extends EncoderChoice {
  /** What is done about frames that are not square. */
  readonly fit: ImagePreprocessing['fit'];
  /** How frames are seen; default: as the encoder was trained. */
  readonly stack?: FrameView;
  /** Frames that a clip is seen by. */
  readonly frames: number;
  /** Windows that clips are seen by once the model is trained, where nothing else is said; default 1. */
  readonly windows?: number;
  /** The architecture; what is not given has its default. */
  readonly classifier: Partial<Omit<VideoClassifierConfig, 'classes' | 'featureSize' | 'gridLength'>>;
}

/** A video classifier but for its encoder. */
export const videoModelDefaults: Omit<VideoModelOptions, 'encoder'> = { fit: 'squash', frames: 16, classifier: {} };

/** Loads the encoder and draws the classifier's weights. */
export async function initialVideoModel(
  options: VideoModelOptions,
  labels: readonly string[],
  seed: number,
): Promise<VideoModel> {
  const encoder = await loadAdaptedEncoder(options);
  const { gridSize, featureSize } = mobilenetOutput(encoder.config);
  const classifier = validateVideoClassifierConfig(
    {
      ...videoClassifierDefaults,
      ...options.classifier,
      classes: labels.length,
      featureSize,
      gridLength: gridSize * gridSize,
    },
    'classifier',
  );
  return {
    config: {
      preprocessing: framePreprocessingFor(encoder, options),
      encoder: encoder.config,
      classifier,
      frames: options.frames,
      ...(options.windows === undefined ? {} : { windows: options.windows }),
    },
    labels,
    encoder: encoder.weights,
    classifier: createVideoClassifierParameters(classifier, new Random(seed)),
  };
}
