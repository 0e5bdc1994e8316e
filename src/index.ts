/**
 * The public API of looksay. Importing it registers the TensorFlow.js backend `onnxruntime` and makes it the default. A
 * program that has chosen or used another one before keeps that, and what it loads from looksay runs on it.
 *
 * @example
 * import { loadCaptioner, shippedCheckpoints } from 'looksay';
 *
 * const captioner = await loadCaptioner(shippedCheckpoints.captioner);
 * for await (const result of captioner.caption(['dog.jpg', 'boat.jpg'], { beamWidth: 5 })) {
 *   console.log('caption' in result ? `${result.image}: ${result.caption}` : `${result.image}: ${result.error}`);
 * }
 * captioner.dispose();
 */
import './backend/index.js';

export { type FailureExitCode, UserError, type UserErrorOptions } from './shared/errors.js';
export { setQuiet } from './shared/log.js';
export { shippedCheckpoints } from './tasks/shipped-checkpoints.js';

// Captions
export { type CaptionOptions, type CaptionResult, type Captioner, loadCaptioner } from './tasks/caption/predict.js';
export {
  type ClipCaptioner,
  type ClipCaptionOptions,
  type ClipCaptionResult,
  loadClipCaptioner,
} from './tasks/caption/predict-clips.js';
export {
  captionDecodingDefaults,
  type CaptionDecodingOptions,
  clipDecodingDefaults,
  type ScoredCaption,
} from './tasks/caption/generate.js';
export { CAPTION_CHOICES, type CaptionChoice } from './tasks/caption/choose.js';
export { consensusDefaults, type ConsensusOptions } from './tasks/caption/consensus.js';
export type { CaptionSource, TrainingSources } from './tasks/caption/sources.js';
export { trainCaptioner, type TrainCaptionerOptions, type TrainCaptionerResult } from './tasks/caption/train.js';
export { captionerRecipeDefaults, type CaptionerRecipe } from './tasks/caption/recipe.js';
export { captionerModelDefaults, type CaptionerModelOptions } from './tasks/caption/initial-model.js';
export {
  type CaptionerEvaluation,
  evaluateCaptioner,
  type EvaluateCaptionerOptions,
  type FailedPhoto,
  type NamedCaptionScores,
  type ScoredPhoto,
} from './tasks/caption/evaluate.js';

// Clips
export {
  type ClassifyOptions,
  type ClassifyResult,
  loadVideoClassifier,
  type TimelineEntry,
  type VideoClassifier,
} from './tasks/video/predict.js';
export type { FrameChoice } from './tasks/video/timeline.js';
export type { ClipDataOptions, ClipSource, ClipValidation } from './tasks/video/data.js';
export { trainVideoClassifier, type TrainVideoOptions, type TrainVideoResult } from './tasks/video/train.js';
export { type VideoRecipe, videoRecipeDefaults } from './tasks/video/recipe.js';
export { type VideoModelOptions, videoModelDefaults } from './tasks/video/initial-model.js';
export {
  evaluateVideoClassifier,
  type EvaluateVideoOptions,
  type FailedClip,
  type NamedClassificationScores,
  type VideoEvaluation,
} from './tasks/video/evaluate.js';

// Language models
export {
  generateDefaults,
  type GenerateOptions,
  loadTextGenerator,
  type TextGenerator,
} from './tasks/text/generate.js';
export { loadTextModel, type TextModel, type TextModelConfig } from './tasks/text/model.js';
export { type ExplainedStep, type ExplainOptions, explainText } from './tasks/text/explain.js';
export type { TextSource } from './tasks/text/corpus.js';
export {
  type TextBeginningOptions,
  trainText,
  type TrainTextOptions,
  type TrainTextResult,
} from './tasks/text/train.js';
export { type TextRecipe, textRecipeDefaults } from './tasks/text/recipe.js';
export { evaluateText, type EvaluateTextOptions, type TextEvaluation } from './tasks/text/evaluate.js';

