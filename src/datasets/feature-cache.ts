/**
 * What the encoder says about each photo, kept on disk, so that a captioner can be trained for many epochs and the
 * encoder runs once. Values are kept in half precision; a 7 × 7 × 1280 grid takes 125 KB.
 *
 * One file a photo, in a folder an encoder. A file's name is a hash of the photo's path, size and time of change: a
 * changed photo has a new name and is computed again. A folder's name is a hash of
 * the encoder and of `PREPARATION_VERSION`. A file appears by renaming, whole or not at all, so several processes can
 * fill one cache, and one that was stopped goes on where it was. Layout of a file, little-endian:
 *
 *     0  "LSF1"    4  values (uint32)    8  CRC-32 of the payload (uint32)    12  zero    16  payload (float16)
 */
import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { PREPARATION_VERSION } from '../media/preprocessing.js';
import { assert } from '../shared/assert.js';
import { messageOf, systemCodeOf, UserError } from '../shared/errors.js';
import { temporaryNameFor, writeFileAtomically } from '../shared/files.js';
import { fromHalf, toHalf } from '../shared/half.js';
import { cacheDirectory } from './cache-directory.js';

const MAGIC = 'LSF1';
const HEADER_BYTES = 16;
const BYTES_PER_HALF = 2;
const EXTENSION = '.half';
const CACHE_NAME = 'features';
/** In the folder of each encoder; written anew, with the same content, each time the folder is used. */
const ABOUT_FILE = 'about.json';
const FOLDER_NAME = /^[0-9a-f]{16}$/;
/** A half-written file this old belongs to a process that is no more. */
const STALE_MILLISECONDS = 3_600_000;

export interface FeatureCacheOptions {
  /** Default: `featureDirectory()`. */
  readonly directory?: string;
  /** Tells encoders apart: a hash of weights, architecture and preprocessing. Any text. */
  readonly encoder: string;
  /** Values a photo. */
  readonly featureLength: number;
}

/** Where features are kept unless told otherwise: `features` in the cache directory. */
export const featureDirectory = (): string => cacheDirectory(CACHE_NAME);

/** The folder of one encoder. */
export interface KeptFeatures {
  readonly folder: string;
  /** Photos or clips. */
  readonly files: number;
  readonly bytes: number;
  readonly lastUsed: Date;
}

/** What is kept in `directory`, used longest ago first; folders of another kind are not looked at. */
export async function keptFeatures(directory = featureDirectory()): Promise<readonly KeptFeatures[]> {
  const kept: KeptFeatures[] = [];
  for (const name of await readdir(directory).catch(() => [])) {
    const folder = join(directory, name);
    const about = await stat(join(folder, ABOUT_FILE)).catch(() => undefined);
    if (!FOLDER_NAME.test(name) || about === undefined) continue;
    const sizes = await entrySizes(folder);
    kept.push({ folder, files: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0), lastUsed: about.mtime });
  }
  return kept.sort((a, b) => a.lastUsed.getTime() - b.lastUsed.getTime());
}

async function entrySizes(folder: string): Promise<readonly number[]> {
  const entries = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(EXTENSION));
  const sizes = entries.map((entry) => stat(join(folder, entry)).then(({ size }) => size, () => undefined));
  return (await Promise.all(sizes)).filter((size) => size !== undefined);
}

/** Opens the cache of an encoder, making it where there is none. UserError when the directory cannot be written. */
export async function openFeatureCache(options: FeatureCacheOptions): Promise<FeatureCache> {
  const { encoder, featureLength } = options;
  assert(Number.isInteger(featureLength) && featureLength > 0, () => `feature length ${featureLength}`);
  const about = { encoder, featureLength, preparation: PREPARATION_VERSION };
  const key = [MAGIC, featureLength, PREPARATION_VERSION, encoder].join('\0');
  const name = createHash('sha256').update(key).digest('hex').slice(0, 16);
  const folder = join(resolve(options.directory ?? featureDirectory()), name);
  try {
    await mkdir(folder, { recursive: true });
    await writeFileAtomically(join(folder, ABOUT_FILE), `${JSON.stringify(about, null, 2)}\n`);
    await removeStale(folder);
  } catch (error) {
    throw cannotWrite(folder, error);
  }
  return new FeatureCache(folder, featureLength);
}

/** Features by photo. Memory: one entry, and a name for each photo that was asked for. */
export class FeatureCache {
  readonly folder: string;
  readonly featureLength: number;
  readonly #buffer: Uint8Array;
  readonly #payload: Uint16Array;
  readonly #entries = new Map<string, string>();
  readonly #verified = new Set<string>();
  readonly #folders = new Set<string>();

  /** Use `openFeatureCache`. */
  constructor(folder: string, featureLength: number) {
    this.folder = folder;
    this.featureLength = featureLength;
    // One byte more than an entry has, to notice files that are too long.
    this.#buffer = new Uint8Array(this.#entryBytes + 1);
    this.#payload = new Uint16Array(this.#buffer.buffer, HEADER_BYTES, featureLength);
  }

