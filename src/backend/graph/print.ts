/** Prints a graph for people: a line a node, values named %0, %1, …, sources $0, $1, …. */
import type { Cut, ValueRef } from './cut.js';
import type { TensorSpec } from './types.js';

const specText = (spec: TensorSpec): string => `${spec.dtype}[${spec.shape.join(',')}]`;

function refText({ node, index }: ValueRef): string {
  if (node < 0) return `$${index}`;
  return index === 0 ? `%${node}` : `%${node}.${index}`;
}

/** The graph as text, e.g. `%0 = Add($0, $1) : float32[2,3]`. */
export function print(cut: Cut): string {
  const lines = cut.sources.map((source, index) => `$${index} : ${specText(source)}`);
  cut.nodes.forEach(({ node, inputs }, position) => {
    const attributes = Object.entries(node.attributes).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    const call = [...inputs.map(refText), ...attributes].join(', ');
    lines.push(`%${position} = ${node.op.kernel}(${call}) : ${node.outputs.map(specText).join(', ')}`);
  });
  lines.push(`return ${cut.outputs.map((output) => refText(output.ref)).join(', ')}`);
  return lines.join('\n');
}
