/**
 * Half precision: numbers of 16 bits (IEEE 754-2019 binary16: 1 sign, 5 exponent, 10 fraction bits) to and from 32-bit
 * floats. JavaScript engines of Node 20 have no type for them, so they travel as the bits in a `Uint16Array`.
 */
import { assert } from './assert.js';

const HALF_INFINITY = 0x7c00;
const HALF_LARGEST_FINITE = 0x7bff;
const HALF_QUIET_NAN = 0x7e00;
const HALF_SIGN = 0x8000;

const FLOAT_MAGNITUDE = 0x7fff_ffff;
const FLOAT_INFINITY = 0x7f80_0000;
const FLOAT_FRACTION = 0x007f_ffff;
const FLOAT_IMPLICIT_ONE = 0x0080_0000;
/** The bits of 2^-14, the smallest normal half. */
const SMALLEST_NORMAL = 0x3880_0000;
/** The bits of 2^-25, half of the smallest subnormal: it and all below round to zero. */
const ROUNDS_TO_ZERO = 0x3300_0000;
/** What to take from a float's bits so that its exponent (bias 127) becomes a half's (bias 15). */
const BIAS_DIFFERENCE = (127 - 15) << 23;
const DROPPED_BITS = 13;
/** A subnormal half counts units of 2^-24: a float of exponent field e is its significand shifted right by 126 - e. */
const SUBNORMAL_SHIFT = 126;

export interface HalfOptions {
  /**
   * What becomes of a finite value too large for a half (65,520 or more): `infinity` as IEEE 754 rounds (the default),
   * or `saturate` to ±65,504. Infinities and NaN always stay what they are.
   */
  readonly overflow?: 'infinity' | 'saturate';
}

/**
 * `values` [n] rounded to half precision (to nearest, ties to even), as bits [n].
 * Writes into `into` (at least n long) when it is given and returns the part written.
 */
export function toHalf(values: Float32Array, options: HalfOptions = {}, into?: Uint16Array): Uint16Array {
  const halves = into === undefined ? new Uint16Array(values.length) : into.subarray(0, values.length);
  assert(halves.length === values.length, () => `${values.length} halves do not fit ${halves.length} places`);
  const overflow = options.overflow === 'saturate' ? HALF_LARGEST_FINITE : HALF_INFINITY;
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) {
    const float = bits[i] as number;
    halves[i] = ((float >>> 16) & HALF_SIGN) | halfMagnitude(float & FLOAT_MAGNITUDE, overflow);
  }
  return halves;
}

/** The half nearest to a float's bits without sign; `overflow` is what stands for finite values beyond the range. */
function halfMagnitude(magnitude: number, overflow: number): number {
  if (magnitude >= FLOAT_INFINITY) return magnitude === FLOAT_INFINITY ? HALF_INFINITY : HALF_QUIET_NAN;
  if (magnitude <= ROUNDS_TO_ZERO) return 0;
  if (magnitude < SMALLEST_NORMAL) {
    const significand = (magnitude & FLOAT_FRACTION) | FLOAT_IMPLICIT_ONE;
    return shiftRounded(significand, SUBNORMAL_SHIFT - (magnitude >>> 23));
  }
  const half = shiftRounded(magnitude - BIAS_DIFFERENCE, DROPPED_BITS);
  return half > HALF_LARGEST_FINITE ? overflow : half;
}

/** `bits / 2^shift`, rounded to nearest, ties to even. */
function shiftRounded(bits: number, shift: number): number {
  const justBelowHalf = (1 << (shift - 1)) - 1;
  return (bits + justBelowHalf + ((bits >>> shift) & 1)) >>> shift;
}

let floats: Float32Array | undefined;

/** All 65,536 halves as floats (256 KB), made when first wanted. */
function floatOfEveryHalf(): Float32Array {
  if (floats !== undefined) return floats;
  floats = new Float32Array(0x1_0000);
  for (let half = 0; half < floats.length; half++) floats[half] = floatOf(half);
  return floats;
}

function floatOf(half: number): number {
  const sign = half & HALF_SIGN ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (0x400 | fraction) * 2 ** (exponent - 25);
}

/**
 * The floats [n] that the bits `halves` [n] stand for; exact. Written from `offset` on into `into` when it is given;
 * returns the part written.
 */
export function fromHalf(halves: Uint16Array, into?: Float32Array, offset = 0): Float32Array {
  const target = into === undefined ? new Float32Array(halves.length) : into.subarray(offset, offset + halves.length);
  assert(target.length === halves.length, () => `${halves.length} floats do not fit ${target.length} places`);
  const table = floatOfEveryHalf();
  for (let i = 0; i < halves.length; i++) target[i] = table[halves[i] as number] as number;
  return target;
}
