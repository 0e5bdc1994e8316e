/**
 * What `@tensorflow-models/mobilenet` offers. The package keeps its table of versions, widths, addresses and input
 * ranges to itself, so it is asked instead of copied: its own messages name the legal values, and its `load`, given a
 * stand-in for the network that answers with an empty model, tells where it would have gone.
 */
import * as tf from '@tensorflow/tfjs-core';
import { load, type ModelConfig } from '@tensorflow-models/mobilenet';
import { assert } from '../../shared/assert.js';
import { messageOf, UserError } from '../../shared/errors.js';

/** A pretrained encoder that can be imported. */
export interface CatalogueEncoder {
  readonly version: 1 | 2;
  /** Width multiplier α. */
  readonly alpha: number;
  /** Where the package downloads it from. */
  readonly url: string;
  /** What 0 and 255 become before they enter the model. */
  readonly inputRange: readonly [number, number];
}

/** Legal for neither: the package's error names what would be. */
const NOT_A_VALUE = 99;

/** A graph model that gives back its input. */
const EMPTY_MODEL = {
  format: 'graph-model',
  modelTopology: {
    node: [
      { name: 'images', op: 'Placeholder', attr: { dtype: { type: 'DT_FLOAT' } } },
      { name: 'output', op: 'Identity', input: ['images'], attr: { T: { type: 'DT_FLOAT' } } },
    ],
    versions: { producer: 0, minConsumer: 0 },
  },
  weightsManifest: [],
};

/** All encoders of the catalogue. Uses no network; runs an empty model on the current backend. */
export async function listEncoders(): Promise<readonly CatalogueEncoder[]> {
  const encoders: CatalogueEncoder[] = [];
  for (const version of await legalValues({ version: NOT_A_VALUE as 1 })) {
    for (const alpha of await legalValues({ version: version as 1 | 2, alpha: NOT_A_VALUE as 1 })) {
      encoders.push({ version: version as 1 | 2, alpha, ...(await askPackage(version, alpha)) });
    }
  }
  return encoders;
}

/** The encoder of that version and width. Throws `UserError`, naming those that there are. */
export async function findEncoder(version: number, alpha: number): Promise<CatalogueEncoder> {
  const encoders = await listEncoders();
  const found = encoders.find((encoder) => encoder.version === version && encoder.alpha === alpha);
  if (found !== undefined) return found;
  const legal = [...new Set(encoders.map((encoder) => encoder.version))].map((known) => {
    const alphas = encoders.filter((encoder) => encoder.version === known).map((encoder) => encoder.alpha);
    return `version ${known} with alpha ${alphas.join(', ')}`;
  });
  throw new UserError(
    `the catalogue has no MobileNet of version ${version} with alpha ${alpha}: expected ${legal.join('; or ')}`,
    { exitCode: 2 },
  );
}

/** The numbers at the end of the package's message about an illegal value: "… are: 0.50,0.75,1.00." */
async function legalValues(illegal: ModelConfig): Promise<readonly number[]> {
  const message = await load(illegal).then(() => '', messageOf);
  const list = /are: ([\d.,]+?)\.?$/.exec(message)?.[1];
  const values = list?.split(',').map(Number) ?? [];
  assert(values.length > 0 && values.every(Number.isFinite), () => `unexpected from the catalogue: ${message}`);
  return values;
}

/** Where the package would download an encoder from, and the input range that it gives it. */
async function askPackage(version: number, alpha: number): Promise<Pick<CatalogueEncoder, 'url' | 'inputRange'>> {
  const { platform } = tf.env();
  const realFetch = platform.fetch;
  let url: string | undefined;
  platform.fetch = (address) => {
    url ??= address;
    return Promise.resolve(Response.json(EMPTY_MODEL));
  };
  let loading: Promise<object>;
  try {
    // The request goes out before `load` first waits: nothing else in the process ever sees the stand-in.
    loading = load({ version, alpha } as ModelConfig);
  } finally {
    platform.fetch = realFetch;
  }
  const { inputMin, inputMax } = (await loading) as Readonly<Record<string, unknown>>;
  assert(url !== undefined, 'the catalogue asked for no address');
  assert(typeof inputMin === 'number' && typeof inputMax === 'number', 'the catalogue names no input range');
  return { url, inputRange: [inputMin, inputMax] };
}
