/**
 * States which graphs are legal and checks a cut and its results against it; a violation is a defect of an operator,
 * never of a user.
 */
import { assert } from '../../shared/assert.js';
import type { Cut, ValueRef } from './cut.js';
import { outputName } from './lower.js';
import { type NativeTensor, sameShape, sizeOf, type TensorSpec } from './types.js';

function checkSpec(spec: TensorSpec, where: string): void {
  for (const dimension of spec.shape) {
    assert(Number.isInteger(dimension) && dimension >= 0, () => `${where}: shape [${spec.shape.join(', ')}]`);
  }
}

function specAt(cut: Cut, ref: ValueRef): TensorSpec | undefined {
  return ref.node < 0 ? cut.sources[ref.index] : cut.nodes[ref.node]?.node.outputs[ref.index];
}

/**
 * Checks that every node reads values that stand before it, in the type and size that the producer declared; that
 * shapes are whole numbers; that outputs exist and are of a type that can leave a graph. Throws on the first violation.
 */
export function verify(cut: Cut): void {
  cut.nodes.forEach(({ node, inputs }, position) => {
    const where = `node ${position} ${node.op.kernel}`;
    assert(inputs.length === node.inputs.length, () => `${where}: ${inputs.length} inputs wired`);
    inputs.forEach((ref, index) => {
      const from = specAt(cut, ref);
      const to = node.inputs[index] as TensorSpec;
      assert(ref.node < position, () => `${where}: input ${index} is used before it is made`);
      assert(from !== undefined, () => `${where}: input ${index} does not exist`);
      assert(from.dtype === to.dtype, () => `${where}: input ${index} is ${from.dtype}, declared ${to.dtype}`);
      assert(sizeOf(from.shape) === sizeOf(to.shape), () => `${where}: input ${index} changes its size`);
    });
    node.outputs.forEach((output, index) => checkSpec(output, `${where}: output ${index}`));
  });
  cut.outputs.forEach((output, index) => {
    assert(specAt(cut, output.ref) !== undefined, () => `output ${index} does not exist`);
    assert(output.dtype !== 'int64', () => `output ${index} is int64, which must not leave a graph`);
  });
}

/** Checks that a run of `cut` gave its outputs the shapes that their operators declared. Throws on the first that differs. */
export function verifyResults(cut: Cut, results: Readonly<Record<string, NativeTensor>>): void {
  cut.outputs.forEach(({ shape, ref }, index) => {
    const dims = results[outputName(index)]?.dims ?? [];
    assert(sameShape(dims, shape), () => {
      const kernel = cut.nodes[ref.node]?.node.op.kernel ?? 'an input';
      return `${kernel}: declared the shape [${shape.join(', ')}], ONNX Runtime returned [${dims.join(', ')}]`;
    });
  });
}
