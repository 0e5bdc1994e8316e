/** A classifier of texts: says whether a review is positive, or which of several classes a text is of. */
export { type SentimentConfig, sentimentDefaults, type SentimentDropout, validateSentimentConfig } from './config.js';
export { classifyTexts, type SentimentInput } from './forward.js';
export { type SentimentBatch, sentimentLoss } from './loss.js';
export {
  type CarriedSentiment,
  carriedSentimentParameters,
  countSentimentParameters,
  createSentimentParameters,
  EMBEDDING_TABLE as SENTIMENT_EMBEDDING,
  sentimentParameterShapes,
} from './parameters.js';
