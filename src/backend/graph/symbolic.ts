/**
 * One model for any batch size, out of two that were lowered for different ones: they must be the same but for numbers
 * that grow with the batch. Those stand in the shapes of inputs and outputs, where the dimension gets a name, and in
 * the shapes that Reshape is given, where it becomes -1. Other shapes, and tensors of one value that grow with the batch,
 * can be computed within the model, where that is asked for; anything else shows that the function needs its own model for
 * each size.
 */
import { isDeepStrictEqual } from 'node:util';
import { bytesOf } from '../onnx/builder.js';
import type { OnnxModel, OnnxNode, OnnxTensor, OnnxValue } from '../onnx/protobuf.js';
import { type BatchNumber, BatchNumbers } from './batch-numbers.js';

/** A model lowered for one batch size. */
export interface ModelOfBatch {
  readonly model: OnnxModel;
  readonly batch: number;
}

/** The name of the batch dimension. */
const BATCH_DIMENSION = 'batch';

const sameBytes = (a: OnnxTensor, b: OnnxTensor): boolean => Buffer.compare(a.bytes, b.bytes) === 0;

const sameSpec = (a: OnnxTensor, b: OnnxTensor): boolean => a.type === b.type && isDeepStrictEqual(a.shape, b.shape);

function integersOf({ bytes }: OnnxTensor): readonly bigint[] {
  return [
    ...new BigInt64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer),
  ];
}

/** Whether a tensor has elements, and all have the same bytes. */
function isUniform({ bytes, shape }: OnnxTensor): boolean {
  if (bytes.length === 0) return false;
  const width = bytes.length / shape.reduce((product, dimension) => product * dimension, 1);
  return bytes.every((byte, index) => byte === bytes[index % width]);
}

class Merger {
  readonly initializers = new Map<string, OnnxTensor>();
  /** Where numbers may be computed. */
  readonly numbers: BatchNumbers | undefined;
  readonly #names = new Map<string, string>();
  readonly #own: ReadonlyMap<string, OnnxTensor>;
  readonly #other: ReadonlyMap<string, OnnxTensor>;

  constructor(
    readonly first: ModelOfBatch,
    readonly second: ModelOfBatch,
    numbersOf: string | undefined,
  ) {
    this.numbers = numbersOf === undefined ? undefined : new BatchNumbers(numbersOf);
    this.#own = new Map(first.model.initializers.map((tensor) => [tensor.name, tensor]));
    this.#other = new Map(second.model.initializers.map((tensor) => [tensor.name, tensor]));
  }

