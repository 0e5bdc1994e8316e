/** The model that training begins with: a new captioner on an encoder, or a captioner that was trained before. */
import type { CaptionedImage } from '../../datasets/captions/index.js';
import type { ImagePreprocessing } from '../../media/image.js';
import {
  type CaptionerConfig,
  type CaptionerInitialization,
  captionerDefaults,
  createCaptionerParameters,
  grownCaptionerParameters,
  type CaptionerDropout,
  validateCaptionerConfig,
} from '../../models/captioner/index.js';
import {
  type ClipReaderConfig,
  clipReaderDefaults,
  createClipReaderParameters,
  readerOutputSize,
  validateClipReaderConfig,
} from '../../models/clip-reader/index.js';
import { mobilenetOutput } from '../../models/mobilenet/index.js';
import { UserError } from '../../shared/errors.js';
import { note } from '../../shared/log.js';
import { Random } from '../../shared/random.js';
import { UNKNOWN_ID } from '../../text/vocabulary.js';
import { type CaptionModel, type ClipConfig, loadCaptionModel } from './model.js';
import {
  type Encoder,
  type EncoderChoice,
  framePreprocessingFor,
  type FrameView,
  loadAdaptedEncoder,
  loadEncoder,
  preprocessingFor,
} from '../encoder/index.js';
import { loadWordVectors } from '../words/vectors.js';
import { buildVocabulary, grownVocabulary, seenNgramsOf } from './vocabulary.js';

/** What a captioner is made of, where it is not begun from another. */
export interface CaptionerModelOptions extends Partial<EncoderChoice> {
  /** A captioner whose weights, vocabulary and configuration are taken over; words that it does not have are added. */
  readonly startFrom?: string;
  /** What is done about pictures that are not square. */
  readonly fit: ImagePreprocessing['fit'];
  /** How frames of clips are seen; default: as the encoder was trained. */
  readonly stack?: FrameView;
  /** Words that occur less often are unknown, or, of a captioner that is begun from another, not added. */
  readonly minimumCount: number;
  /**
   * The captioner's architecture; what is not given has its default. Of a captioner that is begun from another, `dropout`
   * alone has a meaning: what is not given is as it was there.
   */
  readonly captioner: Partial<Omit<CaptionerConfig, 'vocabularySize' | 'featureSize' | 'gridLength' | 'dropout'>> & {
    readonly dropout?: Partial<CaptionerDropout>;
  };
  /** Word vectors that the embedding starts from: a checkpoint of word vectors, or a file of word2vec or GloVe. */
  readonly wordVectors?: string;
  /** Makes a captioner of clips: how many frames are seen, and what reads them; what is not given has its default. */
  readonly clip?: {
    readonly frames: number;
    readonly reader: Partial<Omit<ClipReaderConfig, 'featureSize' | 'gridLength'>>;
  };
}

/** A new captioner but for its encoder; words that occur less than five times are unknown. */
export const captionerModelDefaults: CaptionerModelOptions = { fit: 'squash', minimumCount: 5, captioner: {} };

/** Builds or loads the model. Throws UserError when neither an encoder nor a captioner to start from is given. */
export async function initialModel(
  options: CaptionerModelOptions,
  train: readonly CaptionedImage[],
  seed: number,
): Promise<CaptionModel> {
  const { startFrom, minimumCount } = options;
  if (startFrom !== undefined) {
    const before = withWordsOf(train, await loadCaptionModel(startFrom), { startFrom, minimumCount });
    return withDropout(before, options.captioner.dropout ?? {});
  }
  if (options.encoder === undefined) {
    throw new UserError('expected an encoder or a captioner to start from (--encoder DIR or --start-from CHECKPOINT)', {
      exitCode: 2,
    });
  }
  const encoder = await encoderOf({ ...options, encoder: options.encoder });
  const { gridSize, featureSize } = mobilenetOutput(encoder.config);
  const vocabulary = buildVocabulary(train, options.minimumCount);
  const grid = { featureSize, gridLength: gridSize * gridSize };
  const clip = options.clip === undefined ? undefined : clipOf(options.clip, grid);
  const captioner = validateCaptionerConfig(
    {
      ...captionerDefaults,
      ...options.captioner,
      dropout: { ...captionerDefaults.dropout, ...options.captioner.dropout },
      vocabularySize: vocabulary.size,
      ...(clip === undefined ? grid : { featureSize: readerOutputSize(clip.reader), gridLength: clip.frames }),
    },
    'captioner',
  );
  return {
    config: {
      preprocessing: (clip === undefined ? preprocessingFor : framePreprocessingFor)(encoder, options),
      encoder: encoder.config,
      captioner,
      ...(clip === undefined ? {} : { clip }),
    },
    vocabulary,
    seen: seenNgramsOf(train, vocabulary),
    encoder: encoder.weights,
    ...(clip === undefined ? {} : { reader: createClipReaderParameters(clip.reader, new Random(seed + 1)) }),
    captioner: createCaptionerParameters(captioner, new Random(seed), await initialization(options, vocabulary.tokens)),
  };
}

