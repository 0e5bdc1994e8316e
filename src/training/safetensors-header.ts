/**
 * The header of a safetensors file, and the checks that make reading a hostile one safe.
 *
 * Format (https://github.com/huggingface/safetensors, "Format"): 8 bytes, the header's length as an unsigned
 * little-endian integer; a JSON object `{name: {dtype, shape, data_offsets: [begin, end]}}` with an optional
 * `__metadata__` of strings, perhaps padded with spaces; then the tensors' bytes, to which the offsets are relative,
 * without holes and without overlaps.
 */
import { messageOf, UserError } from '../shared/errors.js';
import { isObject } from '../shared/fields.js';
import { describe, type JsonObject } from './json-files.js';
import { findDuplicateKey, parseBounded } from '../shared/json.js';

/** The element types that we read and write. */
export type SafetensorsDtype = 'F32' | 'F16' | 'I32';

export const BYTES_PER_ELEMENT: Readonly<Record<SafetensorsDtype, number>> = { F32: 4, F16: 2, I32: 4 };

/** Bytes of the length in front of the header. */
export const LENGTH_BYTES = 8;

/** The longest header that the reference implementation accepts. */
const MAXIMUM_HEADER_BYTES = 100_000_000;

/** The header, a tensor in it, its shape. */
const HEADER_DEPTH = 3;

const METADATA_KEY = '__metadata__';
const DAMAGED = 'the file is damaged or not a safetensors file: copy or download it again';

/** Where one tensor lies; `begin` and `end` count bytes from the end of the header. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: SafetensorsDtype;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  /** In the order of their bytes. */
  readonly entries: readonly SafetensorsEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The length of the header from the first 8 bytes. Throws `UserError` if `fileBytes` cannot hold it. */
export function parseHeaderLength(path: string, lengthBytes: Uint8Array, fileBytes: number): number {
  if (lengthBytes.byteLength < LENGTH_BYTES) {
    fail(path, `expected at least ${LENGTH_BYTES} bytes, found ${lengthBytes.byteLength}`);
  }
  const view = new DataView(lengthBytes.buffer, lengthBytes.byteOffset, LENGTH_BYTES);
  const length = view.getBigUint64(0, true);
  if (length > BigInt(MAXIMUM_HEADER_BYTES)) {
    fail(path, `expected a header of at most ${MAXIMUM_HEADER_BYTES} bytes, found one that claims ${length}`);
  }
  if (Number(length) > fileBytes - LENGTH_BYTES) {
    fail(path, `expected a header of ${length} bytes, found a file of ${fileBytes} bytes in all`);
  }
  return Number(length);
}

/**
 * The checked contents of the header `bytes` of a file with `dataBytes` bytes behind it.
 * Throws `UserError`: no JSON object or one that nests too deep, a name twice, an unknown dtype, a shape that does not fit its bytes, offsets
 * that leave the file, overlap, or leave a hole.
 */
export function parseHeader(path: string, bytes: Uint8Array, dataBytes: number): SafetensorsHeader {
  const object = parseJsonObject(path, bytes);
  const metadata = parseMetadata(path, object[METADATA_KEY]);
  const entries = Object.entries(object)
    .filter(([name]) => name !== METADATA_KEY)
    .map(([name, value]) => parseEntry(path, name, value))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  checkLayout(path, entries, dataBytes);
  return { entries, metadata };
}

function parseJsonObject(path: string, bytes: Uint8Array): JsonObject {
  const text = expectJson(path, () => new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  const value = expectJson(path, () => parseBounded(text, HEADER_DEPTH));
  if (!text.startsWith('{') || !isObject(value)) fail(path, 'expected the header to be a JSON object');
  const duplicate = findDuplicateKey(text);
  if (duplicate !== undefined) fail(path, `expected each name once, found ${describe(duplicate)} twice`);
  return value;
}

/** What `read` gives. Throws `UserError` where it fails. */
function expectJson<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    fail(path, `expected a header in JSON, ${messageOf(error)}`);
  }
}

function parseMetadata(path: string, value: unknown): Record<string, string> {
  if (value === undefined) return {};
  if (!isObject(value)) fail(path, `expected ${METADATA_KEY} to be an object of strings`);
  const metadata: Record<string, string> = {};
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') fail(path, `expected ${METADATA_KEY} to hold strings, found ${describe(text)}`);
    Object.defineProperty(metadata, key, { value: text, enumerable: true, configurable: true, writable: true });
  }
  return metadata;
}

function parseEntry(path: string, name: string, value: unknown): SafetensorsEntry {
  const where = `tensor ${describe(name)}`;
  if (!isObject(value)) fail(path, `${where}: expected {dtype, shape, data_offsets}`);
  const { dtype, shape, data_offsets: offsets } = value;
  if (!isDtype(dtype)) {
    const legal = Object.keys(BYTES_PER_ELEMENT).join(', ');
    throw new UserError(
      `${path}: ${where}: expected dtype ${legal}, found ${describe(dtype)} (convert it to one of these)`,
    );
  }
  if (!isCountArray(shape)) fail(path, `${where}: expected a shape of whole numbers, found ${describe(shape)}`);
  if (!isCountArray(offsets) || offsets.length !== 2) {
    fail(path, `${where}: expected data_offsets [begin, end], found ${describe(offsets)}`);
  }
  const [begin, end] = offsets as [number, number];
  const expected = shape.reduce((product, size) => product * size, BYTES_PER_ELEMENT[dtype]);
  if (end - begin !== expected) {
    fail(path, `${where}: expected ${expected} bytes for ${dtype} ${describe(shape)}, found ${end - begin}`);
  }
  return { name, dtype, shape, begin, end };
}

/** Sorted entries must follow each other from 0 to the last byte. */
function checkLayout(path: string, entries: readonly SafetensorsEntry[], dataBytes: number): void {
  const last = entries.reduce((end, entry) => Math.max(end, entry.end), 0);
  if (last > dataBytes) {
    fail(path, `expected ${last} bytes of tensors, found ${dataBytes}: the file is cut short`);
  }
  let position = 0;
  for (const entry of entries) {
    if (entry.begin !== position) {
      const what = entry.begin < position ? 'overlaps the tensor before it' : 'leaves a hole before it';
      fail(path, `tensor ${describe(entry.name)} ${what} (begins at ${entry.begin}, expected ${position})`);
    }
    position = entry.end;
  }
  if (position !== dataBytes) fail(path, `expected ${position} bytes of tensors, found ${dataBytes}`);
}

function isDtype(value: unknown): value is SafetensorsDtype {
  return typeof value === 'string' && Object.hasOwn(BYTES_PER_ELEMENT, value);
}

function isCountArray(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0);
}

function fail(path: string, problem: string): never {
  throw new UserError(`${path}: ${problem} (${DAMAGED})`);
}
