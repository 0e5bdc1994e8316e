/**
 * The TensorFlow.js backend: records kernel calls, and computes them when a value is read. `flush` cuts the recorded
 * graph at what is still alive, finds or compiles its session, and runs it; results stay native tensors until they are
 * read or fed to the next run.
 */
import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '../shared/errors.js';
import { Turns } from '../shared/turns.js';
import { type Cut, cutLive } from './graph/cut.js';
import { inputName, outputName } from './graph/lower.js';
import { signatureOf } from './graph/signature.js';
import {
  type Attributes,
  DataRecord,
  type GraphNode,
  type HostValues,
  type NativeTensor,
  type NodeInput,
  type Op,
  type Operand,
  type Plan,
  type TensorOperand,
  type TensorSpec,
  sameShape,
  sizeOf,
} from './graph/types.js';
import { verifyResults } from './graph/verify.js';
import { reshapeOp } from './ops/reshape.js';
import { feedOf } from './runtime/feeds.js';
import { emptyValues, toHostValues } from './runtime/host-values.js';
import type { NativeSession } from './runtime/native.js';
import { ResultBuffers } from './runtime/buffers.js';
import { maximumBytesOf, type RuntimeOptions, SessionCache, defaultRuntimeOptions } from './runtime/sessions.js';

/** A program that never reads is cut here, at the first call after the scope in which a variable was assigned. */
const SOFT_NODE_LIMIT = 1_000;
/** No graph grows beyond this, but for gradients: all that they need of the forward pass would leave a graph that is cut. */
const HARD_NODE_LIMIT = 16_000;

/** Values that never enter a graph: strings, and the parts of complex numbers. */
export type ForeignData =
  | { readonly kind: 'string'; readonly values: Uint8Array[] }
  | { readonly kind: 'complex'; readonly real: tf.TensorInfo; readonly imaginary: tf.TensorInfo };

/** What stands behind a data id of this backend. */
export type StoredData = DataRecord | { references: number; readonly foreign: ForeignData };

/** What the backend has done since it was made. */
export interface BackendStatistics {
  /** Cuts of the recorded graph that were run. */
  readonly flushes: number;
  readonly recordedNodes: number;
  readonly sessionsCreated: number;
  readonly cacheHits: number;
  /** Calls computed by TensorFlow.js's `cpu` kernel, by kernel. */
  readonly fallbacks: Readonly<Record<string, number>>;
}

/** The number of the outermost `tidy` under way; −1 outside of any. */
function outermostScope(): number {
  return tf.engine().state.scopeStack[0]?.id ?? -1;
}

/** The shape and type that a record's node or placeholder declares; undefined once its values are there. */
function specBeforeRun({ state }: DataRecord): TensorSpec | undefined {
  if (state.kind === 'placeholder') return state.spec;
  return state.kind === 'pending' ? state.node.outputs[state.output] : undefined;
}

export class OnnxRuntimeBackend extends tf.KernelBackend {
  readonly storage: tf.DataStorage<StoredData>;
  readonly sessions: SessionCache = new SessionCache(defaultRuntimeOptions);
  readonly fallbackCounts = new Map<string, number>();
  #pending: GraphNode[] = [];
  readonly #buffers = new ResultBuffers();
  #tracing = false;
  readonly #turns = new Turns();
  /** The outermost scope in which a variable was assigned since the last flush; undefined where there was none. */
  #assignedIn: number | undefined;
  #flushes = 0;
  #recorded = 0;

  constructor() {
    super();
    this.storage = new tf.DataStorage<StoredData>(this, tf.engine());
  }

  configure(options: Partial<RuntimeOptions>): void {
    this.sessions.clear();
    const { device } = options;
    const bound = device === undefined ? {} : { maximumBytes: maximumBytesOf(device) };
    this.sessions.options = { ...this.sessions.options, ...bound, ...options };
  }

  statistics(): BackendStatistics {
    return {
      flushes: this.#flushes,
      recordedNodes: this.#recorded,
      sessionsCreated: this.sessions.created,
      cacheHits: this.sessions.hits,
      fallbacks: Object.fromEntries(this.fallbackCounts),
    };
  }

  // ---- storage ----

  /** Registers `data` under a new id. */
  store(data: StoredData): object {
    const dataId = {};
    this.storage.set(dataId, data);
    return dataId;
  }

