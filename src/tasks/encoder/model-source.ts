/**
 * A TensorFlow.js model on a web server, through the cache: each file is downloaded once, its checksum is kept, and
 * what an interrupted download already got is not downloaded again.
 */
import { MODEL_LIMITS, type ModelJson, parseModelJson, weightPaths } from '../../models/mobilenet/index.js';
import { UserError } from '../../shared/errors.js';
import { warn } from '../../shared/log.js';
import { type CachedFile, CachedFiles, sha256 } from './cached-files.js';
import { download, parseUrl } from './download.js';

/** How far a download has come. */
export interface DownloadProgress {
  /** The file that is being downloaded. */
  readonly file: string;
  /** Bytes of all weight files so far (of `model.json` while that is downloaded). */
  readonly received: number;
  /** Bytes of all weight files; undefined until `model.json` has named them. */
  readonly total: number | undefined;
}

export interface ModelSourceOptions {
  /** The address of `model.json`. */
  readonly url: string;
  /** Where files are kept. */
  readonly cacheDirectory: string;
  /** Use what was downloaded before, and nothing else. */
  readonly offline?: boolean;
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DownloadProgress) => void;
}

export interface DownloadedModel {
  readonly model: ModelJson;
  /** Weight files by the paths that the manifest gives them. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  /** SHA-256 of `model.json` and all weight files, one after the other. */
  readonly checksum: string;
}

/** How many bytes a file must have. */
interface FileBounds {
  readonly minimum: number;
  readonly limit: number;
}

/**
 * Downloads the model, or takes it from the cache.
 * Throws `UserError` if it cannot be had, or is not what a model should be.
 */
export async function fetchModel(options: ModelSourceOptions): Promise<DownloadedModel> {
  const { url } = options;
  const bounds = { minimum: 1, limit: MODEL_LIMITS.jsonBytes };
  const json = await fetchFile(url, bounds, options, (received) => ({
    file: 'model.json',
    received,
    total: undefined,
  }));
  const model = parseModelJson(url, new TextDecoder().decode(json));
  const files = await fetchWeights(model, options);
  return { model, files, checksum: sha256(json, ...files.values()) };
}

async function fetchWeights(model: ModelJson, options: ModelSourceOptions): Promise<ReadonlyMap<string, Uint8Array>> {
  const total = model.groups.reduce((sum, { byteLength }) => sum + byteLength, 0);
  const files = new Map<string, Uint8Array>();
  let before = 0;
  for (const path of weightPaths(model)) {
    const bounds = { minimum: 0, limit: total - before };
    const bytes = await fetchFile(besideModel(options.url, path), bounds, options, (received) => ({
      file: path,
      received: before + received,
      total,
    }));
    files.set(path, bytes);
    before += bytes.length;
  }
  if (before < total) {
    const cache = new CachedFiles(options.cacheDirectory);
    for (const path of files.keys()) await cache.remove(besideModel(options.url, path));
    throw new UserError(
      `${options.url}: expected ${total} bytes of weights, found ${before} (the files on the server are cut short: try ` +
        'again later, or another address)',
    );
  }
  return files;
}

/** The address of a weight file, as TensorFlow.js forms it: beside `model.json`, with what follows its `?`. */
function besideModel(url: string, path: string): string {
  const base = parseUrl(url);
  const beside = new URL(path.split('/').map(encodeURIComponent).join('/'), base);
  beside.search = base.search;
  return beside.href;
}

async function fetchFile(
  url: string,
  bounds: FileBounds,
  options: ModelSourceOptions,
  progressOf: (received: number) => DownloadProgress,
): Promise<Uint8Array> {
  const { offline = false, timeout, signal, onProgress } = options;
  const cache = new CachedFiles(options.cacheDirectory);
  const cached = await cache.read(url);
  if (cached instanceof Uint8Array && fits(cached, bounds)) {
    onProgress?.(progressOf(cached.length));
    return cached;
  }
  if (offline) throw notCached(url, cache.directory, cached);
  if (cached !== 'missing') warn(`${url}: what was kept in ${cache.directory} is damaged; it is downloaded again`);
  const bytes = await download(url, {
    ...bounds,
    ...(timeout === undefined ? {} : { timeout }),
    ...(signal === undefined ? {} : { signal }),
    onProgress: (received) => onProgress?.(progressOf(received)),
  });
  await cache.write(url, bytes);
  return bytes;
}

function fits({ length }: Uint8Array, { minimum, limit }: FileBounds): boolean {
  return length >= minimum && length <= limit;
}

function notCached(url: string, directory: string, cached: CachedFile): UserError {
  const found = cached === 'missing' ? 'not there' : 'there, but damaged: its checksum differs';
  return new UserError(
    `${url}: expected a copy in ${directory}, found it ${found} (run once without --offline, or set LOOKSAY_CACHE to the ` +
      'folder that has it)',
  );
}
