/**
 * A captioner as it is saved: encoder, decoder, vocabulary, and how pictures are prepared for them. The checkpoint holds
 * the weights of both parts, under `encoder/…` and `captioner/…`. A captioner of clips has a part between them that reads
 * the frames (Venugopalan et al. 2015, "Sequence to sequence – video to text"), under `reader/…`: the decoder sees the
 * time steps of a clip as it sees the places of a picture.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ImagePreprocessing, validateImagePreprocessing } from '../../media/image.js';
import { scoped, withScope } from '../../layers/parameters.js';
import {
  type CaptionerConfig,
  captionerParameterShapes,
  validateCaptionerConfig,
} from '../../models/captioner/index.js';
import {
  type MobileNetConfig,
  mobilenetParameterShapes,
  validateMobileNetConfig,
} from '../../models/mobilenet/index.js';
import {
  type ExpectedWordsConfig,
  expectedWordsShapes,
  validateExpectedWordsConfig,
} from '../../models/expected-words/index.js';
import { type ClipReaderConfig, clipReaderShapes, validateClipReaderConfig } from '../../models/clip-reader/index.js';
import { isObject, fieldReader, requireFields } from '../../shared/fields.js';
import { UserError } from '../../shared/errors.js';
import { DocumentFrequencies } from '../../text/document-frequencies.js';
import { SeenNgrams } from '../../text/seen-ngrams.js';
import type { Vocabulary } from '../../text/vocabulary.js';
import { type Checkpoint, CONFIG_FILE, loadCheckpoint, saveCheckpoint } from '../../training/checkpoint.js';
import { type JsonObject, parseJson, readText } from '../../training/json-files.js';
import { type HostTensors } from '../../training/parameters.js';
import type { Shapes } from '../../training/weights.js';
import { readVocabulary, VOCABULARY_FILE } from '../checkpoint-extras.js';
import type { FrameEncoding } from '../encoder/clip-features.js';
import { requireEncoderSizes } from '../encoder/matching.js';

const CAPTIONER_TASK = 'captioner';
const SEEN_FILE = 'seen-ngrams.json';
const ENCODER = 'encoder';
const READER = 'reader';
const EXPECTED = 'expected-words';
const EXPECTED_FIELD = 'expectedWords';
const FREQUENCIES_FILE = 'word-frequencies.json';
const CAPTIONER = 'captioner';

/** How clips are read. */
export interface ClipConfig {
  /** Frames that a clip is seen by. */
  readonly frames: number;
  readonly reader: ClipReaderConfig;
}

export interface CaptionModelConfig {
  readonly preprocessing: ImagePreprocessing;
  readonly encoder: MobileNetConfig;
  readonly captioner: CaptionerConfig;
  /** Of a captioner of clips. */
  readonly clip?: ClipConfig;
}

/** What is expected of photos, with its weights on the host. */
export interface ExpectedWords {
  /** In how many training photos' captions each word of the vocabulary is; the first `config.words` are told of. */
  readonly frequencies: DocumentFrequencies;
  readonly config: ExpectedWordsConfig;
  readonly weights: HostTensors;
}

/** A captioner with its weights on the host. */
export interface CaptionModel {
  readonly config: CaptionModelConfig;
  readonly vocabulary: Vocabulary;
  /** The runs of words that the training captions have; earlier checkpoints have none. */
  readonly seen?: SeenNgrams;
  readonly encoder: HostTensors;
  /** Of a captioner of clips. */
  readonly reader?: HostTensors;
  readonly captioner: HostTensors;
  /** Of a captioner of photos that has learnt them, by its encoder as it is. */
  readonly expectedWords?: ExpectedWords;
}

/** A captioner of clips. */
export type ClipCaptionModel = CaptionModel & {
  readonly config: CaptionModelConfig & { readonly clip: ClipConfig };
  readonly reader: HostTensors;
};

export const captionsClips = (model: CaptionModel): model is ClipCaptionModel => model.config.clip !== undefined;

/** Whether the checkpoint in `folder` captions clips, by its configuration alone; false where there is none. */
export async function isClipCaptioner(folder: string): Promise<boolean> {
  const path = join(folder, CONFIG_FILE);
  if (!existsSync(path)) return false;
  const file = parseJson(path, await readText(path, 'choose a checkpoint folder'));
  return isObject(file) && isObject(file['config']) && file['config']['clip'] !== undefined;
}

/** How the frames of clips go through the model's encoder, cut at block `cut` (default: behind its last). */
export function frameEncodingOf(model: ClipCaptionModel, cut?: number): FrameEncoding {
  return { model, reader: model.config.clip.reader, ...(cut === undefined ? {} : { cut }) };
}

