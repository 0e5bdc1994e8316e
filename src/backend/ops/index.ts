/** The one table of operators: a kernel that is not here runs on TensorFlow.js's `cpu` kernel. */
import type { Op } from '../graph/types.js';
import { activationOps } from './activation.js';
import { arithmeticOps } from './arithmetic.js';
import { convolutionOps } from './convolution.js';
import { gatherOps } from './gather.js';
import { logicOps } from './logic.js';
import { matMulOps } from './matmul.js';
import { poolingOps } from './pooling.js';
import { counterUniform } from './random.js';
import { reductionOps } from './reduction.js';
import { shapeOps } from './shape.js';
import { unaryOps } from './unary.js';

export const ops: readonly Op[] = [
  ...arithmeticOps,
  ...unaryOps,
  ...activationOps,
  ...logicOps,
  ...reductionOps,
  ...matMulOps,
  ...shapeOps,
  ...gatherOps,
  ...convolutionOps,
  ...poolingOps,
  counterUniform,
];
