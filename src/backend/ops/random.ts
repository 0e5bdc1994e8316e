/**
 * Uniform numbers from a hash of (seed, index), computed in the graph: the same numbers as `counterUniform` in
 * JavaScript. ONNX's own random operators keep their state in the session and repeat themselves in a new one.
 */
import { COUNTER_HASH, COUNTER_UNIFORM_KERNEL } from '../../shared/random.js';
import type { GraphBuilder } from '../onnx/builder.js';
import { type Op, sizeOf } from '../graph/types.js';
import { at, one, operand } from './common.js';

/** x ^ (x >>> bits) of a uint32. */
function xorShift(builder: GraphBuilder, x: string, bits: number): string {
  const amount = builder.constant('uint32', [], Uint32Array.of(bits));
  return builder.op('BitwiseXor', [x, builder.op('BitShift', [x, amount], { direction: 'RIGHT' })]);
}

/** x · factor modulo 2³². ONNX Runtime multiplies signed integers only; the low bits are the same. */
function multiply(builder: GraphBuilder, x: string, factor: number): string {
  const product = builder.op('Mul', [builder.cast(x, 'int32'), builder.int32(factor | 0)]);
  return builder.cast(product, 'uint32');
}

export const counterUniform: Op = {
  kernel: COUNTER_UNIFORM_KERNEL,
  plan(call) {
    const { shape, begin = 0 } = call.attrs as { shape: number[]; begin?: number };
    return one([operand(call, 'seed')], 'float32', shape, { shape, begin });
  },
  lower(builder, inputs, attributes) {
    const shape = attributes.shape as number[];
    const begin = attributes.begin as number;
    const range = [builder.int32(begin), builder.int32(begin + sizeOf(shape)), builder.int32(1)];
    const index = builder.op('Range', range);
    const spread = builder.op('Mul', [index, builder.int32(COUNTER_HASH.step | 0)]);
    const seeded = builder.op('Add', [spread, builder.reshape(at(inputs, 0).name, [1])]);
    let hash = xorShift(builder, builder.cast(seeded, 'uint32'), 16);
    hash = xorShift(builder, multiply(builder, hash, COUNTER_HASH.first), 13);
    hash = xorShift(builder, multiply(builder, hash, COUNTER_HASH.second), 16);
    const bits = builder.op('BitShift', [hash, builder.constant('uint32', [], Uint32Array.of(8))], {
      direction: 'RIGHT',
    });
    const uniform = builder.op('Mul', [builder.cast(builder.cast(bits, 'int32'), 'float32'), builder.float(2 ** -24)]);
    return [builder.reshape(uniform, shape)];
  },
};