function parseConfig(config: JsonObject, where: string): CaptionModelConfig {
  const preprocessing = validateImagePreprocessing(config['preprocessing'], `${where}: preprocessing`);
  const encoder = validateMobileNetConfig(config['encoder'], `${where}: encoder`);
  const captioner = validateCaptionerConfig(config['captioner'], `${where}: captioner`);
  const clip = config['clip'] === undefined ? undefined : parseClip(config['clip'], `${where}: clip`);
  requireEncoderSizes({ size: preprocessing.size }, encoder, `${where}: preprocessing`);
  const [seesFeatures, name] = clip === undefined ? [captioner, 'captioner'] : [clip.reader, 'clip.reader'];
  requireEncoderSizes(seesFeatures, encoder, `${where}: ${name}`);
  return { preprocessing, encoder, captioner, ...(clip === undefined ? {} : { clip }) };
}

function parseClip(value: unknown, where: string): ClipConfig {
  const fields = requireFields(value, where);
  return {
    frames: fieldReader(fields, where).integer('frames', 1),
    reader: validateClipReaderConfig(fields['reader'], `${where}.reader`),
  };
}

/** What `config` says of the words that are expected, by what `encoder` says of photos. */
function parseExpectedWords(
  config: JsonObject,
  encoder: MobileNetConfig,
  where: string,
): ExpectedWordsConfig | undefined {
  const found = config[EXPECTED_FIELD];
  if (found === undefined) return undefined;
  const expected = validateExpectedWordsConfig(found, `${where}: ${EXPECTED_FIELD}`);
  requireEncoderSizes(expected, encoder, `${where}: ${EXPECTED_FIELD}`);
  return expected;
}

/** The words that are expected, from what lies beside the weights. Throws UserError when that is damaged. */
function readExpectedWords(
  { config, extras, weights }: Checkpoint,
  encoder: MobileNetConfig,
  folder: string,
): ExpectedWords | undefined {
  const expected = parseExpectedWords(config, encoder, folder);
  if (expected === undefined) return undefined;
  const where = `${folder}/${FREQUENCIES_FILE}`;
  const frequencies = DocumentFrequencies.fromJSON(extras[FREQUENCIES_FILE], where);
  if (frequencies.words.length < expected.words) {
    throw new UserError(
      `${where}: expected at least ${expected.words} words, found ${frequencies.words.length} (use the files of one checkpoint)`,
    );
  }
  return { frequencies, config: expected, weights: scoped(weights, EXPECTED) };
}

/** The names and shapes of all weights of a captioner. */
function captionModelShapes(
  { encoder, captioner, clip }: CaptionModelConfig,
  expectedWords?: ExpectedWordsConfig,
): Shapes {
  return {
    ...withScope(ENCODER, mobilenetParameterShapes(encoder)),
    ...(clip === undefined ? {} : withScope(READER, clipReaderShapes(clip.reader))),
    ...withScope(CAPTIONER, captionerParameterShapes(captioner)),
    ...(expectedWords === undefined ? {} : withScope(EXPECTED, expectedWordsShapes(expectedWords))),
  };
}

/** Reads the captioner in `folder`. Throws UserError where it is missing, damaged, of another task or a newer format. */
export async function loadCaptionModel(folder: string): Promise<CaptionModel> {
  const checkpoint: Checkpoint = await loadCheckpoint(folder, {
    task: CAPTIONER_TASK,
    expectedShapes: (fields) => {
      const config = parseConfig(fields, folder);
      return captionModelShapes(config, parseExpectedWords(fields, config.encoder, folder));
    },
  });
  const config = parseConfig(checkpoint.config, folder);
  const vocabulary = readVocabulary(checkpoint.extras, config.captioner.vocabularySize, folder);
  const seen = checkpoint.extras[SEEN_FILE];
  const expectedWords = readExpectedWords(checkpoint, config.encoder, folder);
  return {
    config,
    vocabulary,
    ...(seen === undefined ? {} : { seen: SeenNgrams.fromJSON(seen, `${folder}/${SEEN_FILE}`) }),
    encoder: scoped(checkpoint.weights, ENCODER),
    ...(config.clip === undefined ? {} : { reader: scoped(checkpoint.weights, READER) }),
    captioner: scoped(checkpoint.weights, CAPTIONER),
    ...(expectedWords === undefined ? {} : { expectedWords }),
  };
}

/** Writes `model` into `folder`, whole or not at all. */
export async function saveCaptionModel(
  folder: string,
  model: CaptionModel,
  options: { readonly modelCard: string; readonly precision: 'F32' | 'F16' },
): Promise<void> {
  const { expectedWords } = model;
  await saveCheckpoint(folder, {
    task: CAPTIONER_TASK,
    config: {
      ...model.config,
      ...(expectedWords === undefined ? {} : { [EXPECTED_FIELD]: { ...expectedWords.config } }),
    },
    weights: {
      ...withScope(ENCODER, model.encoder),
      ...withScope(READER, model.reader ?? {}),
      ...withScope(CAPTIONER, model.captioner),
      ...withScope(EXPECTED, expectedWords?.weights ?? {}),
    },
    extras: {
      [VOCABULARY_FILE]: model.vocabulary.toJSON(),
      ...(model.seen === undefined ? {} : { [SEEN_FILE]: model.seen.toJSON() }),
      ...(expectedWords === undefined ? {} : { [FREQUENCIES_FILE]: expectedWords.frequencies.toJSON() }),
    },
    ...options,
  });
}
