/**
 * The part of an encoder that training leaves as it is: blocks up to a cut, run once over each photo for the feature
 * cache. From the cut on, blocks are part of a task's own graph and are fine-tuned.
 */
import * as tf from '@tensorflow/tfjs-core';
import type { ImagePreprocessing } from '../../media/image.js';
import {
  blockInputShape,
  type MobileNetConfig,
  mobilenetBlocks,
  runBlocks,
  scaleImages,
} from '../../models/mobilenet/index.js';
import { type HostTensors, toTensors } from '../../training/parameters.js';
import { fingerprintWeights } from '../../training/weights.js';
import { ORIGINAL, type View, viewOf } from './augment.js';
import type { ImageEncoder } from './encode.js';

/** A model that has an encoder, whatever its task. */
export interface EncodedModel {
  readonly config: { readonly encoder: MobileNetConfig; readonly preprocessing: ImagePreprocessing };
  readonly encoder: HostTensors;
}

/** Names of encoder weights that belong to blocks from `cut` on. */
export function isAbove(model: EncodedModel, cut: number): (name: string) => boolean {
  const names = new Set(
    mobilenetBlocks(model.config.encoder)
      .slice(cut)
      .map(({ name }) => name),
  );
  return (name) => names.has(name.slice(0, name.indexOf('/')));
}

/** The weights whose names are `chosen`. */
export function select(weights: HostTensors, chosen: (name: string) => boolean): HostTensors {
  return Object.fromEntries(Object.entries(weights).filter(([name]) => chosen(name)));
}

/** The frozen part of the encoder, blocks 0 … cut − 1, on a view of each photo: what the feature cache is filled by. */
export function frozenEncoder(
  model: EncodedModel,
  cut: number,
  view: View = ORIGINAL,
): ImageEncoder & { readonly dispose: () => void } {
  const { encoder: config, preprocessing } = model.config;
  const tensors = toTensors(select(model.encoder, (name) => !isAbove(model, cut)(name)));
  return {
    preprocessing,
    encode: (images) => runBlocks(config, tensors, scaleImages(config, viewOf(images, view)), { to: cut }),
    dispose: () => tf.dispose(tensors),
  };
}

/** Tells the frozen part of an encoder from all others: its weights, its cut, and how pictures are prepared for it. */
export function frozenFingerprint(model: EncodedModel, cut: number, view: View): string {
  const { encoder, preprocessing } = model.config;
  const weights = fingerprintWeights(select(model.encoder, (name) => !isAbove(model, cut)(name)));
  const changed = view === ORIGINAL ? {} : { view };
  const { lastBlock: _above, ...frozen } = encoder; // Blocks above the cut have no part in it.
  return JSON.stringify({ encoder: { ...frozen, classes: 0 }, preprocessing, cut, weights, ...changed });
}

/** [h, w, c] of the cached features for an encoder cut at `cut`. */
export function cachedShape(model: EncodedModel, cut: number): readonly [number, number, number] {
  return blockInputShape(model.config.encoder, cut);
}
