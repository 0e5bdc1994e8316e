/**
 * Imports an encoder from the catalogue of `@tensorflow-models/mobilenet` into a folder: the one thing in looksay that
 * uses the network.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { version as packageVersion } from '@tensorflow-models/mobilenet';
import { cacheDirectory } from '../../datasets/cache-directory.js';
import { decodeWeights, type LoadedMobileNet, mobilenetOf } from '../../models/mobilenet/index.js';
import { UserError } from '../../shared/errors.js';
import { CONFIG_FILE } from '../../training/checkpoint.js';
import { requireWritableFolder } from '../writable-folder.js';
import { type CatalogueEncoder, findEncoder } from './catalogue.js';
import { parseUrl } from './download.js';
import { type EncoderSource, saveEncoder } from './encoder.js';
import { encoderModelCard } from './model-card.js';
import { type DownloadedModel, type DownloadProgress, fetchModel, type ModelSourceOptions } from './model-source.js';
import { disposePackaged, isComparable, loadByPackage, requireSameOutput } from './package-model.js';

const CACHE_NAME = 'encoders';
const MODEL_FILE = 'model.json';

/** Which encoder is imported, and how it is downloaded. */
export interface ImportEncoderOptions {
  readonly version: number;
  /** Width multiplier α. */
  readonly alpha: number;
  /** The folder to write. */
  readonly output: string;
  /** Replace an encoder that is in `output`. Default false. */
  readonly overwrite?: boolean;
  /** Where a copy of the catalogue's model lies, its folder or `model.json`; default: where the package says. */
  readonly modelUrl?: string;
  /** What SHA-256 the download must have (`source.sha256` of an earlier import). */
  readonly checksum?: string;
  /** Use only what was downloaded before. Default false. */
  readonly offline?: boolean;
  /** Where downloads are kept. Default: in the user's cache directory, or in `LOOKSAY_CACHE`. */
  readonly cacheDirectory?: string;
  /** Milliseconds for which the server may be silent. Default 30,000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

/** What was imported, and where from. */
export interface ImportedEncoder extends LoadedMobileNet {
  readonly source: EncoderSource;
}

/**
 * Imports the encoder of that version and width, and writes it into the folder `output`: `loadEncoder` reads it back.
 * The download goes through the package's own `load`, which runs it once, and the encoder must then classify a picture
 * as the package does. Runs on the current backend.
 * Throws `UserError` if there is no such encoder, if it cannot be downloaded or written, or is not what it should be.
 */
export async function importEncoder(options: ImportEncoderOptions): Promise<ImportedEncoder> {
  const { version, alpha, output } = options;
  requireFreeFolder(output, options.overwrite === true);
  const entry = await findEncoder(version, alpha);
  const url = options.modelUrl === undefined ? entry.url : modelJsonUrl(options.modelUrl);
  const { encoder, checksum } = await readEncoder(entry, url, options);
  const source = { url, package: `@tensorflow-models/mobilenet ${packageVersion}`, sha256: checksum };
  const modelCard = encoderModelCard(encoder.config, source, options.modelUrl === undefined);
  await saveEncoder(output, encoder, { source, modelCard });
  return { ...encoder, source };
}

function requireFreeFolder(output: string, overwrite: boolean): void {
  requireWritableFolder(output);
  if (overwrite || !existsSync(join(output, CONFIG_FILE))) return;
  throw new UserError(
    `${output}: expected a new folder, found a checkpoint in it (choose another one, or --overwrite)`,
    {
      exitCode: 2,
    },
  );
}

/** The address of `model.json` where `text` is that of its folder. */
function modelJsonUrl(text: string): string {
  const url = parseUrl(text);
  if (!url.pathname.endsWith('.json')) url.pathname = `${url.pathname.replace(/\/$/, '')}/${MODEL_FILE}`;
  return url.href;
}

async function readEncoder(
  entry: CatalogueEncoder,
  url: string,
  options: ImportEncoderOptions,
): Promise<{ readonly encoder: LoadedMobileNet; readonly checksum: string }> {
  // Our reader comes first: it says what is wrong with a model, where the package would only fail.
  const { packaged, fetched } = await loadByPackage(url, entry, async () => {
    const downloaded = await fetchModel(sourceOptions(url, options));
    requireChecksum(url, downloaded, options.checksum);
    return { ...downloaded, encoder: readGraph(url, entry, downloaded) };
  });
  const { encoder, checksum } = fetched;
  try {
    if (isComparable(fetched, encoder)) await requireSameOutput(url, packaged, encoder);
    return { encoder, checksum };
  } finally {
    disposePackaged(packaged);
  }
}

function sourceOptions(url: string, options: ImportEncoderOptions): ModelSourceOptions {
  const { offline, timeout, signal, onProgress } = options;
  return {
    url,
    cacheDirectory: options.cacheDirectory ?? cacheDirectory(CACHE_NAME),
    ...(offline === undefined ? {} : { offline }),
    ...(timeout === undefined ? {} : { timeout }),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
}

function readGraph(url: string, entry: CatalogueEncoder, { model, files }: DownloadedModel): LoadedMobileNet {
  if (model.format !== 'graph') {
    throw new UserError(`${url}: expected a graph model, found a layers model (it needs no import: use its folder)`);
  }
  const encoder = mobilenetOf(decodeWeights(model, files), { inputRange: entry.inputRange });
  requireArchitecture(url, entry, encoder);
  return encoder;
}

function requireChecksum(url: string, { checksum }: DownloadedModel, expected: string | undefined): void {
  if (expected === undefined || expected.toLowerCase() === checksum) return;
  throw new UserError(
    `${url}: expected a download with SHA-256 ${expected}, found ${checksum} (the model on the server is another one)`,
  );
}

function requireArchitecture(url: string, { version, alpha }: CatalogueEncoder, { config }: LoadedMobileNet): void {
  if (config.version === version && config.alpha === alpha) return;
  throw new UserError(
    `${url}: expected MobileNet V${version} with alpha ${alpha}, found V${config.version} with alpha ${config.alpha} ` +
      '(check --model-url, --version and --alpha)',
  );
}
