/**
 * Reads and writes safetensors files (https://github.com/huggingface/safetensors): named tensors that every other tool
 * reads, and whose reading cannot run code. Values are 32-bit floats in memory; a file may hold them in half precision.
 */
import { constants } from 'node:buffer';
import { open, type FileHandle } from 'node:fs/promises';
import { endianness, totalmem } from 'node:os';
import { crc32 } from 'node:zlib';
import { assert, unreachable } from '../shared/assert.js';
import { UserError } from '../shared/errors.js';
import { finalNameOf, writeFileAtomically } from '../shared/files.js';
import { fromHalf, toHalf } from '../shared/half.js';
import type { HostTensor } from '../shared/host-tensor.js';
import {
  BYTES_PER_ELEMENT,
  LENGTH_BYTES,
  parseHeader,
  parseHeaderLength,
  type SafetensorsDtype,
  type SafetensorsHeader,
} from './safetensors-header.js';
import { describe } from './json-files.js';
import { explainReadErrors, explainWriteErrors, sizeOfFile } from './system-errors.js';

export type { HostTensor } from '../shared/host-tensor.js';

/** A 32-bit integer tensor on the host. */
export interface IntegerHostTensor {
  readonly shape: readonly number[];
  readonly values: Int32Array;
}

/** What can be written: floats as F32 (the default) or F16, integers as I32. */
export type WritableTensor = (HostTensor & { readonly dtype?: 'F32' | 'F16' }) | IntegerHostTensor;

export interface SafetensorsFile {
  /** F32 and F16 tensors by name, in the order of the file. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
  /** I32 tensors by name. */
  readonly integers: ReadonlyMap<string, IntegerHostTensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * What the metadata name the CRC-32 of all bytes behind the header by, as eight hexadecimal digits: damage there leaves
 * values that look like any others.
 */
const CHECKSUM_KEY = 'crc32';

const HEADER_ALIGNMENT = 8;
const SPACE = 0x20;

/** Values are 32-bit floats or integers in memory. */
const VALUE_BYTES = 4;

/** One read of Node's must stay below 2 GiB. */
const MAXIMUM_READ_BYTES = 2 ** 30;

/**
 * Writes `tensors` to `path`, all at once or not at all. Larger element types come first, then names in order, as the
 * reference implementation does; so the same tensors always give the same bytes. Their checksum joins the metadata.
 * Throws `UserError` if the system refuses (disk full, …) or a value leaves the range of F16 (±65,504).
 */
export async function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, WritableTensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  assertLittleEndian();
  const ordered = Object.entries(tensors).sort(compareForWriting);
  await explainWriteErrors(path, () => writeFileAtomically(path, fileChunks(finalNameOf(path), ordered, metadata)));
}

/**
 * Reads and checks the file at `path`.
 * Throws `UserError` (where, expected, found) for a file that is missing, cut short, larger than the memory, or damaged
 * in any way that the header or a checksum in it shows. Values may be NaN or infinite.
 */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  assertLittleEndian();
  return await withFile(path, (file) => readOpenFile(path, file));
}

/** Reads only the names, shapes and metadata of the file at `path`: cheap for files of any size. */
export async function readSafetensorsHeader(path: string): Promise<SafetensorsHeader> {
  return await withFile(path, async (file) => (await readHeader(path, file)).header);
}

/** What `read` makes of the file at `path`. Throws `UserError` where the system refuses, or there is no file. */
async function withFile<T>(path: string, read: (file: FileHandle) => Promise<T>): Promise<T> {
  return await explainReadErrors(path, 'check the path', async () => {
    await sizeOfFile(path); // Before opening: opening a pipe would wait for its writer.
    const file = await open(path, 'r');
    try {
      return await read(file);
    } finally {
      await file.close();
    }
  });
}

/** Typed arrays are written as they lie in memory; the format is little-endian. */
function assertLittleEndian(): void {
  assert(endianness() === 'LE', 'safetensors files are little-endian: this machine is not supported');
}

function dtypeOf(tensor: WritableTensor): SafetensorsDtype {
  if (tensor.values instanceof Int32Array) return 'I32';
  return 'dtype' in tensor ? (tensor.dtype ?? 'F32') : 'F32';
}

type NamedTensor = readonly [name: string, tensor: WritableTensor];

function compareForWriting([nameA, a]: NamedTensor, [nameB, b]: NamedTensor): number {
  const bySize = BYTES_PER_ELEMENT[dtypeOf(b)] - BYTES_PER_ELEMENT[dtypeOf(a)];
  if (bySize !== 0) return bySize;
  return nameA < nameB ? -1 : 1;
}

/** The bytes of the whole file, one tensor at a time, so that half copies do not pile up. */
function* fileChunks(
  path: string,
  tensors: readonly NamedTensor[],
  metadata: Readonly<Record<string, string>>,
): Generator<Uint8Array> {
  let checksum = 0;
  for (const chunk of dataChunks(path, tensors)) checksum = extendChecksum(checksum, chunk);
  yield headerBytes(tensors, { ...metadata, [CHECKSUM_KEY]: hexadecimal(checksum) });
  yield* dataChunks(path, tensors);
}

function* dataChunks(path: string, tensors: readonly NamedTensor[]): Generator<Uint8Array> {
  for (const [name, tensor] of tensors) yield tensorBytes(`${path}: tensor ${JSON.stringify(name)}`, tensor);
}

/** The checksum of what was seen and `bytes` behind it. Of no bytes at all Node's may begin anew. */
function extendChecksum(checksum: number, bytes: Uint8Array): number {
  return bytes.length === 0 ? checksum : crc32(bytes, checksum);
}

