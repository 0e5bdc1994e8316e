/**
 * Memory for results, used again. A training step returns every weight and moment anew; memory that JavaScript frees
 * only at a collection would make each step wait for one. What a disposed tensor held becomes the output of a later run,
 * unless a reader was given a view of it, or a recorded node may still read it.
 */
import { outputName } from '../graph/lower.js';
import { type DataRecord, type NativeTensor, type TensorSpec, sizeOf } from '../graph/types.js';

/** Smaller results are not worth the bookkeeping. */
const POOL_FROM_ELEMENTS = 1024;
/** Memory kept for reuse at most. */
const POOL_BYTES = 2 ** 30;

const keyOf = ({ dtype, shape }: TensorSpec): string => `${dtype}[${shape.join(',')}]`;

export class ResultBuffers {
  /** Disposed since the last run: nodes recorded before their disposal may still read them. */
  #retired: DataRecord[] = [];
  readonly #free = new Map<string, NativeTensor[]>();
  #bytes = 0;

  /** Offers the memory of a disposed record for reuse. */
  retire(record: DataRecord): void {
    if (!record.exposed && record.state.kind === 'result') this.#retired.push(record);
  }

  /** Called when no recorded node is left: nobody can read retired records any more. */
  release(): void {
    for (const { state, exposed } of this.#retired) {
      if (state.kind !== 'result' || exposed) continue;
      const { tensor } = state;
      const bytes = tensor.data.byteLength;
      if (tensor.data.length < POOL_FROM_ELEMENTS || this.#bytes + bytes > POOL_BYTES) continue;
      const key = `${tensor.type}[${tensor.dims.join(',')}]`;
      const list = this.#free.get(key);
      if (list === undefined) this.#free.set(key, [tensor]);
      else list.push(tensor);
      this.#bytes += bytes;
    }
    this.#retired = [];
  }

  /** Where a run is to write its outputs, by name: memory of before, or null for the runtime to make new. */
  fetchesFor(outputs: readonly TensorSpec[]): Record<string, NativeTensor | null> {
    return Object.fromEntries(outputs.map((output, index) => [outputName(index), this.#take(output)]));
  }

  #take(spec: TensorSpec): NativeTensor | null {
    if (sizeOf(spec.shape) < POOL_FROM_ELEMENTS) return null;
    const tensor = this.#free.get(keyOf(spec))?.pop() ?? null;
    if (tensor !== null) this.#bytes -= tensor.data.byteLength;
    return tensor;
  }

  clear(): void {
    this.#free.clear();
    this.#bytes = 0;
  }
}
