/** Half precision against an independent definition: the nearest of all halves, found by searching. */
import { describe, expect, it } from 'vitest';
import { fromHalf, toHalf } from '../../src/shared/half.js';
import { Random } from '../../src/shared/random.js';

const EVERY_HALF = Uint16Array.from({ length: 0x1_0000 }, (_, bits) => bits);
const isNaNHalf = (bits: number): boolean => (bits & 0x7c00) === 0x7c00 && (bits & 0x3ff) !== 0;
const one = (value: number, overflow: 'infinity' | 'saturate' = 'infinity'): number =>
  toHalf(Float32Array.of(value), { overflow })[0] as number;

describe('half precision', () => {
  it('reads the values of the standard', () => {
    const bits = Uint16Array.of(0x0000, 0x0001, 0x03ff, 0x0400, 0x3555, 0x3c00, 0x3c01, 0x7bff, 0x7c00, 0xc000, 0xfc00);
    expect([...fromHalf(bits)]).toEqual([
      0,
      2 ** -24,
      1023 * 2 ** -24,
      2 ** -14,
      0.333251953125,
      1,
      1.0009765625,
      65504,
      Infinity,
      -2,
      -Infinity,
    ]);
    expect(Object.is(fromHalf(Uint16Array.of(0x8000))[0], -0)).toBe(true);
    expect(fromHalf(Uint16Array.of(0x7e00))[0]).toBeNaN();
  });

  it('gives back the bits of every half', () => {
    const back = toHalf(fromHalf(EVERY_HALF));
    const wrong = EVERY_HALF.filter((bits) =>
      isNaNHalf(bits) ? !isNaNHalf(back[bits] as number) : back[bits] !== bits,
    );
    expect([...wrong]).toEqual([]);
  });

  it('rounds to the nearest half between each two neighbours, ties to even', () => {
    const values = fromHalf(EVERY_HALF);
    const neighbour = new Float32Array(3);
    for (let bits = 0; bits < 0x7bff; bits++) {
      const low = values[bits] as number;
      const high = values[bits + 1] as number;
      const middle = (low + high) / 2; // exact in 32 bits
      const step = Math.max(2 ** -149, middle * 2 ** -23);
      neighbour.set([middle - step, middle, middle + step]);
      const rounded = toHalf(neighbour);
      if (rounded[0] !== bits || rounded[1] !== bits + (bits & 1) || rounded[2] !== bits + 1) {
        expect.fail(`around ${middle}: ${[...rounded]}, the neighbours are ${bits} and ${bits + 1}`);
      }
    }
  });

  it('keeps the sign for any bits of a float', () => {
    const random = new Random(7);
    const bits = Uint32Array.from({ length: 100_000 }, () => random.nextInt32() & 0x7fff_ffff);
    const positive = toHalf(new Float32Array(bits.buffer));
    const negative = toHalf(new Float32Array(bits.map((value) => value | 0x8000_0000).buffer));
    expect(negative.every((half, i) => half === ((positive[i] as number) | 0x8000))).toBe(true);
  });

  it('lets finite overflow become infinite or saturate, and keeps infinity and NaN', () => {
    expect(one(65519.99)).toBe(0x7bff);
    expect(one(65520)).toBe(0x7c00);
    expect(one(65520, 'saturate')).toBe(0x7bff);
    expect(one(-3e38, 'saturate')).toBe(0xfbff);
    expect(one(Infinity, 'saturate')).toBe(0x7c00);
    expect(one(-Infinity)).toBe(0xfc00);
    expect(isNaNHalf(one(NaN, 'saturate'))).toBe(true);
    expect(one(-0)).toBe(0x8000);
    expect(one(2 ** -149)).toBe(0);
  });

  it('writes where it is told to', () => {
    const into = new Float32Array(4).fill(9);
    expect(fromHalf(Uint16Array.of(0x3c00, 0x4000), into, 1)).toHaveLength(2);
    expect([...into]).toEqual([9, 1, 2, 9]);
    const halves = new Uint16Array(3).fill(5);
    toHalf(Float32Array.of(1), {}, halves);
    expect([...halves]).toEqual([0x3c00, 5, 5]);
    expect(() => fromHalf(new Uint16Array(4), into, 1)).toThrow('do not fit');
  });
});
