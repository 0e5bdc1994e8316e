/** Reshapes: the values stay, only the shape changes. */
import type { Op } from '../graph/types.js';

/** The node behind a pending value that is read under another shape; `Reshape` calls themselves are aliases. */
export const reshapeOp: Op = {
  kernel: 'ReshapeView',
  plan: () => 'fallback',
  lower: (builder, [x], attributes) => [builder.reshape((x as { name: string }).name, attributes.shape as number[])],
};
