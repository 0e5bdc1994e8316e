/** The bytes of weight files as tensors, quantised values as the floats that they stand for. */
import type { HostTensor } from '../../../layers/parameters.js';
import { unreachable } from '../../../shared/assert.js';
import { UserError } from '../../../shared/errors.js';
import { fromHalf } from '../../../shared/half.js';
import { damaged, describe } from './json.js';
import type { ModelJson, WeightGroup, WeightSpec } from './model-json.js';

/** A model as it is stored, with all its weights by name; integer and boolean ones as floats too. */
export interface StoredModel extends ModelJson {
  readonly weights: ReadonlyMap<string, HostTensor>;
}

/**
 * Takes the weights of `model` out of its files, given as bytes by path.
 * Throws `UserError` where files are too short or too long for what the manifest names.
 */
export function decodeWeights(model: ModelJson, files: ReadonlyMap<string, Uint8Array>): StoredModel {
  const weights = new Map<string, HostTensor>();
  for (const group of model.groups) {
    const bytes = joinFiles(model.where, group, files);
    let offset = 0;
    for (const spec of group.specs) {
      if (weights.has(spec.name)) throw damaged(`${model.where}: weights`, 'each name once', spec.name);
      weights.set(spec.name, {
        shape: spec.shape,
        values: decode(spec, bytes.subarray(offset, offset + spec.byteLength)),
      });
      offset += spec.byteLength;
    }
  }
  return { ...model, weights };
}

function joinFiles(where: string, group: WeightGroup, files: ReadonlyMap<string, Uint8Array>): Uint8Array {
  const parts = group.paths.map((path) => files.get(path) ?? new Uint8Array(0));
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  if (length !== group.byteLength) {
    throw new UserError(
      `${where}: expected ${group.byteLength} bytes of weights in ${describe(group.paths.join(', '))}, found ${length} ` +
        '(the files are cut short or of another model: get them again)',
    );
  }
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return first;
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** The values in `bytes`. */
function decode({ storage }: WeightSpec, bytes: Uint8Array): Float32Array {
  const { buffer } = new Uint8Array(bytes); // A copy: the bytes may lie at odd addresses.
  switch (storage.kind) {
    case 'float32':
      return new Float32Array(buffer);
    case 'int32':
      return Float32Array.from(new Int32Array(buffer));
    case 'bool':
      return Float32Array.from(new Uint8Array(buffer));
    case 'float16':
      return fromHalf(new Uint16Array(buffer));
    case 'uint8':
    case 'uint16': {
      const { scale, minimum, round } = storage;
      const stored = storage.kind === 'uint8' ? new Uint8Array(buffer) : new Uint16Array(buffer);
      return Float32Array.from(stored, (value) =>
        round ? Math.round(value * scale + minimum) : value * scale + minimum,
      );
    }
    default:
      return unreachable(storage, 'storage');
  }
}
