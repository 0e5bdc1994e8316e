/**
 * `model.json` of a TensorFlow.js model: the topology, and the manifest that says which weights lie in which files
 * (https://github.com/tensorflow/tfjs/blob/master/tfjs-core/src/io/types.ts, `ModelJSON`).
 */
import { UserError, messageOf } from '../../../shared/errors.js';
import { isObject } from '../../../shared/fields.js';
import { parseBounded } from '../../../shared/json.js';
import { damaged, describe, field, type JsonObject } from './json.js';

/** How a value is stored; integers of 8 and 16 bits stand for `value · scale + minimum`. */
export type WeightStorage =
  | { readonly kind: 'float32' | 'int32' | 'bool' | 'float16' }
  | { readonly kind: 'uint8' | 'uint16'; readonly scale: number; readonly minimum: number; readonly round: boolean };

/** One tensor of a manifest. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly storage: WeightStorage;
  readonly byteLength: number;
  /** The entry as it stands in the manifest. */
  readonly json: unknown;
}

/** Tensors that lie one after the other in the files of `paths` put together. */
export interface WeightGroup {
  readonly paths: readonly string[];
  readonly specs: readonly WeightSpec[];
  readonly byteLength: number;
}

export interface ModelJson {
  /** The file, for messages. */
  readonly where: string;
  readonly format: 'layers' | 'graph';
  readonly topology: JsonObject;
  readonly groups: readonly WeightGroup[];
}

/** Bounds on what is read: far above any MobileNet, far below what would exhaust memory. */
export const MODEL_LIMITS = { jsonBytes: 64e6, weightBytes: 512e6, tensors: 10_000, rank: 8, files: 1000 } as const;

const BYTES: Readonly<Record<WeightStorage['kind'], number>> = {
  float32: 4,
  int32: 4,
  bool: 1,
  float16: 2,
  uint8: 1,
  uint16: 2,
};

/** The contents of a `model.json`. Throws `UserError` for anything that is not one. */
export function parseModelJson(where: string, text: string): ModelJson {
  const unusable = (found: string): UserError =>
    new UserError(`${where}: expected JSON, ${found} (the model is damaged: get it again)`);
  let json: unknown;
  try {
    json = parseBounded(text);
  } catch (error) {
    throw unusable(messageOf(error));
  }
  const topology = field(json, 'modelTopology');
  if (!isObject(topology)) throw damaged(`${where}: modelTopology`, 'an object', topology);
  const manifest = field(json, 'weightsManifest');
  if (!Array.isArray(manifest)) throw damaged(`${where}: weightsManifest`, 'a list', manifest);
  const groups = manifest.map((group, index) => parseGroup(`${where}: weightsManifest[${index}]`, group));
  checkLimits(where, groups);
  return { where, format: formatOf(where, json, topology), topology, groups };
}

function formatOf(where: string, json: unknown, topology: JsonObject): ModelJson['format'] {
  const format = field(json, 'format');
  if (format === 'graph-model' || (format === undefined && Array.isArray(topology['node']))) return 'graph';
  if (format === 'layers-model' || format === undefined) return 'layers';
  throw damaged(`${where}: format`, '"layers-model" or "graph-model"', format);
}

function checkLimits(where: string, groups: readonly WeightGroup[]): void {
  const bytes = groups.reduce((sum, group) => sum + group.byteLength, 0);
  const tensors = groups.reduce((sum, group) => sum + group.specs.length, 0);
  const files = groups.reduce((sum, group) => sum + group.paths.length, 0);
  const { weightBytes } = MODEL_LIMITS;
  if (bytes > weightBytes) throw damaged(`${where}: weights`, `at most ${weightBytes} bytes`, bytes);
  if (tensors > MODEL_LIMITS.tensors) throw damaged(`${where}: weights`, `at most ${MODEL_LIMITS.tensors}`, tensors);
  if (files > MODEL_LIMITS.files) throw damaged(`${where}: weight files`, `at most ${MODEL_LIMITS.files}`, files);
}

function parseGroup(where: string, group: unknown): WeightGroup {
  const paths = field(group, 'paths');
  const weights = field(group, 'weights');
  if (!Array.isArray(paths)) throw damaged(`${where}.paths`, 'a list', paths);
  if (!Array.isArray(weights)) throw damaged(`${where}.weights`, 'a list', weights);
  for (const path of paths) requireContained(`${where}.paths`, path);
  const specs = weights.map((weight, index) => parseSpec(`${where}.weights[${index}]`, weight));
  return { paths: paths as string[], specs, byteLength: specs.reduce((sum, spec) => sum + spec.byteLength, 0) };
}

/** Throws `UserError` unless `path` names a file in the model's folder or below, and nothing else on any system. */
function requireContained(where: string, path: unknown): asserts path is string {
  const isPath = typeof path === 'string' && path.length <= 255 && /^[\w.\- ]+(\/[\w.\- ]+)*$/.test(path);
  if (isPath && !path.split('/').some((part) => /^\.+$/.test(part))) return;
  throw damaged(where, 'the relative path of a file in the folder of the model', path);
}

function parseSpec(where: string, weight: unknown): WeightSpec {
  const name = field(weight, 'name');
  const shape = field(weight, 'shape');
  if (typeof name !== 'string') throw damaged(`${where}.name`, 'text', name);
  if (!isShape(shape)) throw damaged(`${where} ${describe(name)}: shape`, 'sizes', shape);
  const storage = storageOf(`${where} ${describe(name)}`, weight);
  const byteLength = shape.reduce((product, size) => product * size, BYTES[storage.kind]);
  if (byteLength > MODEL_LIMITS.weightBytes) throw damaged(`${where} ${describe(name)}: shape`, 'fewer values', shape);
  return { name, shape, storage, byteLength, json: weight };
}

function isShape(value: unknown): value is readonly number[] {
  if (!Array.isArray(value) || value.length > MODEL_LIMITS.rank) return false;
  return value.every((size) => Number.isSafeInteger(size) && (size as number) >= 0);
}

function storageOf(where: string, weight: unknown): WeightStorage {
  const dtype = field(weight, 'dtype');
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool') {
    throw damaged(`${where}: dtype`, 'float32, int32 or bool', dtype);
  }
  const quantization = field(weight, 'quantization');
  if (quantization === undefined) return { kind: dtype };
  const stored = field(quantization, 'dtype');
  if (stored === 'float16' && dtype === 'float32') return { kind: 'float16' };
  const [scale, minimum] = [field(quantization, 'scale'), field(quantization, 'min')];
  const isLinear = (stored === 'uint8' || stored === 'uint16') && Number.isFinite(scale) && Number.isFinite(minimum);
  if (!isLinear || dtype === 'bool') {
    throw damaged(`${where}: quantization`, 'uint8 or uint16 with scale and min, or float16', quantization);
  }
  return { kind: stored, scale: scale as number, minimum: minimum as number, round: dtype === 'int32' };
}

/** The names of all weight files, in order, each once. */
export function weightPaths({ groups }: ModelJson): readonly string[] {
  return [...new Set(groups.flatMap(({ paths }) => paths))];
}