  /** The shape [n, …] that Reshape gets, with -1 for the one number that grows with the batch. */
  #flexibleShape(own: OnnxTensor, other: OnnxTensor): OnnxTensor | undefined {
    if (own.type !== 'int64' || !sameSpec(own, other)) return undefined;
    const [values, others] = [integersOf(own), integersOf(other)];
    const growing = values.flatMap((value, axis) => (value === others[axis] ? [] : [axis]));
    const [axis] = growing;
    // A 0 would be taken for an empty dimension, beside which nothing can be inferred.
    if (axis === undefined || growing.length > 1 || values.includes(0n)) return undefined;
    if (!growsWithBatch(Number(values[axis]), Number(others[axis]), this)) return undefined;
    const flexible = BigInt64Array.from(values.map((value, index) => (index === axis ? -1n : value)));
    return { ...own, name: `${own.name}_any_batch`, bytes: bytesOf(flexible) };
  }

  /** The name under which `node` reads its input; undefined where the models differ. */
  #input(node: OnnxNode, position: number, own: string, other: string): string | undefined {
    if (own === '' && other === '') return own; // an input that is left out
    const [constant, otherConstant] = [this.#own.get(own), this.#other.get(other)];
    if (constant === undefined || otherConstant === undefined) {
      return this.#names.get(own) === other ? own : undefined;
    }
    const same = sameSpec(constant, otherConstant) && sameBytes(constant, otherConstant);
    const isShape = node.type === 'Reshape' && position === 1;
    const merged = same ? constant : isShape ? this.#flexibleShape(constant, otherConstant) : undefined;
    if (merged === undefined) return this.#computed(constant, otherConstant);
    this.initializers.set(merged.name, merged);
    return merged.name;
  }

  /** The name of what is computed in the place of a constant that grows with the batch. */
  #computed(own: OnnxTensor, other: OnnxTensor): string | undefined {
    if (own.type !== other.type || own.shape.length !== other.shape.length) return undefined;
    if (own.type === 'int64' && own.shape.length === 1 && own.shape[0] === other.shape[0]) {
      const numbers = this.#growing(integersOf(own).map(Number), integersOf(other).map(Number));
      return numbers === undefined ? undefined : this.numbers?.vector(own.name, numbers);
    }
    const isFilled =
      isUniform(own) && isUniform(other) && own.bytes.subarray(0, 8).every((byte, i) => byte === other.bytes[i]);
    const dimensions = isFilled ? this.#growing(own.shape, other.shape) : undefined;
    return dimensions === undefined ? undefined : this.numbers?.filled(own, dimensions);
  }

  /** Each number as one that is fixed, or grows with the batch; undefined where one does neither. */
  #growing(own: readonly number[], other: readonly number[]): readonly BatchNumber[] | undefined {
    const numbers = own.map((value, index): BatchNumber | undefined => {
      if (value === other[index]) return { fixed: value, factor: 0 };
      if (!growsWithBatch(value, other[index] as number, this)) return undefined;
      return { fixed: 0, factor: value / this.first.batch };
    });
    return allOf(numbers) ? numbers : undefined;
  }

  pair(own: readonly string[], other: readonly string[]): void {
    own.forEach((name, index) => this.#names.set(name, other[index] as string));
  }

  node(own: OnnxNode, other: OnnxNode): OnnxNode | undefined {
    if (own.type !== other.type || own.domain !== other.domain || own.inputs.length !== other.inputs.length) {
      return undefined;
    }
    if (!isDeepStrictEqual(own.attributes, other.attributes)) return undefined;
    const inputs = own.inputs.map((name, index) => this.#input(own, index, name, other.inputs[index] as string));
    if (!inputs.every((name) => name !== undefined)) return undefined;
    this.pair(own.outputs, other.outputs);
    return { ...own, inputs };
  }
}

type Batches = Pick<Merger, 'first' | 'second'>;

/** Whether two numbers are the same multiple of their batch sizes. */
function growsWithBatch(own: number, other: number, { first, second }: Batches): boolean {
  return own % first.batch === 0 && own / first.batch === other / second.batch;
}

/** An input or output with its batch dimension named; undefined where another dimension grows. */
function flexibleValue(own: OnnxValue, other: OnnxValue | undefined, batches: Batches): OnnxValue | undefined {
  if (other?.type !== own.type || own.shape.length !== other.shape.length) return undefined;
  const shape = own.shape.map((dimension, axis) => {
    if (dimension === other.shape[axis]) return dimension;
    const grows = growsWithBatch(Number(dimension), Number(other.shape[axis]), batches);
    const factor = Number(dimension) / batches.first.batch;
    return axis === 0 && grows ? (factor === 1 ? BATCH_DIMENSION : `${BATCH_DIMENSION}*${factor}`) : undefined;
  });
  return shape.every((dimension) => dimension !== undefined) ? { ...own, shape } : undefined;
}

function allOf<T>(list: readonly (T | undefined)[]): list is readonly T[] {
  return list.every((entry) => entry !== undefined);
}

/**
 * The model that serves any batch size; undefined where the two do not differ in the batch alone. With `computes`, nodes may
 * be added that compute shapes from the batch.
 */
export function withSymbolicBatch(
  first: ModelOfBatch,
  second: ModelOfBatch,
  { computes = false }: { readonly computes?: boolean } = {},
): OnnxModel | undefined {
  const [own, other] = [first.model, second.model];
  if (own.nodes.length !== other.nodes.length || own.inputs.length !== other.inputs.length) return undefined;
  const batched = own.inputs.find(
    ({ shape }, index) => shape[0] === first.batch && other.inputs[index]?.shape[0] === second.batch,
  );
  const merger = new Merger(first, second, computes ? batched?.name : undefined);
  merger.pair(
    own.inputs.map(({ name }) => name),
    other.inputs.map(({ name }) => name),
  );
  const nodes = own.nodes.map((node, index) => merger.node(node, other.nodes[index] as OnnxNode));
  const inputs = own.inputs.map((value, index) => flexibleValue(value, other.inputs[index], merger));
  const outputs = own.outputs.map((value, index) => flexibleValue(value, other.outputs[index], merger));
  if (!allOf(nodes) || !allOf(inputs) || !allOf(outputs)) return undefined;
  const { nodes: before = [], initializers: read = [] } = merger.numbers ?? {};
  return { nodes: [...before, ...nodes], inputs, outputs, initializers: [...merger.initializers.values(), ...read] };
}