// Sentiment
export {
  loadSentimentClassifier,
  type SentimentAnswer,
  type SentimentClassifier,
  type SentimentOptions,
  type SentimentResult,
} from './tasks/sentiment/predict.js';
export type { SentimentModel, SentimentModelConfig } from './tasks/sentiment/model.js';
export type { SentimentReading } from './tasks/sentiment/tokens.js';
export type { ExplainedWord, SentimentExplanation } from './tasks/sentiment/explain.js';
export type { LabelledTextSource, SentimentValidation } from './tasks/sentiment/data.js';
export {
  type SentimentModelOptions,
  sentimentReadingDefaults,
  trainSentiment,
  type TrainSentimentOptions,
  type TrainSentimentResult,
} from './tasks/sentiment/train.js';
export { type SentimentRecipe, sentimentRecipeDefaults } from './tasks/sentiment/recipe.js';
export {
  evaluateSentiment,
  type EvaluateSentimentOptions,
  type SentimentEvaluation,
  type SentimentScores,
} from './tasks/sentiment/evaluate.js';

// Word vectors
export { loadWordVectors } from './tasks/words/vectors.js';
export { type Neighbour, WordIndex } from './tasks/words/word-index.js';
export { plotWords, type PlotWordsOptions, WORDS_PROJECTIONS, type WordsProjection } from './tasks/words/plot.js';
export { corpusDefaults, type CorpusOptions } from './tasks/words/corpus.js';
export {
  trainWords,
  type TrainWordsOptions,
  type TrainWordsResult,
  type WordsEpochRecord,
  type WordsOutcome,
} from './tasks/words/train.js';
export {
  type NegativeSamplingWordsRecipe,
  type SoftmaxWordsRecipe,
  WORD2VEC_ARCHITECTURES,
  type Word2VecArchitecture,
  type WordsContextRecipe,
  type WordsRecipe,
  wordsRecipeDefaults,
} from './tasks/words/recipe.js';
export {
  type AnalogyResult,
  type AnalogyScore,
  evaluateWords,
  type EvaluateWordsOptions,
  type SimilarityResult,
  type WordsEvaluation,
} from './tasks/words/evaluate.js';

// Encoders
export {
  type CatalogueEncoder,
  type DownloadProgress,
  type Encoder,
  type EncoderChoice,
  type EncoderSource,
  exportEncoder,
  type ExportEncoderOptions,
  type ImportedEncoder,
  importEncoder,
  type ImportEncoderOptions,
  listEncoders,
  loadEncoder,
} from './tasks/encoder/index.js';

// What trainings of all tasks have in common
export type { TrainingEnding } from './training/fit.js';
export type { EpochRecord } from './training/training-state.js';
export type { HostTensors } from './training/parameters.js';
export { LEARNING_RATE_DECAYS, type LearningRateDecay, type OptimizationRecipe } from './training/recipe.js';
export type { TrainingFolderOptions } from './tasks/training-folder.js';
export { type HeldOut, SPLIT_PARTS, type SplitPart } from './tasks/held-out.js';
export type { ScoredLabel } from './tasks/scored-labels.js';

// Photos, clips and texts
export { findImages, type ImageInput, type ImagePath, type MediaBytes } from './tasks/caption/images.js';
export { type ClipInput, findVideos, type VideoPath } from './tasks/encoder/videos.js';
export { MediaError } from './media/media-error.js';
export type { ExpandOptions, MediaPath } from './media/media-paths.js';
export type { FrameView } from './tasks/encoder/index.js';
export { FRAME_STACKS, type FrameStack, ImageError, type ImagePreprocessing } from './media/image.js';
export { VideoError } from './media/video/index.js';
export { type CorpusSource, DOCUMENT_KINDS, type DocumentKind, readDocuments, readTexts } from './text/corpus.js';
export {
  detokenize,
  type PlacedToken,
  placedTokens,
  splitText,
  TEXT_UNITS,
  type TextUnit,
  tokenize,
} from './text/tokenizer.js';
export {
  END_ID,
  PADDING_ID,
  START_ID,
  UNKNOWN_ID,
  Vocabulary,
  type VocabularyJson,
  type VocabularySizes,
} from './text/vocabulary.js';
export {
  readWordVectors,
  type ReadWordVectorsOptions,
  type WordVectorFormat,
  type WordVectors,
  writeWordVectors,
} from './text/word-vectors.js';

