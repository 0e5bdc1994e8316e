/**
 * The part of a checkpoint folder that lets training go on: `training.safetensors` (the weights under training and both
 * moments of each) and `training.json` (where the run stands, and the settings that it was started with). The best
 * weights so far are the checkpoint's own `model.safetensors`.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { defined } from '../shared/assert.js';
import { UserError } from '../shared/errors.js';
import { isObject } from '../shared/fields.js';
import { writeFileAtomically } from '../shared/files.js';
import type { RandomState } from '../shared/random.js';
import { CHECKPOINT_FORMAT_VERSION, requireFormat, TRAINING_FILE } from './checkpoint.js';
import { MixedFilesError, readFilesTogether, writeFilesTogether } from './files-together.js';
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
import { readSafetensors, writeSafetensors, type HostTensor } from './safetensors.js';
import type { EpochRecord, EpochSums, TrainingPosition, TrainingState } from './training-state.js';
import { fingerprintWeights, requireFiniteWeights, requireShapes, shapesOf, type Shapes } from './weights.js';

const TRAINING_TENSORS_FILE = 'training.safetensors';

/** Names in the file are `<kind>/<parameter>`. */
const KINDS = ['parameters', 'm', 'v'] as const;
/** There only in a run that averages its weights. */
const AVERAGES = 'averages';
/** There only in a run that carries tensors on, which know their own shapes. */
const CARRIED = 'carried';
type Kind = (typeof KINDS)[number] | typeof AVERAGES | typeof CARRIED;

/** How many settings an error lists. */
const LISTED = 5;

/** What `--continue` must find as it was. */
export interface LoadTrainingStateOptions {
  readonly parameterShapes: Shapes;
  /** The settings of the run that goes on; they must equal those it was started with. */
  readonly configuration: JsonObject;
}

/**
 * Saves `state` into `folder`, replacing the one before. `configuration`: the settings (JSON) that decide the weights.
 * Throws `UserError` if a weight is not finite or the system refuses; the state before is then intact.
 */
export async function saveTrainingState(
  folder: string,
  state: TrainingState,
  configuration: JsonObject,
): Promise<void> {
  const { position, parameters, optimizer, averages = {}, carried = {} } = state;
  const tensors = {
    ...withPrefix('parameters', parameters),
    ...withPrefix(
      'm',
      mapValues(optimizer.moments, ({ m }) => m),
    ),
    ...withPrefix(
      'v',
      mapValues(optimizer.moments, ({ v }) => v),
    ),
    ...withPrefix(AVERAGES, averages),
    ...withPrefix(CARRIED, carried),
  };
  requireFiniteWeights(folder, tensors);
  const fingerprint = fingerprintWeights(tensors);
  const header = { formatVersion: CHECKPOINT_FORMAT_VERSION, weights: fingerprint };
  const text = formatJson({ ...header, configuration, optimizerStep: optimizer.step, position });
  await writeFilesTogether(folder, [
    { name: TRAINING_TENSORS_FILE, write: (path) => writeSafetensors(path, tensors, { format: 'tf', fingerprint }) },
    { name: TRAINING_FILE, write: (path) => writeFileAtomically(path, text) },
  ]);
}

/** Whether `folder` holds a training that can go on. */
export function hasTrainingState(folder: string): boolean {
  return existsSync(join(folder, TRAINING_FILE));
}

/** The settings that the run in `folder` was started with. Throws `UserError` if there is none. */
export async function readTrainingConfiguration(folder: string): Promise<JsonObject> {
  return requireObject(`${join(folder, TRAINING_FILE)}: configuration`, (await readHeader(folder))['configuration']);
}

/**
 * Reads the state in `folder` for `fit`'s `resume`.
 * Throws `UserError` if there is none, if it is damaged, or if the run was started with other settings or weights.
 */
export async function loadTrainingState(folder: string, options: LoadTrainingStateOptions): Promise<TrainingState> {
  return await readFilesTogether(() => readTrainingState(folder, options));
}

async function readTrainingState(folder: string, options: LoadTrainingStateOptions): Promise<TrainingState> {
  const header = await readHeader(folder);
  const path = join(folder, TRAINING_FILE);
  requireSameSettings(folder, requireObject(`${path}: configuration`, header['configuration']), options.configuration);
  const tensorsPath = join(folder, TRAINING_TENSORS_FILE);
  const { tensors, metadata } = await readSafetensors(tensorsPath);
  if (metadata['fingerprint'] !== header['weights']) throw new MixedFilesError(folder, TRAINING_TENSORS_FILE);
  const isCarried = ([name]: readonly [string, HostTensor]): boolean => name.startsWith(`${CARRIED}/`);
  const saved = Object.fromEntries([...tensors].filter((entry) => !isCarried(entry)));
  const carried = [...tensors].filter(isCarried).map(([name, tensor]) => [name.slice(CARRIED.length + 1), tensor]);
  const averaged = Object.keys(saved).some((name) => name.startsWith(`${AVERAGES}/`));
  const kinds = averaged ? [...KINDS, AVERAGES] : KINDS;
  requireShapes(tensorsPath, shapesOf(saved), expectedShapes(options.parameterShapes, kinds));
  requireFiniteWeights(tensorsPath, Object.fromEntries(tensors));
  const tensorOf = (kind: Kind, name: string) => defined(saved[`${kind}/${name}`], `${kind}/${name}`);
  const parameters = mapValues(options.parameterShapes, (_, name) => tensorOf('parameters', name));
  const moments = mapValues(options.parameterShapes, (_, name) => ({ m: tensorOf('m', name), v: tensorOf('v', name) }));
  const step = requireNumber(path, header, 'optimizerStep', isCount);
  const state = {
    position: parsePosition(path, header['position']),
    parameters,
    optimizer: { step, moments },
    ...(carried.length > 0 ? { carried: Object.fromEntries(carried) as HostTensors } : {}),
  };
  if (!averaged) return state;
  return { ...state, averages: mapValues(options.parameterShapes, (_, name) => tensorOf(AVERAGES, name)) };
}

