/** Collects the ONNX nodes and constants that operators emit while a graph is lowered. */
import type { ElementType, TensorSpec } from '../graph/spec.js';
import { DATA_TYPES, type OnnxAttribute, type OnnxNode, type OnnxTensor, type OnnxType } from './protobuf.js';

/** An input of a node under lowering: its name in the ONNX graph, with shape and type. */
export interface LoweredInput extends TensorSpec {
  readonly name: string;
}

/** Attributes as operators give them: integers and lists of integers, strings, or `{ float: x }`. */
export type AttributeArguments = Readonly<
  Record<string, number | string | readonly number[] | { readonly float: number }>
>;

function encodeAttribute(value: AttributeArguments[string]): OnnxAttribute {
  if (typeof value === 'number') return { kind: 'int', value };
  if (typeof value === 'string') return { kind: 'string', value };
  if ('float' in value) return { kind: 'float', value: value.float };
  return { kind: 'ints', value };
}

/** The bytes of a typed array, without a copy. */
export function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/**
 * What a graph is for: a compiled model runs forward with constant weights, and gains from layouts that ONNX Runtime
 * chooses; a recorded graph may train, and keeps to layouts that its gradients share.
 */
export type GraphPurpose = 'inference' | 'training';

export class GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  readonly #constants = new Map<string, string>();
  #names = 0;

  constructor(readonly purpose: GraphPurpose) {}

  #name(): string {
    return `v${this.#names++}`;
  }

  /** Emits a node with one output and returns its name. */
  op(type: string, inputs: readonly string[], attributes: AttributeArguments = {}, domain?: string): string {
    return this.ops(type, inputs, 1, attributes, domain)[0] as string;
  }

  /** Emits a node with several outputs. */
  ops(
    type: string,
    inputs: readonly string[],
    outputCount: number,
    attributes: AttributeArguments = {},
    domain?: string,
  ): string[] {
    const outputs = Array.from({ length: outputCount }, () => this.#name());
    const encoded = Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, encodeAttribute(value)]));
    this.nodes.push({ type, inputs, outputs, attributes: encoded, ...(domain === undefined ? {} : { domain }) });
    return outputs;
  }

  /** An initializer with the values given; equal constants are shared when they are small. */
  constant(type: OnnxType, shape: readonly number[], values: ArrayBufferView): string {
    const bytes = bytesOf(values);
    const key = bytes.length <= 64 ? `${type}[${shape.join(',')}]${Buffer.from(bytes).toString('hex')}` : undefined;
    const known = key === undefined ? undefined : this.#constants.get(key);
    if (known !== undefined) return known;
    const name = this.#name();
    this.initializers.push({ name, type, shape, bytes });
    if (key !== undefined) this.#constants.set(key, name);
    return name;
  }

  /** A list of int64, as shapes, axes and pads are given. */
  ints(values: readonly number[]): string {
    return this.constant('int64', [values.length], BigInt64Array.from(values, BigInt));
  }

  int64(value: number): string {
    return this.constant('int64', [], BigInt64Array.of(BigInt(value)));
  }

  float(value: number): string {
    return this.constant('float32', [], Float32Array.of(value));
  }

  int32(value: number): string {
    return this.constant('int32', [], Int32Array.of(value));
  }

  bool(value: boolean): string {
    return this.constant('bool', [], Uint8Array.of(value ? 1 : 0));
  }

  /** A scalar of the type given. */
  scalar(type: Exclude<ElementType, 'int64'>, value: number): string {
    switch (type) {
      case 'float32':
        return this.float(value);
      case 'int32':
        return this.int32(value);
      case 'bool':
        return this.bool(value !== 0);
    }
  }

  cast(value: string, type: OnnxType): string {
    return this.op('Cast', [value], { to: DATA_TYPES[type] });
  }

  reshape(value: string, shape: readonly number[]): string {
    return this.op('Reshape', [value, this.ints(shape)], { allowzero: 1 });
  }

  transpose(value: string, permutation: readonly number[]): string {
    return this.op('Transpose', [value], { perm: permutation });
  }
}
