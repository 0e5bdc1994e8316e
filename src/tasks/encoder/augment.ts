/**
 * Changed versions of photos to train on: mirrored, cut to a part, and in other light and colours. They are a fixed few, so that the
 * frozen part of an encoder sees each once and the feature cache keeps what it said (see `features.ts`).
 */
import * as tf from '@tensorflow/tfjs-core';
import { GREY_WEIGHTS } from '../../media/grey.js';
import { counterUniform } from '../../shared/random.js';

/** One way to change a photo. */
export interface View {
  readonly mirrored: boolean;
  /** What of the photo is seen: [top, left, bottom, right], shares of its sides. */
  readonly box: readonly [number, number, number, number];
  /** Another light; default none. */
  readonly colour?: Colour;
}

/** What is done to red, green and blue in 0 … 255, in this order; 1 leaves them. */
export interface Colour {
  /** Each pixel's distance from its own grey. */
  readonly saturation: number;
  /** Each value's distance from the middle, 127.5. */
  readonly contrast: number;
  /** All values. */
  readonly brightness: number;
}

/** The photo as it is. */
export const ORIGINAL: View = { mirrored: false, box: [0, 0, 1, 1] };

/** A recipe's `augmentedViews` counts those after the first. */
export const VIEWS: readonly [View, ...View[]] = [
  ORIGINAL,
  { mirrored: true, box: [0, 0, 1, 1] },
  { mirrored: false, box: [0, 0, 0.875, 0.875] },
  { mirrored: true, box: [0.125, 0.125, 1, 1] },
  { mirrored: false, box: [0.125, 0, 1, 0.875] },
  { mirrored: true, box: [0, 0.125, 0.875, 1] },
  { mirrored: false, box: [0.1, 0.1, 0.9, 0.9], colour: { saturation: 0.6, contrast: 1.1, brightness: 1.1 } },
  { mirrored: true, box: [0, 0, 1, 1], colour: { saturation: 1.3, contrast: 0.8, brightness: 0.9 } },
  { mirrored: false, box: [0, 0.1, 0.75, 0.85], colour: { saturation: 1.3, contrast: 1.2, brightness: 0.85 } },
  { mirrored: true, box: [0.15, 0.05, 0.9, 0.8], colour: { saturation: 0.8, contrast: 0.9, brightness: 1.2 } },
  { mirrored: false, box: [0.2, 0.2, 1, 1], colour: { saturation: 0.9, contrast: 0.75, brightness: 1.1 } },
  { mirrored: true, box: [0.05, 0, 0.95, 0.9], colour: { saturation: 0.5, contrast: 1.25, brightness: 1 } },
];

export const MOST_AUGMENTED_VIEWS = VIEWS.length - 1;

/** The `view` of `images` [n, size, size, 3]: the same shape. */
export function viewOf(images: tf.Tensor4D, { mirrored, box, colour }: View): tf.Tensor4D {
  const part = cut(images, box);
  const seen = colour === undefined ? part : recoloured(part, colour);
  return mirrored ? tf.reverse4d(seen, 2) : seen;
}

function cut(images: tf.Tensor4D, box: View['box']): tf.Tensor4D {
  const [n, size, width, channels] = images.shape;
  const [top, left, bottom, right] = box.map((share) => Math.round(share * size)) as [number, number, number, number];
  if (bottom - top === size && right - left === width) return images;
  const part = tf.slice4d(images, [0, top, left, 0], [n, bottom - top, right - left, channels]);
  return tf.image.resizeBilinear(part, [size, width], false, true);
}

const MIDDLE = 127.5;

function recoloured(images: tf.Tensor4D, { saturation, contrast, brightness }: Colour): tf.Tensor4D {
  const grey = tf.sum(tf.mul(images, tf.tensor1d([...GREY_WEIGHTS])), 3, true); // [n, size, size, 1]
  const saturated = tf.add(grey, tf.mul(tf.sub(images, grey), saturation));
  const contrasted = tf.add(tf.mul(tf.sub(saturated, MIDDLE), contrast), MIDDLE);
  return tf.clipByValue(tf.mul(contrasted, brightness), 0, 255);
}

/** Words that a mirrored photo would make a lie, in the languages of the data sets that we know. */
const SIDES = new Set(['left', 'right', 'leftmost', 'rightmost', 'trái', 'phải']);

/** Whether a photo with these captions (as words) may be mirrored. */
export function mayMirror(captions: readonly (readonly string[])[]): boolean {
  return !captions.some((words) => words.some((word) => SIDES.has(word)));
}

/** Separates these random numbers from those that the same seed draws elsewhere. */
const STREAM = 0x5ca1ab1e;

/** The view in which a photo is seen in an epoch: each of the `count` first ones that the photo may show, equally often. */
export function chooseView(
  count: number,
  { seed, epoch, image, mirror }: { seed: number; epoch: number; image: number; mirror: boolean },
): number {
  const allowed = VIEWS.slice(0, count).flatMap(({ mirrored }, index) => (mirrored && !mirror ? [] : [index]));
  const uniform = counterUniform(seed ^ STREAM ^ Math.imul(epoch + 1, 0x9e3779b1), image);
  return allowed[Math.floor(uniform * allowed.length)] ?? 0;
}