// Decoding
export {
  beamSearch,
  type BeamSearchOptions,
  type Candidate,
  type Compile,
  type CostOf,
  createBeamSearch,
  createGreedy,
  createSampler,
  type DecodedStep,
  type DecodingOptions,
  type DecodingState,
  type DecodingStep,
  expectedSimilarities,
  greedy,
  type LengthFormula,
  type MinimumBayesRiskOptions,
  sample,
  type SamplingOptions,
  type ScoredCandidate,
  type SequenceDecoder,
  type TensorsFunction,
} from './decoding/index.js';

// Scores
export { bleu } from './metrics/bleu.js';
export { type CaptionScores, scoreCaptions, type ScoredSet } from './metrics/captions.js';
export {
  type ClassificationScores,
  type ClassScores,
  macroF1,
  scoreClasses,
  scoreClassification,
} from './metrics/classification.js';
export {
  CiderScorer,
  ciderSimilarity,
  type CiderVector,
  ciderVector,
  inverseDocumentFrequency,
  type NgramWeight,
  uniformWeight,
} from './metrics/cider.js';
export { ptbTokenize } from './metrics/ptb-tokenizer.js';
export { rougeL } from './metrics/rouge.js';
export { spearman } from './metrics/spearman.js';

// Layers: pure functions of parameters, input and state
export { Random, type RandomState } from './shared/random.js';
export * from './layers/index.js'; // itself a list of names

// Models: configuration, weights, forward pass and loss of each
export {
  type LoadedMobileNet,
  loadMobileNet,
  type LoadMobileNetOptions,
  mobilenet,
  type MobileNetArchitecture,
  type MobileNetConfig,
  type MobileNetFeatures,
  mobilenetOutput,
  type MobileNetPadding,
  mobilenetParameterShapes,
  mobilenetProbabilities,
  validateMobileNetConfig,
} from './models/mobilenet/index.js';
export {
  CAPTIONER_ENTRIES,
  CAPTIONER_READOUTS,
  type CaptionerBatch,
  type CaptionerConfig,
  captionerDefaults,
  type CaptionerDropout,
  type CaptionerEntry,
  type CaptionerInitialization,
  type CaptionerInput,
  captionerLogits,
  type CaptionerLoss,
  captionerLoss,
  type CaptionerLossOptions,
  captionerParameterShapes,
  type CaptionerReadout,
  type CaptionerState,
  type CaptionerStep,
  type CaptionerStepTraining,
  type CaptionerTraining,
  countCaptionerParameters,
  createCaptionerParameters,
  type ScheduledSampling,
  startCaptions,
  type StartCaptionsOptions,
  stepCaptions,
  validateCaptionerConfig,
} from './models/captioner/index.js';
export {
  type ClipReaderConfig,
  clipReaderDefaults,
  type ClipReaderDropout,
  type ClipReaderTraining,
} from './models/clip-reader/index.js';
export {
  classifyClips,
  countVideoClassifierParameters,
  createVideoClassifierParameters,
  FRAME_ORDERS,
  type FrameOrder,
  validateVideoClassifierConfig,
  type VideoClassifierBatch,
  type VideoClassifierConfig,
  videoClassifierDefaults,
  type VideoClassifierDropout,
  videoClassifierLoss,
  type VideoClassifierLossOptions,
  type VideoClassifierProbabilities,
  videoClassifierParameterShapes,
} from './models/video-classifier/index.js';
export {
  countLanguageModelParameters,
  createLanguageModelParameters,
  type Feedback,
  FEEDBACKS,
  LANGUAGE_MODEL_KINDS,
  type LanguageModelConfig,
  languageModelDefaults,
  type LanguageModelInput,
  type LanguageModelKind,
  type LanguageModelLoss,
  languageModelLoss,
  type LanguageModelLossOptions,
  languageModelParameterShapes,
  type LanguageModelState,
  type LanguageModelStep,
  startLanguageModel,
  stepLanguageModel,
  TOKEN_INPUTS,
  type TokenInput,
  validateLanguageModelConfig,
} from './models/language-model/index.js';
export {
  classifyTexts,
  countSentimentParameters,
  createSentimentParameters,
  type SentimentBatch,
  type SentimentConfig,
  sentimentDefaults,
  type SentimentDropout,
  type SentimentInput,
  sentimentLoss,
  sentimentParameterShapes,
  validateSentimentConfig,
} from './models/sentiment/index.js';
