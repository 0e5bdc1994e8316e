/**
 * Changed versions of photos to train on: mirrored, and cut to a corner or the middle. They are a fixed few, so that the
 * frozen part of an encoder sees each once and the feature cache keeps what it said (see `features.ts`).
 */
import * as tf from '@tensorflow/tfjs-core';
import { counterUniform } from '../../shared/random.js';

/** One way to change a photo. */
export interface View {
  readonly mirrored: boolean;
  /** What of the photo is seen: [top, left, bottom, right], shares of its sides. */
  readonly box: readonly [number, number, number, number];
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
];

export const MOST_AUGMENTED_VIEWS = VIEWS.length - 1;

/** The `view` of `images` [n, size, size, 3]: the same shape. */
export function viewOf(images: tf.Tensor4D, { mirrored, box }: View): tf.Tensor4D {
  const seen = cut(images, box);
  return mirrored ? tf.reverse4d(seen, 2) : seen;
}

function cut(images: tf.Tensor4D, box: View['box']): tf.Tensor4D {
  const [n, size, width, channels] = images.shape;
  const [top, left, bottom, right] = box.map((share) => Math.round(share * size)) as [number, number, number, number];
  if (bottom - top === size && right - left === width) return images;
  const part = tf.slice4d(images, [0, top, left, 0], [n, bottom - top, right - left, channels]);
  return tf.image.resizeBilinear(part, [size, width], false, true);
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
