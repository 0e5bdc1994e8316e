/**
 * A checkpoint is a folder: `config.json` (format, task, the model's configuration), `model.safetensors` (weights),
 * further JSON files such as `vocabulary.json` or `labels.json`, and `README.md` (a model card).
 *
 * `config.json` names the fingerprint of the weights, which the safetensors metadata repeats, and the hash of each
 * further file: what was not saved together is never loaded together.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '../shared/assert.js';
import { UserError } from '../shared/errors.js';
import { requireString } from '../shared/rules.js';
import { writeFileAtomically } from '../shared/files.js';
import { type FileToWrite, MixedFilesError, readFilesTogether, writeFilesTogether } from './files-together.js';
import {
  describe,
  formatJson,
  isCount,
  parseJson,
  readText,
  requireNumber,
  requireObject,
  type JsonObject,
} from './json-files.js';
import { mapValues, type HostTensors } from './parameters.js';
import { readSafetensors, writeSafetensors, type WritableTensor } from './safetensors.js';
import { fingerprintWeights, requireFiniteWeights, requireShapes, shapesOf, type Shapes } from './weights.js';

/** The newest format that this version writes and reads. */
export const CHECKPOINT_FORMAT_VERSION = 1;

export const CONFIG_FILE = 'config.json';
export const MODEL_FILE = 'model.safetensors';
export const TRAINING_FILE = 'training.json';
const MODEL_CARD_FILE = 'README.md';

/** The names that further JSON files may have; nothing that could leave the folder. */
const EXTRA_NAME = /^[a-z][a-z0-9-]*\.json$/;
const RESERVED_NAMES: readonly string[] = [CONFIG_FILE, TRAINING_FILE];

/** Further JSON files of a checkpoint by file name, e.g. `{'vocabulary.json': vocabulary.toJSON()}`. */
export type CheckpointExtras = Readonly<Record<string, unknown>>;

export interface CheckpointToSave {
  /** What kind of model it is: 'captioner', 'encoder', … */
  readonly task: string;
  /** The model's configuration: JSON. */
  readonly config: JsonObject;
  readonly weights: HostTensors;
  /** How the weights are written. Default 'F32'. */
  readonly precision?: 'F32' | 'F16';
  readonly extras?: CheckpointExtras;
  /** The text of README.md. */
  readonly modelCard?: string;
}

export interface LoadCheckpointOptions {
  /** The kind of model that is wanted. */
  readonly task: string;
  /** The shapes that the model of `config` needs; may throw `UserError` if the configuration is not valid. */
  readonly expectedShapes?: (config: JsonObject, extras: CheckpointExtras) => Shapes;
}

export interface Checkpoint {
  /** Not validated: the model's own code does that. */
  readonly config: JsonObject;
  readonly extras: CheckpointExtras;
  readonly weights: HostTensors;
  /**
   * The fingerprint of the weights as they were saved: the same for the same names, shapes and values. It tells one save
   * from another. Nothing compares it with the values that are read: it is of 32 bits where half precision was written.
   * Damage shows by the checksum of the file.
   */
  readonly fingerprint: string;
}

/**
 * Writes the checkpoint into `folder`; files of other names stay. Either all of it is replaced or nothing.
 * Throws `UserError` if a weight is not finite or the system refuses (disk full, …): what was there before is intact.
 */
export async function saveCheckpoint(folder: string, checkpoint: CheckpointToSave): Promise<void> {
  const { task, config, weights, precision = 'F32', extras = {}, modelCard } = checkpoint;
  requireFiniteWeights(folder, weights);
  const fingerprint = fingerprintWeights(weights);
  const texts = mapValues(extras, (value, name) => {
    assert(isExtraName(name), `${name}: expected a name like vocabulary.json`);
    return formatJson(value);
  });
  const header = {
    formatVersion: CHECKPOINT_FORMAT_VERSION,
    task,
    weights: fingerprint,
    files: mapValues(texts, sha256),
  };
  const tensors = mapValues(weights, (tensor): WritableTensor => ({ ...tensor, dtype: precision }));
  await writeFilesTogether(folder, [
    { name: MODEL_FILE, write: (path) => writeSafetensors(path, tensors, { format: 'tf', fingerprint }) },
    ...Object.entries(texts).map(([name, text]) => textFile(name, text)),
    ...(modelCard === undefined ? [] : [textFile(MODEL_CARD_FILE, modelCard)]),
    textFile(CONFIG_FILE, formatJson({ ...header, config })),
  ]);
}

