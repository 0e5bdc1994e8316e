/**
 * A video classifier as it is saved: encoder, classifier, labels, and how frames are prepared and how many are taken. The
 * checkpoint holds the weights of both parts, under `encoder/…` and `classifier/…`.
 */
import { scoped, withScope } from '../../layers/parameters.js';
import { type ImagePreprocessing, validateImagePreprocessing } from '../../media/image.js';
import {
  type MobileNetConfig,
  mobilenetParameterShapes,
  validateMobileNetConfig,
} from '../../models/mobilenet/index.js';
import {
  validateVideoClassifierConfig,
  type VideoClassifierConfig,
  videoClassifierParameterShapes,
} from '../../models/video-classifier/index.js';
import { fieldReader, requireFields } from '../../shared/fields.js';
import { loadCheckpoint, saveCheckpoint } from '../../training/checkpoint.js';
import type { JsonObject } from '../../training/json-files.js';
import type { HostTensors } from '../../training/parameters.js';
import type { Shapes } from '../../training/weights.js';
import { LABELS_FILE, readLabels } from '../checkpoint-extras.js';
import type { FrameEncoding } from '../encoder/clip-features.js';
import { requireEncoderSizes } from '../encoder/matching.js';

const VIDEO_CLASSIFIER_TASK = 'video-classifier';
const ENCODER = 'encoder';
const CLASSIFIER = 'classifier';

export interface VideoModelConfig {
  readonly preprocessing: ImagePreprocessing;
  readonly encoder: MobileNetConfig;
  readonly classifier: VideoClassifierConfig;
  /** Frames that a clip, or each window of it, is seen by. */
  readonly frames: number;
  /** Windows beside each other whose probabilities are averaged, unless the caller says otherwise; default 1. */
  readonly windows?: number;
}

/** Windows that a clip is seen by unless the caller says otherwise. */
export const windowsOf = ({ windows }: VideoModelConfig): number => windows ?? 1;

/** A video classifier with its weights on the host. */
export interface VideoModel {
  readonly config: VideoModelConfig;
  /** The classes by number. */
  readonly labels: readonly string[];
  readonly encoder: HostTensors;
  readonly classifier: HostTensors;
}

function parseConfig(config: JsonObject, where: string): VideoModelConfig {
  const fields = requireFields(config, where);
  const reader = fieldReader(fields, where);
  const preprocessing = validateImagePreprocessing(config['preprocessing'], `${where}: preprocessing`);
  const encoder = validateMobileNetConfig(config['encoder'], `${where}: encoder`);
  const classifier = validateVideoClassifierConfig(config['classifier'], `${where}: classifier`);
  requireEncoderSizes({ size: preprocessing.size }, encoder, `${where}: preprocessing`);
  requireEncoderSizes(classifier, encoder, `${where}: classifier`);
  return {
    ...{ preprocessing, encoder, classifier },
    frames: reader.integer('frames', 1),
    ...('windows' in fields ? { windows: reader.integer('windows', 1) } : {}),
  };
}

/** The names and shapes of all weights. */
function videoModelShapes({ encoder, classifier }: VideoModelConfig): Shapes {
  return {
    ...withScope(ENCODER, mobilenetParameterShapes(encoder)),
    ...withScope(CLASSIFIER, videoClassifierParameterShapes(classifier)),
  };
}

/** Reads the classifier in `folder`. Throws UserError where it is missing, damaged, of another task or a newer format. */
export async function loadVideoModel(folder: string): Promise<VideoModel> {
  const checkpoint = await loadCheckpoint(folder, {
    task: VIDEO_CLASSIFIER_TASK,
    expectedShapes: (config) => videoModelShapes(parseConfig(config, folder)),
  });
  const config = parseConfig(checkpoint.config, folder);
  return {
    config,
    labels: readLabels(checkpoint.extras, config.classifier.classes, folder),
    encoder: scoped(checkpoint.weights, ENCODER),
    classifier: scoped(checkpoint.weights, CLASSIFIER),
  };
}

/** How the frames of clips go through the model's encoder, cut at block `cut` (default: behind its last). */
export function frameEncodingOf(model: VideoModel, cut?: number): FrameEncoding {
  return { model, reader: model.config.classifier, ...(cut === undefined ? {} : { cut }) };
}

/** Writes `model` into `folder`, whole or not at all. */
export async function saveVideoModel(
  folder: string,
  model: VideoModel,
  options: { readonly modelCard: string; readonly precision: 'F32' | 'F16' },
): Promise<void> {
  await saveCheckpoint(folder, {
    task: VIDEO_CLASSIFIER_TASK,
    config: { ...model.config },
    weights: { ...withScope(ENCODER, model.encoder), ...withScope(CLASSIFIER, model.classifier) },
    extras: { [LABELS_FILE]: model.labels },
    ...options,
  });
}