async function readHeader(folder: string): Promise<JsonObject> {
  const path = join(folder, TRAINING_FILE);
  const text = await readText(path, 'there is no training to go on with: start one without --continue');
  const header = requireObject(path, parseJson(path, text));
  requireFormat(path, header);
  return header;
}

function withPrefix(kind: Kind, tensors: HostTensors): Record<string, HostTensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [`${kind}/${name}`, tensor]));
}

function expectedShapes(parameterShapes: Shapes, kinds: readonly string[]): Shapes {
  return Object.fromEntries(
    kinds.flatMap((kind) => Object.entries(parameterShapes).map(([name, shape]) => [`${kind}/${name}`, shape])),
  );
}

/** Throws `UserError` that lists what differs between the settings of the run in `folder` and those of now. */
export function requireSameSettings(folder: string, then: JsonObject, now: JsonObject): void {
  // Through JSON, as the settings then went.
  const differences = findDifferences(then, JSON.parse(JSON.stringify(now)) as JsonObject, '');
  if (differences.length === 0) return;
  const more = differences.length > LISTED ? ` and ${differences.length - LISTED} more` : '';
  throw new UserError(
    `${folder}: the training there was started with other settings: ${differences.slice(0, LISTED).join(', ')}${more} ` +
      '(use the same ones to go on with it, or another folder)',
    { exitCode: 2 },
  );
}

/** Each setting whose value differs, as 'name was 1, is 2'. */
function findDifferences(then: unknown, now: unknown, name: string): readonly string[] {
  if (isObject(then) && isObject(now)) {
    const keys = [...new Set([...Object.keys(then), ...Object.keys(now)])];
    return keys.flatMap((key) => findDifferences(then[key], now[key], name === '' ? key : `${name}.${key}`));
  }
  const same = JSON.stringify(then) === JSON.stringify(now);
  return same ? [] : [`${name} was ${describe(then)}, is ${describe(now)}`];
}

function parsePosition(path: string, value: unknown): TrainingPosition {
  const where = `${path}: position`;
  const position = requireObject(where, value);
  const history = position['history'];
  if (!Array.isArray(history)) throw new UserError(`${where}: history: expected a list, found ${describe(history)}`);
  return {
    epoch: requireNumber(where, position, 'epoch', isCount),
    sums: parseSums(`${where}: sums`, position['sums']),
    random: parseRandomState(`${where}: random`, position['random']),
    history: history.map((record, index) => parseRecord(`${where}: history ${index + 1}`, record)),
  };
}

function parseSums(where: string, value: unknown): EpochSums {
  const sums = requireObject(where, value);
  return {
    steps: requireNumber(where, sums, 'steps', isCount),
    loss: requireNumber(where, sums, 'loss'),
    gradientNorm: requireNumber(where, sums, 'gradientNorm'),
    tokens: requireNumber(where, sums, 'tokens'),
    seconds: requireNumber(where, sums, 'seconds'),
    learningRate: requireNumber(where, sums, 'learningRate'),
  };
}

function parseRandomState(where: string, value: unknown): RandomState {
  const isState = Array.isArray(value) && value.length === 4 && value.every((word) => Number.isInteger(word));
  if (!isState) throw new UserError(`${where}: expected four whole numbers, found ${describe(value)} (copy it again)`);
  return value as unknown as RandomState;
}

function parseRecord(where: string, value: unknown): EpochRecord {
  const record = requireObject(where, value);
  return {
    epoch: requireNumber(where, record, 'epoch', isCount),
    step: requireNumber(where, record, 'step', isCount),
    loss: requireNumber(where, record, 'loss'),
    gradientNorm: requireNumber(where, record, 'gradientNorm'),
    learningRate: requireNumber(where, record, 'learningRate'),
    score: requireNumber(where, record, 'score'),
    metrics: requireObject(`${where}: metrics`, record['metrics']) as EpochRecord['metrics'],
    best: record['best'] === true,
    tokens: requireNumber(where, record, 'tokens'),
    trainingSeconds: requireNumber(where, record, 'trainingSeconds'),
    validationSeconds: requireNumber(where, record, 'validationSeconds'),
  };
}
