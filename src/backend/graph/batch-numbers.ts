/**
 * Numbers of a model that grow with the batch, computed within it from the shape of one of its inputs: shapes that Expand,
 * Tile, Resize and the like are given, and tensors of one value in a shape that holds the batch (the state that a cell
 * starts from).
 */
import { bytesOf } from '../onnx/builder.js';
import type { OnnxNode, OnnxTensor } from '../onnx/protobuf.js';

/** A number that is `fixed + factor · batch`. */
export interface BatchNumber {
  readonly fixed: number;
  readonly factor: number;
}

/** Collects what computes them: nodes that stand before all others, and the constants that these read. */
export class BatchNumbers {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  readonly #input: string;
  readonly #known = new Set<string>();

  /** `input`: one whose first dimension is the batch. */
  constructor(input: string) {
    this.#input = input;
  }

  /** The name of `numbers` as [n] int64, made for the constant `name`. */
  vector(name: string, numbers: readonly BatchNumber[]): string {
    const result = `${name}_of_batch`;
    if (this.#isNew(result)) {
      const fixed = this.#integers(
        `${result}_fixed`,
        numbers.map((number) => number.fixed),
      );
      const factors = this.#integers(
        `${result}_factors`,
        numbers.map(({ factor }) => factor),
      );
      this.#add('Mul', [factors, this.#batch()], `${result}_growing`);
      this.#add('Add', [fixed, `${result}_growing`], result);
    }
    return result;
  }

  /** The name of a tensor like `constant` of one value, in the shape that `numbers` make. */
  filled(constant: OnnxTensor, numbers: readonly BatchNumber[]): string {
    const result = `${constant.name}_filled`;
    if (this.#isNew(result)) {
      const bytes = constant.bytes.slice(0, constant.bytes.length / constant.shape.reduce((a, b) => a * b, 1));
      this.initializers.push({ ...constant, name: `${result}_value`, shape: [], bytes });
      this.#add('Expand', [`${result}_value`, this.vector(`${result}_shape`, numbers)], result);
    }
    return result;
  }

  /** The batch as [1] int64. */
  #batch(): string {
    const result = `${this.#input}_batch`;
    if (this.#isNew(result)) {
      const attributes = { start: { kind: 'int', value: 0 }, end: { kind: 'int', value: 1 } } as const;
      this.nodes.push({ type: 'Shape', inputs: [this.#input], outputs: [result], attributes });
    }
    return result;
  }

  #integers(name: string, values: readonly number[]): string {
    const bytes = bytesOf(BigInt64Array.from(values, (value) => BigInt(value)));
    this.initializers.push({ name, type: 'int64', shape: [values.length], bytes });
    return name;
  }

  #add(type: string, inputs: readonly string[], output: string): void {
    this.nodes.push({ type, inputs, outputs: [output], attributes: {} });
  }

  #isNew(name: string): boolean {
    const isNew = !this.#known.has(name);
    this.#known.add(name);
    return isNew;
  }
}