  override write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): object {
    const dataId = {};
    this.move(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(
    dataId: object,
    values: tf.backend_util.BackendValues,
    _shape: number[],
    dtype: tf.DataType,
    references: number,
  ): void {
    if (dtype === 'string') {
      this.storage.set(dataId, { references, foreign: { kind: 'string', values: values as Uint8Array[] } });
      return;
    }
    if (dtype === 'complex64') {
      throw new UserError('complex64 tensors cannot be moved between backends; make them with tf.complex(real, imag)');
    }
    // The copy matters: a lazy program would otherwise read what the caller changes later.
    const record = new DataRecord({ kind: 'host', values: toHostValues(values, dtype) });
    record.references = references;
    this.storage.set(dataId, record);
  }

  /** The record behind a tensor that graphs can read. */
  recordOf(dataId: object): DataRecord {
    const data = this.storage.get(dataId);
    if (!(data instanceof DataRecord)) throw new Error('a string or complex tensor cannot enter a graph');
    return data;
  }

  override numDataIds(): number {
    return this.storage.numDataIds();
  }

  override refCount(dataId: object): number {
    return this.storage.has(dataId) ? this.storage.get(dataId).references : 0;
  }

  override incRef(dataId: object): void {
    this.storage.get(dataId).references++;
    this.#assignedIn = outermostScope();
  }

  override disposeData(dataId: object, force = false): boolean {
    if (!this.storage.has(dataId)) return true;
    const data = this.storage.get(dataId);
    data.references--;
    if (!force && data.references > 0) return false;
    if (!(data instanceof DataRecord) && data.foreign.kind === 'complex') {
      this.disposeData(data.foreign.real.dataId, true);
      this.disposeData(data.foreign.imaginary.dataId, true);
    }
    data.references = 0;
    if (data instanceof DataRecord && data.state.kind === 'result') this.#buffers.retire(data);
    this.storage.delete(dataId);
    return true;
  }

  override memory(): { unreliable: boolean } {
    return { unreliable: false };
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override timerAvailable(): boolean {
    return true;
  }

  override time(run: () => void): Promise<{ kernelMs: number }> {
    this.flush();
    const start = performance.now();
    run();
    this.flush();
    return Promise.resolve({ kernelMs: performance.now() - start });
  }

  override dispose(): void {
    this.#buffers.clear();
    this.sessions.clear();
  }

  // ---- recording ----

  #checkLimits(): void {
    const count = this.#pending.length;
    const scope = outermostScope();
    const stepIsOver = this.#assignedIn !== undefined && (scope === -1 || scope !== this.#assignedIn);
    // ONNX Runtime takes minutes for thousands of outputs. There is a tape until the backward pass is recorded too.
    const isDifferentiating = (tf.engine().state.activeTape ?? null) !== null;
    const isTooLong = count >= HARD_NODE_LIMIT && !isDifferentiating;
    if (isTooLong || (stepIsOver && count >= SOFT_NODE_LIMIT)) this.flush();
  }

  /** The record of an operand as a node reads it: a pending output under another shape is read through a Reshape. */
  inputOf(operand: Operand): NodeInput {
    const { dtype, shape } = operand;
    if ('values' in operand) {
      return { record: new DataRecord({ kind: 'host', values: operand.values }), dtype, shape };
    }
    const record = this.recordOf(operand.dataId);
    if (record.state.kind === 'failed') throw record.state.error;
    const made = specBeforeRun(record);
    if (made === undefined) return { record, dtype, shape };
    if (sameShape(made.shape, shape)) return { record, dtype, shape };
    return { record: this.#view(record, made, shape), dtype, shape };
  }

  #view(record: DataRecord, made: TensorSpec, shape: readonly number[]): DataRecord {
    const key = shape.join(',');
    const known = record.views.get(key);
    if (known !== undefined && known.state.kind === 'pending') return known;
    const [view] = this.#append(reshapeOp, [{ record, ...made }], { shape }, [{ dtype: made.dtype, shape }]);
    const viewRecord = view as DataRecord;
    // Nobody outside holds a view: it lives as long as the nodes that read it.
    viewRecord.references = 0;
    record.views.set(key, viewRecord);
    return viewRecord;
  }

  #append(
    op: Op,
    inputs: readonly NodeInput[],
    attributes: Attributes,
    outputs: readonly TensorSpec[],
  ): readonly DataRecord[] {
    const records: DataRecord[] = [];
    const signature = signatureOf(op.kernel, attributes, outputs);
    const node: GraphNode = { op, inputs, attributes, outputs, records, signature };
    outputs.forEach((_, output) => records.push(new DataRecord({ kind: 'pending', node, output })));
    this.#pending.push(node);
    this.#recorded++;
    return records;
  }

  /** Appends a node and returns handles to its outputs; nothing is computed. */
  record(op: Op, plan: Plan): tf.TensorInfo[] {
    const { outputs, attributes = {} } = plan;
    if (outputs.every(({ shape }) => sizeOf(shape) === 0)) {
      return outputs.map((spec) => this.known({ ...spec, values: emptyValues(spec) }));
    }
    if (!this.#tracing) this.#checkLimits();
    const records = this.#append(
      op,
      plan.inputs.map((operand) => this.inputOf(operand)),
      attributes,
      outputs,
    );
    return outputs.map((spec, index) => this.#info(this.store(records[index] as DataRecord), spec));
  }

  #info(dataId: object, { shape, dtype }: TensorSpec): tf.TensorInfo {
    return { dataId: dataId as tf.DataId, shape: [...shape], dtype: dtype as tf.DataType };
  }

  /** A tensor whose values the host knows already. */
  known(values: TensorSpec & { readonly values: HostValues }): tf.TensorInfo {
    return this.#info(this.store(new DataRecord({ kind: 'host', values: values.values })), values);
  }

  /** The same values under another shape: one more reference to the same data. */
  alias(input: TensorOperand, shape: readonly number[]): tf.TensorInfo {
    this.storage.get(input.dataId).references++;
    return this.#info(input.dataId, { dtype: input.dtype, shape });
  }

  /**
   * Records what `run` does into a graph of its own and returns its nodes; used to compile functions. Reading a tensor
   * inside is an error, because a placeholder has no values.
   */
  trace<T>(run: () => T): { readonly result: T; readonly nodes: readonly GraphNode[] } {
    this.flush();
    this.#tracing = true;
    try {
      const result = run();
      return { result, nodes: this.#pending };
    } finally {
      this.#pending = [];
      this.#tracing = false;
    }
  }

  /** Whether a function is being traced: tensors made in it have no values yet. */
  get isTracing(): boolean {
    return this.#tracing;
  }

  // ---- running ----

  /** The graph that a flush would run now, for printing and tests. */
  pendingCut(): Cut {
    return cutLive(this.#pending);
  }

  /** Computes every live tensor that is still pending. */
  flush(): void {
    if (this.#tracing) {
      throw new Error('a tensor was read while a function is being compiled; compiled functions cannot look at values');
    }
    const pending = this.#pending;
    this.#pending = [];
    this.#assignedIn = undefined;
    const cut = cutLive(pending);
    if (cut.outputs.length > 0) {
      this.#flushes++;
      try {
        this.#run(cut);
      } catch (error) {
        this.#runApart(pending, cut, error);
      }
    }
    this.#buffers.release();
  }

  /** Runs `session` on its own, after a flush; its outputs take memory that disposed tensors left. */
  runSession(
    session: NativeSession,
    feeds: Readonly<Record<string, NativeTensor>>,
    outputs: readonly TensorSpec[],
  ): Record<string, NativeTensor> {
    if (this.#pending.length === 0) this.#buffers.release();
    return session.run(feeds, this.#buffers.fetchesFor(outputs));
  }

  #run(cut: Cut): void {
    const feeds: Record<string, NativeTensor> = {};
    cut.sources.forEach((source, index) => {
      feeds[inputName(index)] = feedOf(source.record, source);
    });
    const session = this.sessions.get(cut);
    const results = session.run(feeds, this.#buffers.fetchesFor(cut.outputs));
    verifyResults(cut, results);
    cut.outputs.forEach((output, index) => {
      output.record.state = { kind: 'result', tensor: results[outputName(index)] as NativeTensor };
      output.record.views.clear();
    });
  }

  /** After a failed run: outputs that do not depend on the failing node are computed alone, the others keep the error. */
  #runApart(pending: readonly GraphNode[], cut: Cut, cause: unknown): void {
    const fail = (record: DataRecord, error: unknown): void => {
      record.state = { kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
    };
    if (cut.outputs.length === 1) {
      for (const { record } of cut.outputs) fail(record, cause);
      return;
    }
    for (const { record } of cut.outputs) {
      if (record.state.kind !== 'pending') continue;
      try {
        this.#run(cutLive(pending, new Set([record])));
      } catch (error) {
        fail(record, error);
      }
    }
  }

  /** The values of a record, computed if they are pending. */
  valuesOf(record: DataRecord): HostValues {
    if (record.state.kind === 'pending') this.flush();
    const { state } = record;
    switch (state.kind) {
      case 'host':
        return state.values;
      case 'result':
        return state.tensor.data;
      case 'failed':
        throw state.error;
      case 'placeholder':
        throw new Error('a tensor was read while a function is being compiled; its values are not known yet');
      case 'pending':
        throw new Error('a tensor was read after it was disposed');
    }
  }

  override readSync(dataId: object): tf.backend_util.BackendValues {
    const data = this.storage.get(dataId);
    if (data instanceof DataRecord) {
      data.exposed = true;
      return this.valuesOf(data) as tf.backend_util.BackendValues;
    }
    if (data.foreign.kind === 'string') return data.foreign.values;
    const real = this.readSync(data.foreign.real.dataId) as Float32Array;
    const imaginary = this.readSync(data.foreign.imaginary.dataId) as Float32Array;
    return tf.backend_util.mergeRealAndImagArrays(real, imaginary);
  }

  /** Runs at once, as `readSync`; but now and then other events get their turn, or a long loop could not be interrupted. */
  override async read(dataId: object): Promise<tf.backend_util.BackendValues> {
    const values = this.readSync(dataId);
    await this.#turns.pass();
    return values;
  }
}
