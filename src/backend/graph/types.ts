/**
 * What a recorded graph is made of: data records (what a TensorFlow.js data id stands for), nodes (one kernel call
 * each) and the operators that say how a call is shaped and lowered.
 */
import type { GraphBuilder, LoweredInput } from '../onnx/builder.js';
import type { HostValues, TensorSpec } from './spec.js';

export * from './spec.js';

/** A tensor of the native runtime: what a run returns and what it can be fed. */
export interface NativeTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: HostValues;
}

/** Where the values of a record are. */
export type DataState =
  | { readonly kind: 'host'; readonly values: HostValues }
  | { readonly kind: 'result'; readonly tensor: NativeTensor }
  | { readonly kind: 'pending'; readonly node: GraphNode; readonly output: number }
  | { readonly kind: 'placeholder'; readonly index: number; readonly spec: TensorSpec }
  | { readonly kind: 'failed'; readonly error: Error };

/**
 * The values behind a TensorFlow.js data id. Shape and element type belong to the tensors that share the record.
 * Nodes hold records, not ids: an input that is disposed before the flush stays readable.
 */
export class DataRecord {
  references = 1;
  state: DataState;
  /** Whether a reader was given a view of the values: then their memory is never used again for others. */
  exposed = false;
  /** The native tensors that feed this record, by shape: made once, reused by later runs. */
  readonly feeds = new Map<string, NativeTensor>();
  /** Reshaped views of a pending output, by shape. */
  readonly views = new Map<string, DataRecord>();

  constructor(state: DataState) {
    this.state = state;
  }
}

/** Attributes that are part of a node's structure; anything that varies from call to call is an input instead. */
export type Attributes = Readonly<Record<string, AttributeValue>>;
export type AttributeValue = number | string | boolean | readonly number[] | readonly (readonly number[])[];

export interface NodeInput extends TensorSpec {
  readonly record: DataRecord;
}

/** One recorded kernel call. */
export interface GraphNode {
  readonly op: Op;
  readonly inputs: readonly NodeInput[];
  readonly attributes: Attributes;
  readonly outputs: readonly TensorSpec[];
  /** The records of the outputs, same order. */
  readonly records: readonly DataRecord[];
  /** Number of (op, attributes, outputs' shapes and types): equal for nodes of equal structure. */
  readonly signature: number;
}

/** A value made by the host that enters the graph as an input (a slice's begin, a fill's value, a seed). */
export interface HostOperand extends TensorSpec {
  readonly values: HostValues;
}

/** An input tensor of a kernel call. */
export interface TensorOperand extends TensorSpec {
  readonly dataId: object;
}

export type Operand = HostOperand | TensorOperand;

/** How one kernel call is recorded. */
export interface Plan {
  readonly inputs: readonly Operand[];
  readonly attributes?: Attributes;
  readonly outputs: readonly TensorSpec[];
}

/** A kernel call as TensorFlow.js makes it, with inputs checked to be of a type that graphs know. */
export interface KernelCall {
  readonly inputs: Readonly<Record<string, TensorOperand>>;
  /** The inputs of kernels that take a list (`Concat`, `AddN`, `Pack`), in order. */
  readonly list: readonly TensorOperand[];
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the one marked boundary: tfjs's untyped attributes
  readonly attrs: any;
  /** The values of an input, undefined where they are yet to be computed. */
  readonly valuesOf: (input: TensorOperand) => HostValues | undefined;
}

/**
 * What an operator's plan comes to: record a node, return the input itself under another shape (no work), return
 * values that the host knows already, or leave the call to TensorFlow.js's `cpu` kernel.
 */
export type PlanResult =
  | Plan
  | { readonly alias: TensorOperand; readonly shape: readonly number[] }
  | { readonly known: readonly HostOperand[] }
  | 'fallback';

/** One operator, one record: kernel name, shape and type rule, lowering. */
export interface Op {
  /** The TensorFlow.js kernel that this operator implements. */
  readonly kernel: string;
  /** Shapes and types of the outputs, and which inputs and attributes the node keeps. */
  plan(call: KernelCall): PlanResult;
  /** Emits ONNX nodes and returns the names of the outputs. */
  lower(
    builder: GraphBuilder,
    inputs: readonly LoweredInput[],
    attributes: Attributes,
    outputs: readonly TensorSpec[],
  ): readonly string[];
  /** Multiply-adds of one call, where they are more than the elements written (matrix products, convolutions). */
  work?(inputs: readonly TensorSpec[], attributes: Attributes, outputs: readonly TensorSpec[]): number;
  /** True for kernels that return a list of tensors even when it has one (`Unpack`, `SplitV`). */
  readonly list?: boolean;
  /** True for convolutions: their graphs gain from ONNX Runtime's layout optimiser. */
  readonly convolution?: boolean;
}