/** `model` with the words of `train` that are new to it, and what was said there. */
function withWordsOf(
  train: readonly CaptionedImage[],
  model: CaptionModel,
  { startFrom, minimumCount }: { readonly startFrom: string; readonly minimumCount: number },
): CaptionModel {
  const seen = seenNgramsOf(train, model.vocabulary);
  const known = { ...model, seen: model.seen?.union(seen) ?? seen };
  const vocabulary = grownVocabulary(model.vocabulary, train, minimumCount);
  const added = vocabulary.size - model.vocabulary.size;
  if (added === 0) return known;
  note(`${startFrom}: ${added.toLocaleString('en')} words of the captions are new to it`);
  const captioner = { ...model.config.captioner, vocabularySize: vocabulary.size };
  const { expectedWords: _withoutNew, ...kept } = known; // It would prefer captions that have no new word.
  return {
    ...kept,
    config: { ...model.config, captioner },
    vocabulary,
    captioner: grownCaptionerParameters(model.captioner, { vocabularySize: vocabulary.size, unknownId: UNKNOWN_ID }),
  };
}

/** `model` with other rates of dropout, in what reads its clips too. */
function withDropout(model: CaptionModel, rates: Partial<CaptionerDropout>): CaptionModel {
  const { captioner, clip, ...config } = model.config;
  return {
    ...model,
    config: {
      ...config,
      captioner: validateCaptionerConfig({ ...captioner, dropout: { ...captioner.dropout, ...rates } }, 'captioner'),
      ...(clip === undefined ? {} : { clip: { ...clip, reader: withReaderDropout(clip.reader, rates) } }),
    },
  };
}

function withReaderDropout(reader: ClipReaderConfig, rates: Partial<CaptionerDropout>): ClipReaderConfig {
  const { features = reader.dropout.features, layers = reader.dropout.layers } = rates;
  return { ...reader, dropout: { features, layers } };
}

/** Photos are seen by the encoder as it is. */
function encoderOf({ encoder, inputSize, lastBlock, clip }: CaptionerModelOptions & EncoderChoice): Promise<Encoder> {
  if (clip === undefined && inputSize === undefined && lastBlock === undefined) return loadEncoder(encoder);
  return loadAdaptedEncoder({
    encoder,
    ...(inputSize === undefined ? {} : { inputSize }),
    ...(lastBlock === undefined ? {} : { lastBlock }),
  });
}

function clipOf(
  { frames, reader }: NonNullable<CaptionerModelOptions['clip']>,
  grid: { readonly featureSize: number; readonly gridLength: number },
): ClipConfig {
  return { frames, reader: validateClipReaderConfig({ ...clipReaderDefaults, ...reader, ...grid }, 'clip.reader') };
}

/** What the embedding starts from, when word vectors are given. */
async function initialization(
  { wordVectors }: CaptionerModelOptions,
  tokens: readonly string[],
): Promise<CaptionerInitialization> {
  if (wordVectors === undefined) return {};
  const { vectors } = await loadWordVectors(wordVectors, tokens);
  return { wordVectors: { tokens, vectors, where: wordVectors } };
}
