/** word2vec: word vectors that predict the words around a word. */
export {
  type Word2VecArchitecture,
  WORD2VEC_ARCHITECTURES,
  createWord2VecParameters,
  INPUT_TABLE,
  type Objective,
  OBJECTIVES,
  OUTPUT_TABLE,
  validateWord2VecConfig,
  type Word2VecConfig,
  word2vecDefaults,
  word2vecParameterShapes,
} from './config.js';
export { createMemory, layOut, readTable, writeTable } from './memory.js';
export {
  jobsPerEpoch,
  learningRateOf,
  type NegativeSamplingRecipe,
  rowsAtOnce,
  type SharedTraining,
  type TrainingText,
  wordsBefore,
} from './negative-sampling.js';
export { createNoiseTable, isKept, keepThresholds } from './sampling.js';
export { type SoftmaxBatch, softmaxLoss } from './softmax.js';
export { TrainingThreads } from './threads.js';