function textFile(name: string, text: string): FileToWrite {
  return { name, write: (path) => writeFileAtomically(path, text) };
}

/**
 * Reads and checks the checkpoint in `folder`. While another process saves one there, it is the one before or the new one.
 * Throws `UserError` if it is missing or incomplete, of another task or a newer format, damaged, mixed from two saves,
 * or if a weight is missing, has another shape than expected, or is not finite.
 */
export async function loadCheckpoint(folder: string, options: LoadCheckpointOptions): Promise<Checkpoint> {
  requireString('checkpoint', folder);
  return await readFilesTogether(() => readCheckpoint(folder, options));
}

async function readCheckpoint(folder: string, options: LoadCheckpointOptions): Promise<Checkpoint> {
  const { config, extras, fingerprint } = await readCheckpointConfig(folder, options.task);
  const path = join(folder, MODEL_FILE);
  const { tensors, metadata } = await readSafetensors(path);
  if (metadata['fingerprint'] !== fingerprint) throw new MixedFilesError(folder, MODEL_FILE);
  const weights = Object.fromEntries(tensors);
  if (options.expectedShapes !== undefined) {
    requireShapes(path, shapesOf(weights), options.expectedShapes(config, extras));
  }
  requireFiniteWeights(path, weights);
  return { config, extras, fingerprint, weights };
}

/** Reads `config.json` and the further JSON files, without the weights. */
async function readCheckpointConfig(folder: string, task: string): Promise<Omit<Checkpoint, 'weights'>> {
  requireCheckpointFolder(folder);
  const path = join(folder, CONFIG_FILE);
  const header = requireObject(path, parseJson(path, await readText(path, 'choose a checkpoint folder')));
  requireFormat(path, header);
  if (header['task'] !== task) {
    const found = typeof header['task'] === 'string' ? `this is a ${header['task']} checkpoint` : 'it names no task';
    throw new UserError(`${folder}: ${found}, expected a ${task} checkpoint (choose another folder)`);
  }
  const fingerprint = header['weights'];
  if (typeof fingerprint !== 'string') {
    throw new UserError(`${path}: weights: expected a fingerprint, found ${describe(fingerprint)} (copy it again)`);
  }
  const extras = await readExtras(folder, requireObject(`${path}: files`, header['files']));
  return { config: requireObject(`${path}: config`, header['config']), extras, fingerprint };
}

/** Throws `UserError` unless `header`, of the file at `path`, has a format version that we read. */
export function requireFormat(path: string, header: JsonObject): void {
  if (!('formatVersion' in header)) {
    throw new UserError(`${path}: expected a formatVersion, found none (this is no checkpoint of looksay)`);
  }
  const version = requireNumber(path, header, 'formatVersion', isCount);
  if (version > CHECKPOINT_FORMAT_VERSION) {
    throw new UserError(
      `${path}: has the newer format ${version}, expected at most ${CHECKPOINT_FORMAT_VERSION} (update looksay)`,
    );
  }
}

function requireCheckpointFolder(folder: string): void {
  if (existsSync(join(folder, CONFIG_FILE))) return;
  if (!existsSync(folder)) throw new UserError(`${folder}: there is no such checkpoint folder (check the path)`);
  if (existsSync(join(folder, TRAINING_FILE))) {
    throw new UserError(
      `${folder}: expected a trained model, found a training that stopped before its first epoch was done (go on with ` +
        '--continue)',
    );
  }
  throw new UserError(`${folder}: expected a checkpoint folder, found no ${CONFIG_FILE} in it (choose another folder)`);
}

async function readExtras(folder: string, hashes: JsonObject): Promise<CheckpointExtras> {
  const extras: Record<string, unknown> = {};
  for (const [name, hash] of Object.entries(hashes)) {
    if (!isExtraName(name)) {
      throw new UserError(
        `${join(folder, CONFIG_FILE)}: files: ${describe(name)} is no name for a file of a checkpoint`,
      );
    }
    const path = join(folder, name);
    const text = await readText(path, 'the checkpoint is not complete: copy the whole folder');
    extras[name] = parseJson(path, text);
    if (sha256(text) !== hash) throw new MixedFilesError(folder, name);
  }
  return extras;
}

function isExtraName(name: string): boolean {
  return EXTRA_NAME.test(name) && !RESERVED_NAMES.includes(name);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
