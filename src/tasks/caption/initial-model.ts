/** The model that training begins with: a new captioner on an encoder, or a captioner that was trained before. */
import type { CaptionedImage } from '../../datasets/captions/index.js';
import type { ImagePreprocessing } from '../../media/image.js';
import {
  type CaptionerConfig,
  type CaptionerInitialization,
  captionerDefaults,
  createCaptionerParameters,
  validateCaptionerConfig,
} from '../../models/captioner/index.js';
import { mobilenetOutput } from '../../models/mobilenet/index.js';
import { UserError } from '../../shared/errors.js';
import { Random } from '../../shared/random.js';
import { type CaptionModel, loadCaptionModel } from './model.js';
import { loadEncoder } from '../encoder/index.js';
import { loadWordVectors } from '../words/vectors.js';
import { buildVocabulary } from './vocabulary.js';

/** What a captioner is made of, where it is not begun from another. */
export interface ModelOptions {
  /** An encoder: a checkpoint of ours or a TensorFlow.js model on disk. */
  readonly encoder?: string;
  /** A captioner whose weights, vocabulary and configuration are taken over. */
  readonly startFrom?: string;
  /** What is done about pictures that are not square. */
  readonly fit: ImagePreprocessing['fit'];
  /** Words that occur less often are unknown. */
  readonly minimumCount: number;
  /** The captioner's architecture; what is not given has its default. */
  readonly captioner: Partial<Omit<CaptionerConfig, 'vocabularySize' | 'featureSize' | 'gridLength'>>;
  /** Word vectors that the embedding starts from: a checkpoint of word vectors, or a file of word2vec or GloVe. */
  readonly wordVectors?: string;
}

export const modelDefaults: ModelOptions = { fit: 'squash', minimumCount: 5, captioner: {} };

/** Builds or loads the model. Throws UserError when neither an encoder nor a captioner to start from is given. */
export async function initialModel(
  options: ModelOptions,
  train: readonly CaptionedImage[],
  seed: number,
): Promise<CaptionModel> {
  if (options.startFrom !== undefined) return loadCaptionModel(options.startFrom);
  if (options.encoder === undefined) {
    throw new UserError('expected an encoder or a captioner to start from (--encoder DIR or --start-from CHECKPOINT)', {
      exitCode: 2,
    });
  }
  const encoder = await loadEncoder(options.encoder);
  const { gridSize, featureSize } = mobilenetOutput(encoder.config);
  const vocabulary = buildVocabulary(train, options.minimumCount);
  const captioner = validateCaptionerConfig(
    {
      ...captionerDefaults,
      ...options.captioner,
      vocabularySize: vocabulary.size,
      featureSize,
      gridLength: gridSize * gridSize,
    },
    'captioner',
  );
  return {
    config: {
      preprocessing: { size: encoder.config.inputSize, fit: options.fit, kernel: 'cubic' },
      encoder: encoder.config,
      captioner,
    },
    vocabulary,
    encoder: encoder.weights,
    captioner: createCaptionerParameters(captioner, new Random(seed), await initialization(options, vocabulary.tokens)),
  };
}

/** What the embedding starts from, when word vectors are given. */
async function initialization(
  { wordVectors }: ModelOptions,
  tokens: readonly string[],
): Promise<CaptionerInitialization> {
  if (wordVectors === undefined) return {};
  const { vectors } = await loadWordVectors(wordVectors, tokens);
  return { wordVectors: { tokens, vectors, where: wordVectors } };
}
