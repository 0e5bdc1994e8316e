/**
 * Cuts a runnable graph out of recorded nodes: what is live becomes an output, what reaches no output is dropped, and
 * everything is numbered in the order of recording, which is topological. The key describes the structure alone
 * (operators, attributes, wiring, shapes and types), never a tensor's identity or values: equal keys run on one session.
 */
import type { DataRecord, GraphNode, NodeInput, TensorSpec } from './types.js';

/** A graph input: a record whose values are at hand (or will be, for a placeholder). */
export interface GraphSource extends TensorSpec {
  readonly record: DataRecord;
}

/** Where a value comes from: a source, or an output of a node. */
export interface ValueRef {
  readonly node: number;
  /** Number of the output, or of the source when `node` is −1. */
  readonly index: number;
}

export interface CutNode {
  readonly node: GraphNode;
  readonly inputs: readonly ValueRef[];
}

export interface GraphOutput extends TensorSpec {
  readonly record: DataRecord;
  readonly ref: ValueRef;
}

export interface Cut {
  readonly nodes: readonly CutNode[];
  readonly sources: readonly GraphSource[];
  readonly outputs: readonly GraphOutput[];
  /** The structure as numbers; `hash` is a digest of it. */
  readonly key: Int32Array;
  readonly hash: number;
}

const specNumbers = new Map<string, number>();

/** A small number for a shape and type: equal specs have equal numbers. */
function numberOfSpec(spec: TensorSpec): number {
  const text = `${spec.dtype}[${spec.shape.join(',')}]`;
  let number = specNumbers.get(text);
  if (number === undefined) specNumbers.set(text, (number = specNumbers.size));
  return number;
}

/** The nodes of `pending` that `wanted` needs, in their order. */
function reachable(pending: readonly GraphNode[], wanted: ReadonlySet<DataRecord>): GraphNode[] {
  const needed = new Set<GraphNode>();
  for (let position = pending.length - 1; position >= 0; position--) {
    const node = pending[position] as GraphNode;
    if (!needed.has(node) && !node.records.some((record) => wanted.has(record))) continue;
    needed.add(node);
    for (const { record } of node.inputs) if (record.state.kind === 'pending') needed.add(record.state.node);
  }
  return pending.filter((node) => needed.has(node));
}

class CutBuilder {
  readonly nodes: CutNode[] = [];
  readonly sources: GraphSource[] = [];
  readonly outputs: GraphOutput[] = [];
  readonly key: number[] = [];
  readonly #numbers = new Map<GraphNode, number>();
  readonly #sourceNumbers = new Map<DataRecord, { spec: number; index: number }[]>();

  #source(input: NodeInput): ValueRef {
    const spec = numberOfSpec(input);
    let known = this.#sourceNumbers.get(input.record);
    if (known === undefined) this.#sourceNumbers.set(input.record, (known = []));
    let entry = known.find((candidate) => candidate.spec === spec);
    if (entry === undefined) {
      entry = { spec, index: this.sources.length };
      known.push(entry);
      this.sources.push({ record: input.record, dtype: input.dtype, shape: input.shape });
      this.key.push(-1, spec);
    }
    return { node: -1, index: entry.index };
  }

  #resolve(input: NodeInput): ValueRef {
    const { state } = input.record;
    if (state.kind !== 'pending') return this.#source(input);
    const node = this.#numbers.get(state.node);
    if (node === undefined) throw new Error(`${state.node.op.kernel}: its value is used before it is recorded`);
    return { node, index: state.output };
  }

  add(node: GraphNode): void {
    const inputs = node.inputs.map((input) => this.#resolve(input));
    this.key.push(-2, node.signature);
    for (const { node: from, index } of inputs) this.key.push(from + 1, index);
    this.#numbers.set(node, this.nodes.length);
    this.nodes.push({ node, inputs });
  }

  output(record: DataRecord, spec: TensorSpec): void {
    const ref = this.#resolve({ record, dtype: spec.dtype, shape: spec.shape });
    this.key.push(-3, ref.node + 1, ref.index);
    this.outputs.push({ record, ref, dtype: spec.dtype, shape: spec.shape });
  }
}

function digest(key: Int32Array): number {
  let hash = 0x811c9dc5 | 0;
  for (const word of key) {
    hash = Math.imul(hash ^ word, 0x01000193);
    hash ^= hash >>> 15;
  }
  return hash;
}

function finish(builder: CutBuilder): Cut {
  const key = Int32Array.from(builder.key);
  return { nodes: builder.nodes, sources: builder.sources, outputs: builder.outputs, key, hash: digest(key) };
}

/** The graph that computes every live output of `pending`, or only those of `only` where it is given. */
export function cutLive(pending: readonly GraphNode[], only?: ReadonlySet<DataRecord>): Cut {
  const wanted = new Set<DataRecord>();
  for (const node of pending) {
    for (const record of node.records) {
      if (record.references > 0 && (only === undefined || only.has(record))) wanted.add(record);
    }
  }
  const builder = new CutBuilder();
  const nodes = reachable(pending, wanted);
  for (const node of nodes) builder.add(node);
  for (const node of nodes) {
    node.records.forEach((record, index) => {
      const spec = node.outputs[index];
      if (wanted.has(record) && spec !== undefined) builder.output(record, spec);
    });
  }
  return finish(builder);
}

/** The graph of a traced function: its outputs in the order given, which may be sources themselves. */
export function cutOutputs(recorded: readonly GraphNode[], outputs: readonly NodeInput[]): Cut {
  const builder = new CutBuilder();
  for (const node of reachable(recorded, new Set(outputs.map(({ record }) => record)))) builder.add(node);
  for (const output of outputs) builder.output(output.record, output);
  return finish(builder);
}

export function sameKey(a: Int32Array, b: Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let position = 0; position < a.length; position++) if (a[position] !== b[position]) return false;
  return true;
}
