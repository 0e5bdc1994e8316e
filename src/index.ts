/**
 * The public API of looksay. Importing it registers the TensorFlow.js backend `onnxruntime` and makes it the default.
 *
 * @example
 * import { loadCaptioner, shippedCaptioner } from 'looksay';
 *
 * const captioner = await loadCaptioner(shippedCaptioner);
 * for await (const result of captioner.caption(['dog.jpg', 'boat.jpg'], { beamWidth: 5 })) {
 *   console.log('caption' in result ? `${result.image}: ${result.caption}` : `${result.image}: ${result.error}`);
 * }
 * captioner.dispose();
 */
import { fileURLToPath } from 'node:url';
import './backend/index.js';

/** The folder of the captioner that the package ships. */
export const shippedCaptioner = fileURLToPath(new URL('../checkpoints/captioner', import.meta.url));

export { UserError } from './shared/errors.js';

// Tasks
export { type CaptionOptions, type CaptionResult, type Captioner, loadCaptioner } from './tasks/caption/predict.js';
export {
  type ClipCaptioner,
  type ClipCaptionOptions,
  type ClipCaptionResult,
  loadClipCaptioner,
} from './tasks/caption/predict-clips.js';
export { consensusDefaults, type ConsensusOptions } from './tasks/caption/consensus.js';
export { captionDecodingDefaults, type CaptionDecodingOptions, type ScoredCaption } from './tasks/caption/generate.js';
export { trainCaptioner, type TrainCaptionerOptions, type TrainCaptionerResult } from './tasks/caption/train.js';
export { captionerRecipeDefaults, type CaptionerRecipe } from './tasks/caption/recipe.js';
export { captionerModelDefaults, type CaptionerModelOptions } from './tasks/caption/initial-model.js';
export {
  evaluateCaptioner,
  type EvaluateCaptionerOptions,
  type CaptionerEvaluation,
} from './tasks/caption/evaluate.js';
export { findImages } from './tasks/caption/images.js';
export {
  type ClassifyOptions,
  type ClassifyResult,
  loadVideoClassifier,
  type TimelineEntry,
  type VideoClassifier,
} from './tasks/video/predict.js';
export type { ScoredLabel } from './tasks/scored-labels.js';
export { trainVideoClassifier, type TrainVideoOptions, type TrainVideoResult } from './tasks/video/train.js';
export { type VideoRecipe, videoRecipeDefaults } from './tasks/video/recipe.js';
export { type VideoModelOptions, videoModelDefaults } from './tasks/video/initial-model.js';
export { evaluateVideoClassifier, type EvaluateVideoOptions, type VideoEvaluation } from './tasks/video/evaluate.js';
export { findVideos } from './tasks/encoder/videos.js';
export { importEncoder, listEncoders, loadEncoder } from './tasks/encoder/index.js';
export { evaluateText, type EvaluateTextOptions, type TextEvaluation } from './tasks/text/evaluate.js';
export { type ExplainedStep, type ExplainOptions, explainText } from './tasks/text/explain.js';
export {
  generateDefaults,
  type GenerateOptions,
  loadTextGenerator,
  type TextGenerator,
} from './tasks/text/generate.js';
export { loadTextModel, type TextModel } from './tasks/text/model.js';
export { type TextRecipe, textRecipeDefaults } from './tasks/text/recipe.js';
export { trainText, type TrainTextOptions, type TrainTextResult } from './tasks/text/train.js';
export {
  evaluateSentiment,
  type EvaluateSentimentOptions,
  type SentimentEvaluation,
} from './tasks/sentiment/evaluate.js';
export type { ExplainedWord, SentimentExplanation } from './tasks/sentiment/explain.js';
export {
  loadSentimentClassifier,
  type SentimentAnswer,
  type SentimentClassifier,
  type SentimentOptions,
  type SentimentResult,
} from './tasks/sentiment/predict.js';
export { type SentimentRecipe, sentimentRecipeDefaults } from './tasks/sentiment/recipe.js';
export {
  type SentimentModelOptions,
  sentimentReadingDefaults,
  trainSentiment,
  type TrainSentimentOptions,
  type TrainSentimentResult,
} from './tasks/sentiment/train.js';
export type { HeldOut } from './tasks/held-out.js';
export { corpusDefaults, type CorpusOptions } from './tasks/words/corpus.js';
export { evaluateWords, type EvaluateWordsOptions, type WordsEvaluation } from './tasks/words/evaluate.js';
export { plotWords, type PlotWordsOptions } from './tasks/words/plot.js';
export { type WordsRecipe, wordsRecipeDefaults } from './tasks/words/recipe.js';
export { trainWords, type TrainWordsOptions, type TrainWordsResult } from './tasks/words/train.js';
export { loadWordVectors } from './tasks/words/vectors.js';
export { type Neighbour, WordIndex } from './tasks/words/word-index.js';

// Shared modules
export {
  detokenize,
  type PlacedToken,
  placedTokens,
  splitText,
  TEXT_UNITS,
  type TextUnit,
  tokenize,
} from './text/tokenizer.js';
export { END_ID, PADDING_ID, START_ID, UNKNOWN_ID, Vocabulary } from './text/vocabulary.js';
export { type CorpusSource, type DocumentKind, readDocuments, readTexts } from './text/corpus.js';
export { readWordVectors, type WordVectorFormat, type WordVectors, writeWordVectors } from './text/word-vectors.js';
export * from './layers/index.js';
export {
  beamSearch,
  type BeamSearchOptions,
  type CostOf,
  type Candidate,
  createBeamSearch,
  type DecodingState,
  type DecodingStep,
  expectedSimilarities,
  greedy,
  type MinimumBayesRiskOptions,
  sample,
  type SamplingOptions,
} from './decoding/index.js';
export { bleu } from './metrics/bleu.js';
export { type CaptionScores, scoreCaptions } from './metrics/captions.js';
export { type ClassificationScores, macroF1, scoreClasses, scoreClassification } from './metrics/classification.js';
export { CiderScorer, ciderSimilarity, ciderVector, inverseDocumentFrequency, uniformWeight } from './metrics/cider.js';
export { ptbTokenize } from './metrics/ptb-tokenizer.js';
export { rougeL } from './metrics/rouge.js';
export { spearman } from './metrics/spearman.js';

// Models
export * from './models/mobilenet/index.js';
export * from './models/captioner/index.js';
export * from './models/clip-reader/index.js';
export * from './models/video-classifier/index.js';
export * from './models/language-model/index.js';
export * from './models/sentiment/index.js';
