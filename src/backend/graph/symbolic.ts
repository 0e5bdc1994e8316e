/**
 * One model for any batch size, out of two that were lowered for different ones: they must be the same but for numbers
 * that grow with the batch. Those stand in the shapes of inputs and outputs, where the dimension gets a name, and in
 * the shapes that Reshape is given, where it becomes -1; anywhere else they show that the function needs its own model
 * for each size.
 */
import { isDeepStrictEqual } from 'node:util';
import { bytesOf } from '../onnx/builder.js';
import type { OnnxModel, OnnxNode, OnnxTensor, OnnxValue } from '../onnx/protobuf.js';

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

class Merger {
  readonly initializers = new Map<string, OnnxTensor>();
  readonly #names = new Map<string, string>();
  readonly #own: ReadonlyMap<string, OnnxTensor>;
  readonly #other: ReadonlyMap<string, OnnxTensor>;

  constructor(
    readonly first: ModelOfBatch,
    readonly second: ModelOfBatch,
  ) {
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
    const [constant, otherConstant] = [this.#own.get(own), this.#other.get(other)];
    if (constant === undefined || otherConstant === undefined) {
      return this.#names.get(own) === other ? own : undefined;
    }
    const same = sameSpec(constant, otherConstant) && sameBytes(constant, otherConstant);
    const isShape = node.type === 'Reshape' && position === 1;
    const merged = same ? constant : isShape ? this.#flexibleShape(constant, otherConstant) : undefined;
    if (merged !== undefined) this.initializers.set(merged.name, merged);
    return merged?.name;
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

/** The model that serves any batch size; undefined where the two do not differ in the batch alone. */
export function withSymbolicBatch(first: ModelOfBatch, second: ModelOfBatch): OnnxModel | undefined {
  const [own, other] = [first.model, second.model];
  if (own.nodes.length !== other.nodes.length || own.inputs.length !== other.inputs.length) return undefined;
  const merger = new Merger(first, second);
  merger.pair(
    own.inputs.map(({ name }) => name),
    other.inputs.map(({ name }) => name),
  );
  const nodes = own.nodes.map((node, index) => merger.node(node, other.nodes[index] as OnnxNode));
  const inputs = own.inputs.map((value, index) => flexibleValue(value, other.inputs[index], merger));
  const outputs = own.outputs.map((value, index) => flexibleValue(value, other.outputs[index], merger));
  if (!allOf(nodes) || !allOf(inputs) || !allOf(outputs)) return undefined;
  return { nodes, inputs, outputs, initializers: [...merger.initializers.values()] };
}
