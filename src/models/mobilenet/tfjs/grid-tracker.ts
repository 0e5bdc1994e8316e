/**
 * Follows the size of the grid through a model's convolutions, to tell which rule of padding it was made by: SAME
 * shares zeros between both sides; Keras pads by hand, a row below and a column to the right, before strides of 2.
 */
import { UserError } from '../../../shared/errors.js';
import type { MobileNetConvolution } from '../blocks.js';
import type { MobileNetPadding } from '../config.js';
import type { Pads, WindowPadding } from './operations.js';

const NO_PADS: Pads = { top: 0, bottom: 0, left: 0, right: 0 };

export class GridTracker {
  /** Rows, and columns, of the grid behind the convolutions so far. */
  size: number;
  #padsByHand = false;
  #onlySame = false;
  #onlyKeras = false;

  constructor(inputSize: number) {
    this.size = inputSize;
  }

  /** Notes a convolution with its padding, and pads put before it. False if no MobileNet pads like that. */
  pass({ kernelSize, stride }: MobileNetConvolution, padding: WindowPadding, before: Pads | undefined): boolean {
    if (padding === 'same') {
      if (before !== undefined) return false;
      this.#onlySame ||= stride === 2 && this.size % 2 === 1;
      this.size = Math.ceil(this.size / stride);
      return true;
    }
    if (before !== undefined && padding !== 'valid') return false;
    const pads = before ?? (padding === 'valid' ? NO_PADS : padding);
    if (!this.#fits(kernelSize, stride, pads)) return false;
    this.size = Math.floor((this.size + pads.top + pads.bottom - kernelSize) / stride) + 1;
    return this.size > 0;
  }

  #fits(kernelSize: 1 | 3, stride: 1 | 2, pads: Pads): boolean {
    if (kernelSize === 1) return arePads(pads, 0, 0);
    if (stride === 1) return arePads(pads, 1, 1);
    const isOdd = this.size % 2 === 1;
    this.#padsByHand = true;
    if (arePads(pads, 0, 1)) {
      this.#onlyKeras ||= isOdd;
      return true;
    }
    this.#onlySame = true;
    return isOdd && arePads(pads, 1, 1);
  }

  /**
   * The rule that fits all convolutions. Where both fit, pads put by hand are Keras's V1; its V2 pads by hand such that
   * the result is always that of SAME.
   */
  padding(where: string, version: 1 | 2): MobileNetPadding {
    if (this.#onlyKeras && this.#onlySame) {
      throw new UserError(`${where}: expected one rule of padding, found two (choose another model)`);
    }
    if (this.#onlyKeras) return 'keras';
    return this.#padsByHand && !this.#onlySame && version === 1 ? 'keras' : 'same';
  }
}

function arePads({ top, bottom, left, right }: Pads, before: number, after: number): boolean {
  return top === before && left === before && bottom === after && right === after;
}
