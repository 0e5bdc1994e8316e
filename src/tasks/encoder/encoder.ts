/** An encoder with its weights, and the folder that it is kept in: `config.json`, `model.safetensors`, `README.md`. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { HostTensor } from '../../layers/parameters.js';
import { type FrameStack, validateImagePreprocessing } from '../../media/preprocessing.js';
import {
  loadMobileNet,
  type MobileNetConfig,
  mobilenetParameterShapes,
  validateMobileNetConfig,
} from '../../models/mobilenet/index.js';
import { UserError } from '../../shared/errors.js';
import { isObject } from '../../shared/fields.js';
import { CONFIG_FILE, loadCheckpoint, saveCheckpoint } from '../../training/checkpoint.js';
import { type JsonObject, parseJson, readText } from '../../training/json-files.js';
import { fingerprintWeights, requireShapes, shapesOf } from '../../training/weights.js';

export const ENCODER_TASK = 'encoder';

/** Checkpoints of other tasks that hold an encoder keep its weights under this prefix and its config as `encoder`. */
const ENCODER_PREFIX = 'encoder/';

/** A MobileNet with its weights on the host, as checkpoints hold it. */
export interface Encoder {
  readonly config: MobileNetConfig;
  /** By the names of `mobilenetParameterShapes(config)`. */
  readonly weights: Readonly<Record<string, HostTensor>>;
  /** The same for the same weights. */
  readonly fingerprint: string;
  /** How it saw the frames of clips in training, where that was not in their colours. */
  readonly stack?: FrameStack;
}

/** Where an encoder's weights come from. */
export interface EncoderSource {
  readonly url: string;
  /** The package through which they were loaded, with its version. */
  readonly package: string;
  /** SHA-256 of what was downloaded: `model.json` and the weight files, one after the other. */
  readonly sha256: string;
}

/**
 * The encoder at `path`: an encoder folder, any other checkpoint that holds an encoder, or a TensorFlow.js model (its
 * folder or `model.json`).
 * Throws `UserError` if there is none, or if it is damaged.
 */
export async function loadEncoder(path: string): Promise<Encoder> {
  const configPath = join(path, CONFIG_FILE);
  if (!existsSync(configPath)) {
    const { config, weights } = await loadMobileNet(path);
    return { config, weights, fingerprint: fingerprintWeights(weights) };
  }
  const header = parseJson(configPath, await readText(configPath, 'choose an encoder folder'));
  const task = isObject(header) && typeof header['task'] === 'string' ? header['task'] : ENCODER_TASK;
  const checkpoint = await loadCheckpoint(path, { task });
  if (checkpoint.config['encoder'] === undefined) {
    throw new UserError(`${path}: this ${task} checkpoint holds no encoder (choose another folder)`);
  }
  const config = validateMobileNetConfig(checkpoint.config['encoder'], `${configPath}: encoder`);
  const weights = task === ENCODER_TASK ? checkpoint.weights : withoutPrefix(checkpoint.weights);
  requireShapes(path, shapesOf(weights), mobilenetParameterShapes(config));
  const stack = stackIn(checkpoint.config, configPath);
  return { config, weights, fingerprint: fingerprintWeights(weights), ...(stack === undefined ? {} : { stack }) };
}

function stackIn({ preprocessing }: JsonObject, configPath: string): FrameStack | undefined {
  if (preprocessing === undefined) return undefined;
  return validateImagePreprocessing(preprocessing, `${configPath}: preprocessing`).stack;
}

function withoutPrefix<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  const own = Object.entries(record).filter(([name]) => name.startsWith(ENCODER_PREFIX));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(ENCODER_PREFIX.length), value]));
}

/** Writes an encoder folder, all of it or nothing. Throws `UserError` if the system refuses. */
export async function saveEncoder(
  folder: string,
  { config, weights }: Pick<Encoder, 'config' | 'weights'>,
  { source, modelCard }: { readonly source: EncoderSource; readonly modelCard: string },
): Promise<void> {
  await saveCheckpoint(folder, { task: ENCODER_TASK, config: { encoder: config, source }, weights, modelCard });
}