const hexadecimal = (checksum: number): string => checksum.toString(16).padStart(8, '0');

function headerBytes(tensors: readonly NamedTensor[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const header: [string, unknown][] = [['__metadata__', metadata]];
  let position = 0;
  for (const [name, tensor] of tensors) {
    const { shape, values } = tensor;
    const count = shape.reduce((product, size) => product * size, 1);
    assert(count === values.length, () => `${name}: ${values.length} values do not fill [${shape.join(', ')}]`);
    assert(name !== '__metadata__', 'a tensor cannot be called __metadata__');
    const dtype = dtypeOf(tensor);
    const end = position + count * BYTES_PER_ELEMENT[dtype];
    header.push([name, { dtype, shape, data_offsets: [position, end] }]);
    position = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const length = Math.ceil(text.length / HEADER_ALIGNMENT) * HEADER_ALIGNMENT;
  const bytes = new Uint8Array(LENGTH_BYTES + length).fill(SPACE);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(length), true);
  bytes.set(text, LENGTH_BYTES);
  return bytes;
}

function tensorBytes(where: string, tensor: WritableTensor): Uint8Array {
  if (dtypeOf(tensor) !== 'F16' || tensor.values instanceof Int32Array) return bytesOf(tensor.values);
  const { values } = tensor;
  const halves = toHalf(values);
  const index = halves.findIndex((half, i) => (half & 0x7fff) === 0x7c00 && Number.isFinite(values[i]));
  if (index >= 0) {
    throw new UserError(`${where}: value ${values[index]} does not fit half precision (save it in 32 bits)`);
  }
  return bytesOf(halves);
}

function bytesOf(values: Float32Array | Int32Array | Uint16Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

async function readHeader(path: string, file: FileHandle): Promise<{ header: SafetensorsHeader; dataStart: number }> {
  const { size } = await file.stat();
  const lengthBytes = new Uint8Array(LENGTH_BYTES);
  const { bytesRead } = await file.read(lengthBytes, 0, LENGTH_BYTES, 0);
  const length = parseHeaderLength(path, lengthBytes.subarray(0, bytesRead), size);
  const bytes = await readRange(path, file, LENGTH_BYTES, new Uint8Array(length));
  const dataStart = LENGTH_BYTES + length;
  return { header: parseHeader(path, bytes, size - dataStart), dataStart };
}

async function readOpenFile(path: string, file: FileHandle): Promise<SafetensorsFile> {
  const { header, dataStart } = await readHeader(path, file);
  requireMemory(path, header);
  const tensors = new Map<string, HostTensor>();
  const integers = new Map<string, IntegerHostTensor>();
  let checksum = 0;
  for (const { name, shape, dtype, begin, end } of header.entries) {
    const bytes = await readRange(path, file, dataStart + begin, new Uint8Array(end - begin));
    checksum = extendChecksum(checksum, bytes);
    const values = valuesOf(bytes, dtype);
    if (values instanceof Int32Array) integers.set(name, { shape, values });
    else tensors.set(name, { shape, values });
  }
  requireChecksum(path, header, hexadecimal(checksum));
  return { tensors, integers, metadata: header.metadata };
}

/** Throws `UserError` if this machine cannot hold the tensors: a damaged or sparse file may claim any size. */
function requireMemory(path: string, { entries }: SafetensorsHeader): void {
  const bytes = entries.map(({ dtype, begin, end }) => ((end - begin) / BYTES_PER_ELEMENT[dtype]) * VALUE_BYTES);
  const all = bytes.reduce((sum, one) => sum + one, 0);
  const largest = bytes.reduce((most, one) => Math.max(most, one), 0);
  if (all <= totalmem() && largest <= constants.MAX_LENGTH) return;
  const sizes = (together: number, each: number): string =>
    `${(together / 1e9).toFixed(1)} GB together and ${(each / 1e9).toFixed(1)} GB in the largest`;
  throw new UserError(
    `${path}: expected tensors of at most ${sizes(totalmem(), constants.MAX_LENGTH)}, found ${sizes(all, largest)} (the ` +
      'file is damaged, or its model needs a machine with more memory)',
  );
}

/** Throws `UserError` if the header names another checksum than the one `found`. Older files name none. */
function requireChecksum(path: string, { metadata }: SafetensorsHeader, found: string): void {
  const expected = metadata[CHECKSUM_KEY];
  if (expected === undefined || expected === found) return;
  throw new UserError(
    `${path}: expected values with the checksum ${describe(expected)}, found ${describe(found)} (the file is damaged: ` +
      `copy or download it again; if its values were changed on purpose, take ${CHECKSUM_KEY} out of its metadata)`,
  );
}

function valuesOf(bytes: Uint8Array<ArrayBuffer>, dtype: SafetensorsDtype): Float32Array | Int32Array {
  switch (dtype) {
    case 'F32':
      return new Float32Array(bytes.buffer);
    case 'F16':
      return fromHalf(new Uint16Array(bytes.buffer));
    case 'I32':
      return new Int32Array(bytes.buffer);
    default:
      return unreachable(dtype, 'element type');
  }
}

/** Fills `target` from `position` on. */
async function readRange(
  path: string,
  file: FileHandle,
  position: number,
  target: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  let filled = 0;
  while (filled < target.length) {
    const length = Math.min(target.length - filled, MAXIMUM_READ_BYTES);
    const { bytesRead } = await file.read(target, filled, length, position + filled);
    if (bytesRead === 0) throw new UserError(`${path}: ended while it was read (is it being written? try again)`);
    filled += bytesRead;
  }
  return target;
}
