/** Runs a downloaded model through `@tensorflow-models/mobilenet` itself, to be sure that ours says the same. */
import * as tf from '@tensorflow/tfjs-core';
import { load, type MobileNet, type ModelConfig } from '@tensorflow-models/mobilenet';
import { type LoadedMobileNet, mobilenet, mobilenetProbabilities } from '../../models/mobilenet/index.js';
import { defined } from '../../shared/assert.js';
import { messageOf, UserError } from '../../shared/errors.js';
import type { CatalogueEncoder } from './catalogue.js';
import type { DownloadedModel } from './model-source.js';

/** The size that the package feeds, whatever the model. */
const PACKAGE_IMAGE_SIZE = 224;

/** The package takes it that the first of 1,001 logits is slim's "background". */
const PACKAGE_LOGITS = 1001;

/** The most that a probability of the package's may differ from ours. */
const TOLERANCE = 1e-3;

/**
 * Loads the model that `fetch` downloads by the package's own `load`, through an `IOHandler` of ours.
 * Throws what `fetch` throws, and `UserError` if the package cannot run the model.
 */
export async function loadByPackage<Fetched extends DownloadedModel>(
  url: string,
  { version, alpha, inputRange }: CatalogueEncoder,
  fetch: () => Promise<Fetched>,
): Promise<{ readonly packaged: MobileNet; readonly fetched: Fetched }> {
  const results: Fetched[] = [];
  const handler: tf.io.IOHandler = {
    load: async () => {
      const fetched = await fetch();
      results.push(fetched);
      return artifactsOf(fetched);
    },
  };
  try {
    const packaged = await load({ version, alpha, modelUrl: handler, inputRange: [...inputRange] } as ModelConfig);
    return { packaged, fetched: defined(results[0], 'what the IOHandler fetched') };
  } catch (error) {
    if (results.length === 0) throw error;
    throw new UserError(
      `${url}: cannot be run by @tensorflow-models/mobilenet: ${messageOf(error)} (choose another model)`,
      { cause: error },
    );
  }
}

/** What TensorFlow.js wants of a model: its topology, and its weights as the manifest lists them. */
function artifactsOf({ model, files }: DownloadedModel): tf.io.ModelArtifacts {
  const specs = model.groups.flatMap(({ specs: ofGroup }) => ofGroup);
  const parts = model.groups.flatMap(({ paths }) => paths.map((path) => files.get(path) ?? new Uint8Array(0)));
  return {
    format: 'graph-model',
    modelTopology: model.topology,
    weightSpecs: specs.map(({ json }) => json as unknown as tf.io.WeightsManifestEntry),
    weightData: new Uint8Array(Buffer.concat(parts)).buffer,
  };
}

/** Throws `UserError` if `ours` does not classify a picture as the package does. */
export async function requireSameOutput(
  url: string,
  packaged: MobileNet,
  { config, weights }: LoadedMobileNet,
): Promise<void> {
  const outputs = tf.tidy(() => {
    const parameters = Object.fromEntries(
      Object.entries(weights).map(([name, { values, shape }]) => [name, tf.tensor(values, [...shape])]),
    );
    const picture = testPicture();
    const { pooled } = mobilenet(config, parameters, tf.expandDims<tf.Tensor4D>(picture));
    return [tf.softmax(packaged.infer(picture)), mobilenetProbabilities(config, parameters, pooled)] as const;
  });
  const [theirs, ours] = (await Promise.all(outputs.map((output) => output.data()))) as [Float32Array, Float32Array];
  tf.dispose([...outputs]);
  const difference = theirs.reduce(
    (most, value, index) => Math.max(most, Math.abs(value - (ours[index] as number))),
    0,
  );
  if (difference <= TOLERANCE) return;
  throw new UserError(
    `${url}: expected the probabilities that its own graph gives, found a difference of ${difference} ` +
      '(this model cannot be imported: choose another one)',
  );
}

/** Whether `requireSameOutput` can compare: the package has a fixed image size and number of logits. */
export function isComparable({ model }: DownloadedModel, { config }: LoadedMobileNet): boolean {
  const hasBackground = model.groups.some(({ specs }) => specs.some(({ shape }) => shape.at(-1) === PACKAGE_LOGITS));
  return hasBackground && config.classes === PACKAGE_LOGITS - 1 && config.inputSize === PACKAGE_IMAGE_SIZE;
}

/** Waves of three colours: [224, 224, 3] in 0 … 255. */
function testPicture(): tf.Tensor3D {
  const side = PACKAGE_IMAGE_SIZE;
  const values = Float32Array.from({ length: side * side * 3 }, (_, index) => {
    const [x, y, colour] = [Math.floor(index / 3) % side, Math.floor(index / (3 * side)), index % 3];
    return 127.5 + 127.5 * Math.sin(x / (9 + 5 * colour) + y / (17 - 3 * colour));
  });
  return tf.tensor3d(values, [side, side, 3]);
}

/** Frees the package's copy of the weights, which it offers no way to. */
export function disposePackaged(packaged: MobileNet): void {
  const { model } = packaged as unknown as { readonly model?: { readonly dispose?: () => void } };
  model?.dispose?.();
}