  get #entryBytes(): number {
    return HEADER_BYTES + this.featureLength * BYTES_PER_HALF;
  }

  /** Whether the photo's features are there, to judge by the size of their file; 10 µs. Throws when there is no photo. */
  has(imagePath: string): boolean {
    return statSync(this.#entryOf(imagePath), { throwIfNoEntry: false })?.size === this.#entryBytes;
  }

  /**
   * Reads a photo's features into `into[offset .. offset + featureLength]`. False when they are not there or damaged
   * (found by size always, by checksum the first time); a damaged entry is removed: compute and `write` it again.
   */
  read(imagePath: string, into: Float32Array, offset = 0): boolean {
    const entry = this.#entryOf(imagePath);
    if (!this.#load(entry)) return false;
    fromHalf(this.#payload, into, offset);
    return true;
  }

  /**
   * Keeps a photo's features [featureLength]; they may be changed as soon as this returns. Values beyond ±65,504 become
   * that. UserError when the disk is full or may not be written.
   */
  async write(imagePath: string, features: Float32Array): Promise<void> {
    assert(features.length === this.featureLength, () => `${features.length} features, not ${this.featureLength}`);
    const entry = this.#entryOf(imagePath);
    const bytes = encodeEntry(features);
    const temporary = temporaryNameFor(entry);
    try {
      await this.#makeFolder(join(entry, '..'));
      await writeFile(temporary, bytes);
      await rename(temporary, entry);
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw cannotWrite(this.folder, error);
    }
  }

  async #makeFolder(folder: string): Promise<void> {
    if (this.#folders.has(folder)) return;
    await mkdir(folder, { recursive: true });
    this.#folders.add(folder);
  }

  #entryOf(imagePath: string): string {
    const known = this.#entries.get(imagePath);
    if (known !== undefined) return known;
    const { size, mtimeMs } = statSync(imagePath);
    const hash = createHash('sha256').update(`${resolve(imagePath)}\0${size}\0${mtimeMs}`).digest('hex');
    const entry = join(this.folder, hash.slice(0, 2), hash.slice(2, 32) + EXTENSION);
    this.#entries.set(imagePath, entry);
    return entry;
  }

  /** Brings the entry into the buffer; removes it when it is damaged. */
  #load(entry: string): boolean {
    const length = readInto(entry, this.#buffer);
    if (length === undefined) return false;
    if (length === this.#entryBytes && (this.#verified.has(entry) || this.#isSound())) {
      this.#verified.add(entry);
      return true;
    }
    rmSync(entry, { force: true });
    return false;
  }

  #isSound(): boolean {
    const header = new DataView(this.#buffer.buffer, 0, HEADER_BYTES);
    return (
      [...MAGIC].every((letter, i) => header.getUint8(i) === letter.charCodeAt(0)) &&
      header.getUint32(4, true) === this.featureLength &&
      header.getUint32(8, true) === crc32(this.#buffer.subarray(HEADER_BYTES, this.#entryBytes))
    );
  }
}

function encodeEntry(features: Float32Array): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + features.length * BYTES_PER_HALF);
  toHalf(features, { overflow: 'saturate' }, new Uint16Array(bytes.buffer, HEADER_BYTES));
  const header = new DataView(bytes.buffer, 0, HEADER_BYTES);
  for (const [i, letter] of [...MAGIC].entries()) header.setUint8(i, letter.charCodeAt(0));
  header.setUint32(4, features.length, true);
  header.setUint32(8, crc32(bytes.subarray(HEADER_BYTES)), true);
  return bytes;
}

/** How many bytes of the file went into `buffer`; undefined when there is no such file. */
function readInto(path: string, buffer: Uint8Array): number | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return readSync(file, buffer, 0, buffer.length, 0);
  } finally {
    closeSync(file);
  }
}

/** Removes what processes that were killed left half-written. */
async function removeStale(folder: string): Promise<void> {
  const now = Date.now();
  for (const part of await readdir(folder, { withFileTypes: true })) {
    if (!part.isDirectory()) continue;
    for (const name of await readdir(join(folder, part.name))) {
      if (!name.endsWith('.partial')) continue;
      const path = join(folder, part.name, name);
      const changed = await stat(path).then(({ mtimeMs }) => mtimeMs, () => now);
      if (now - changed > STALE_MILLISECONDS) await rm(path, { force: true });
    }
  }
}

function cannotWrite(folder: string, error: unknown): UserError {
  const reason = systemCodeOf(error) === 'ENOSPC' ? 'the disk is full' : messageOf(error);
  return new UserError(`${folder}: cannot keep features (${reason}); set LOOKSAY_CACHE to a folder with room`, {
    cause: error,
  });
}
