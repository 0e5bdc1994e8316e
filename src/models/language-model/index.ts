/** A model that gives each token of a text a probability after those before it: rnn, lstm, gru, or feed-forward. */
export {
  LANGUAGE_MODEL_KINDS,
  type LanguageModelConfig,
  languageModelDefaults,
  type LanguageModelKind,
  TOKEN_INPUTS,
  type TokenInput,
  validateLanguageModelConfig,
} from './config.js';
export {
  languageModelHidden,
  type LanguageModelInput,
  type LanguageModelState,
  type LanguageModelStep,
  startLanguageModel,
  stepLanguageModel,
} from './forward.js';
export {
  type Feedback,
  FEEDBACKS,
  type LanguageModelLoss,
  languageModelLoss,
  type LanguageModelLossOptions,
} from './loss.js';
export {
  countLanguageModelParameters,
  createLanguageModelParameters,
  grownLanguageModelParameters,
  languageModelParameterShapes,
  withParameterCount,
} from './parameters.js';
