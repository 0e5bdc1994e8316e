/** Loads MobileNets from TensorFlow.js models of both kinds, with or without batch norms, quantised or not. */
import { assembleMobileNet, type LoadedMobileNet } from './tfjs/assemble.js';
import { traceChain } from './tfjs/chain.js';
import { graphOperations } from './tfjs/graph-operations.js';
import { layersOperations } from './tfjs/layers-operations.js';
import { readModelFiles } from './tfjs/model-files.js';
import type { StoredModel } from './tfjs/stored-weights.js';

/** What a model's files do not say. */
export interface LoadMobileNetOptions {
  /**
   * What the model's author feeds for 0 and 255; no model says so. Default: [-1, 1] for a layers model, as Keras does
   * ([0, 255] where it rescales by itself), and [0, 1] for a graph model, as TensorFlow Hub does. What the model does to
   * its input before the first convolution comes on top.
   */
  readonly inputRange?: readonly [number, number];
  /** The input size to use in place of the one that the model was made for. */
  readonly inputSize?: number;
}

/**
 * The MobileNet in the TensorFlow.js model at `path`, its folder or its `model.json`: version, width, input size,
 * classes and padding are recognised; batch norms are folded; slim's class for "background" is left out.
 * Throws `UserError` if it cannot be read, is damaged, or is no MobileNet.
 */
export async function loadMobileNet(path: string, options: LoadMobileNetOptions = {}): Promise<LoadedMobileNet> {
  return mobilenetOf(await readModelFiles(path), options);
}

/** The MobileNet in a TensorFlow.js model that was read already. Throws `UserError` as `loadMobileNet`. */
export function mobilenetOf(model: StoredModel, options: LoadMobileNetOptions = {}): LoadedMobileNet {
  const operations = model.format === 'layers' ? layersOperations(model) : graphOperations(model);
  const chain = traceChain(model.where, operations);
  const input = chain.links[0]?.step;
  const rescales = input?.kind === 'input' && (input.scale !== 1 || input.shift !== 0);
  const usual = model.format === 'graph' ? ([0, 1] as const) : rescales ? ([0, 255] as const) : ([-1, 1] as const);
  return assembleMobileNet(model.where, chain, { inputRange: usual, ...options });
}
