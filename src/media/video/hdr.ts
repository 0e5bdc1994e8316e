/**
 * HDR to sRGB: the light that PQ (SMPTE ST 2084) or HLG (ITU-R BT.2100) codes, from the primaries of BT.2020 to those of
 * BT.709 (ITU-R BT.2087), tone-mapped by the extended curve of Reinhard et al. 2002, and coded as sRGB (IEC 61966-2-1).
 * Encoders learnt from ordinary pictures: without this, HDR looks grey to them.
 */
import type { HdrTransfer } from './probe.js';

const STEPS = 65_536;
/** Light of a white sheet of paper (BT.2408) and the most that is told apart, in cd/m². */
const PAPER_WHITE = 203;
const PEAK = 1000;
/** How far above white light may be before it clips. */
const WHITE_POINT = PEAK / PAPER_WHITE;

const BT2020_TO_BT709 = [1.6605, -0.5876, -0.0728, -0.1246, 1.1329, -0.0083, -0.0182, -0.1006, 1.1187] as const;

/** ST 2084: coded value in [0, 1] → light, 1 being paper white. */
function pqToLight(value: number): number {
  const [m1, m2, c1, c2, c3] = [0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875] as const;
  const power = value ** (1 / m2);
  return (10_000 * (Math.max(0, power - c1) / (c2 - c3 * power)) ** (1 / m1)) / PAPER_WHITE;
}

/** BT.2100: coded value in [0, 1] → light of a display of 1000 cd/m² (gamma 1.2, per channel), 1 being paper white. */
function hlgToLight(value: number): number {
  const [a, b, c] = [0.17883277, 0.28466892, 0.55991073] as const;
  const scene = value <= 0.5 ? value ** 2 / 3 : (Math.exp((value - c) / a) + b) / 12;
  return (PEAK * scene ** 1.2) / PAPER_WHITE;
}

/** Keeps what is dark as it is and bends what is bright below 1. */
function toneMap(light: number): number {
  const x = Math.min(Math.max(0, light), WHITE_POINT);
  return (x * (1 + x / WHITE_POINT ** 2)) / (1 + x);
}

function toSrgb(light: number): number {
  return light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
}

/** The curve gives white 0.52 of the range: what it should have as sRGB is near full. */
const EXPOSURE = 1.6;

const TABLES = new Map<HdrTransfer, Float32Array>();

function tableOf(transfer: HdrTransfer): Float32Array {
  const known = TABLES.get(transfer);
  if (known !== undefined) return known;
  const toLight = transfer === 'pq' ? pqToLight : hlgToLight;
  const table = Float32Array.from({ length: STEPS }, (_, code) => toLight(code / (STEPS - 1)));
  TABLES.set(transfer, table);
  return table;
}

/** RGB of 16 bits a channel, little-endian, in BT.2020 with `transfer`, as 8-bit sRGB. */
export function hdrToSrgb(pixels: Uint8Array, transfer: HdrTransfer): Uint8Array {
  const table = tableOf(transfer);
  const view = new DataView(pixels.buffer, pixels.byteOffset, pixels.length);
  const result = new Uint8Array(pixels.length / 2);
  const m = BT2020_TO_BT709;
  for (let index = 0; index + 2 < result.length; index += 3) {
    const red = table[view.getUint16(2 * index, true)] as number;
    const green = table[view.getUint16(2 * index + 2, true)] as number;
    const blue = table[view.getUint16(2 * index + 4, true)] as number;
    result[index] = code(m[0] * red + m[1] * green + m[2] * blue);
    result[index + 1] = code(m[3] * red + m[4] * green + m[5] * blue);
    result[index + 2] = code(m[6] * red + m[7] * green + m[8] * blue);
  }
  return result;
}

function code(light: number): number {
  return Math.round(255 * Math.min(1, toSrgb(Math.min(1, EXPOSURE * toneMap(light)))));
}

/** RGBA over white, as RGB. */
export function layOnWhite(pixels: Uint8Array): Uint8Array {
  const result = new Uint8Array((pixels.length / 4) * 3);
  for (let pixel = 0; 4 * pixel < pixels.length; pixel++) {
    const alpha = (pixels[4 * pixel + 3] as number) / 255;
    for (let channel = 0; channel < 3; channel++) {
      result[3 * pixel + channel] = Math.round(255 + alpha * ((pixels[4 * pixel + channel] as number) - 255));
    }
  }
  return result;
}
