/** Numbers for kinds of nodes: what the structural key of a graph is made of. */
import type { Attributes, TensorSpec } from './types.js';

const signatures = new Map<string, number>();

/** The same number for the same kernel, attributes and outputs, for as long as the process runs. */
export function signatureOf(kernel: string, attributes: Attributes, outputs: readonly TensorSpec[]): number {
  let text = kernel;
  // The outputs' shapes may follow from inputs' values (a slice's size), which are not part of the structure.
  for (const { dtype, shape } of outputs) text += `>${dtype}[${shape.join(',')}]`;
  for (const name in attributes) text += `|${name}=${String(attributes[name])}`;
  let number = signatures.get(text);
  if (number === undefined) signatures.set(text, (number = signatures.size));
  return number;
}
