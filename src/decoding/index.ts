/** Decoding: from a step function to sequences of tokens. Model-blind. */
export { beamSearch, type BeamSearchOptions, type CostOf, createBeamSearch } from './beam-search.js';
export { createEnsemble } from './ensemble.js';
export { createGreedy, greedy } from './greedy.js';
export type { LengthFormula } from './length-penalty.js';
export { expectedSimilarities, type MinimumBayesRiskOptions, type ScoredCandidate } from './minimum-bayes-risk.js';
export { createSampler, sample, type SamplingOptions } from './sample.js';
export type {
  Candidate,
  Compile,
  DecodedStep,
  DecodingOptions,
  DecodingState,
  DecodingStep,
  SequenceDecoder,
  TensorsFunction,
} from './types.js';
