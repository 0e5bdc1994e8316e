/**
 * A captioner as it is saved: encoder, decoder, vocabulary, and how pictures are prepared for them. The checkpoint holds
 * the weights of both parts, under `encoder/…` and `captioner/…`.
 */
import { type ImagePreprocessing, validateImagePreprocessing } from '../../media/image.js';
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
import { UserError } from '../../shared/errors.js';
import { Vocabulary } from '../../text/vocabulary.js';
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from '../../training/checkpoint.js';
import type { JsonObject } from '../../training/json-files.js';
import { type HostTensors } from '../../training/parameters.js';
import type { Shapes } from '../../training/weights.js';

export const CAPTIONER_TASK = 'captioner';
const VOCABULARY_FILE = 'vocabulary.json';
const ENCODER_PREFIX = 'encoder/';
const CAPTIONER_PREFIX = 'captioner/';

export interface CaptionModelConfig {
  readonly preprocessing: ImagePreprocessing;
  readonly encoder: MobileNetConfig;
  readonly captioner: CaptionerConfig;
}

/** A captioner with its weights on the host. */
export interface CaptionModel {
  readonly config: CaptionModelConfig;
  readonly vocabulary: Vocabulary;
  readonly encoder: HostTensors;
  readonly captioner: HostTensors;
}

function parseConfig(config: JsonObject, where: string): CaptionModelConfig {
  return {
    preprocessing: validateImagePreprocessing(config['preprocessing'], `${where}: preprocessing`),
    encoder: validateMobileNetConfig(config['encoder'], `${where}: encoder`),
    captioner: validateCaptionerConfig(config['captioner'], `${where}: captioner`),
  };
}

/** The names and shapes of all weights of a captioner. */
export function captionModelShapes({ encoder, captioner }: CaptionModelConfig): Shapes {
  return {
    ...prefixed(ENCODER_PREFIX, mobilenetParameterShapes(encoder)),
    ...prefixed(CAPTIONER_PREFIX, captionerParameterShapes(captioner)),
  };
}

function prefixed<T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [prefix + name, value]));
}

function unprefixed<T>(prefix: string, record: Readonly<Record<string, T>>): Record<string, T> {
  const own = Object.entries(record).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

/** Reads the captioner in `folder`. Throws UserError where it is missing, damaged, of another task or a newer format. */
export async function loadCaptionModel(folder: string): Promise<CaptionModel> {
  const checkpoint: Checkpoint = await loadCheckpoint(folder, {
    task: CAPTIONER_TASK,
    expectedShapes: (config) => captionModelShapes(parseConfig(config, folder)),
  });
  const config = parseConfig(checkpoint.config, folder);
  const vocabulary = Vocabulary.fromJSON(checkpoint.extras[VOCABULARY_FILE], `${folder}/${VOCABULARY_FILE}`);
  if (vocabulary.size !== config.captioner.vocabularySize) {
    throw new UserError(
      `${folder}/${VOCABULARY_FILE}: expected ${config.captioner.vocabularySize} words, found ${vocabulary.size} ` +
        '(use the files of one checkpoint)',
    );
  }
  return {
    config,
    vocabulary,
    encoder: unprefixed(ENCODER_PREFIX, checkpoint.weights),
    captioner: unprefixed(CAPTIONER_PREFIX, checkpoint.weights),
  };
}

/** Writes `model` into `folder`, whole or not at all. */
export async function saveCaptionModel(
  folder: string,
  model: CaptionModel,
  options: { readonly modelCard: string; readonly precision: 'F32' | 'F16' },
): Promise<void> {
  await saveCheckpoint(folder, {
    task: CAPTIONER_TASK,
    config: { ...model.config },
    weights: { ...prefixed(ENCODER_PREFIX, model.encoder), ...prefixed(CAPTIONER_PREFIX, model.captioner) },
    extras: { [VOCABULARY_FILE]: model.vocabulary.toJSON() },
    ...options,
  });
}
