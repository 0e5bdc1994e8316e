/**
 * The memory that the threads of a training share: both tables, and a few places of its own for each thread. A row is
 * padded with zeros to a multiple of 16 bytes; what a kernel does to them leaves them zero.
 */
import type { HostTensor } from '../../layers/parameters.js';
import { UserError } from '../../shared/errors.js';

export interface MemorySizes {
  readonly vocabularySize: number;
  readonly embeddingSize: number;
  /** Rows that a step takes from one table at most. */
  readonly rowsAtOnce: number;
  readonly threads: number;
}

/** Where things lie, in bytes. */
export interface MemoryLayout extends MemorySizes {
  /** From one row of a table to the next. */
  readonly stride: number;
  readonly inputAt: number;
  readonly outputAt: number;
  readonly bytes: number;
}

/** The places of one thread, in bytes. */
export interface ThreadPlaces {
  /** A vector each. */
  readonly hiddenAt: number;
  readonly changeAt: number;
  /** `rowsAtOnce` offsets of rows, or floats, each. */
  readonly targetsAt: number;
  readonly factorsAt: number;
  readonly contextAt: number;
  readonly weightsAt: number;
}

export const FLOAT_BYTES = 4;
const VECTOR_BYTES = 16;
/** What processors pass among each other: threads write to different lines. */
const CACHE_LINE = 64;
const PAGE = 65_536;
/** WebAssembly's addresses have 32 bits. */
const MOST_PAGES = 65_536;

const roundUp = (bytes: number, unit: number): number => Math.ceil(bytes / unit) * unit;

/** Throws UserError when the tables are larger than the 4 GiB that can be addressed. */
export function layOut(sizes: MemorySizes): MemoryLayout {
  const { vocabularySize, embeddingSize, threads } = sizes;
  const stride = roundUp(FLOAT_BYTES * embeddingSize, VECTOR_BYTES);
  const inputAt = roundUp(threads * threadBytes(stride, sizes), CACHE_LINE);
  const outputAt = roundUp(inputAt + vocabularySize * stride, CACHE_LINE);
  const bytes = roundUp(outputAt + vocabularySize * stride, PAGE);
  if (bytes > MOST_PAGES * PAGE) {
    throw new UserError(
      `${vocabularySize} words of ${embeddingSize} numbers take ${(bytes / 2 ** 30).toFixed(1)} GiB, at most 4 can be ` +
        'trained (keep fewer words with --min-count or --max-words, or shorten the vectors)',
    );
  }
  return { ...sizes, stride, inputAt, outputAt, bytes };
}

function threadBytes(stride: number, { rowsAtOnce }: MemorySizes): number {
  return roundUp(2 * stride + 4 * FLOAT_BYTES * rowsAtOnce, CACHE_LINE);
}

export function placesOf(layout: MemoryLayout, thread: number): ThreadPlaces {
  const { stride, rowsAtOnce } = layout;
  const hiddenAt = thread * threadBytes(stride, layout);
  const changeAt = hiddenAt + stride;
  const targetsAt = changeAt + stride;
  const list = FLOAT_BYTES * rowsAtOnce;
  return {
    hiddenAt,
    changeAt,
    targetsAt,
    factorsAt: targetsAt + list,
    contextAt: targetsAt + 2 * list,
    weightsAt: targetsAt + 3 * list,
  };
}

export function createMemory({ bytes }: MemoryLayout): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: bytes / PAGE, maximum: bytes / PAGE, shared: true });
}

/** Copies `table` [vocabularySize, embeddingSize] into the memory, at `begin`. */
export function writeTable(memory: WebAssembly.Memory, layout: MemoryLayout, begin: number, table: HostTensor): void {
  const { embeddingSize, vocabularySize, stride } = layout;
  const floats = new Float32Array(memory.buffer);
  for (let row = 0; row < vocabularySize; row++) {
    const values = table.values.subarray(row * embeddingSize, (row + 1) * embeddingSize);
    floats.set(values, (begin + row * stride) / FLOAT_BYTES);
  }
}

/** A copy of the table at `begin`. */
export function readTable(memory: WebAssembly.Memory, layout: MemoryLayout, begin: number): HostTensor {
  const { embeddingSize, vocabularySize, stride } = layout;
  const floats = new Float32Array(memory.buffer);
  const values = new Float32Array(vocabularySize * embeddingSize);
  for (let row = 0; row < vocabularySize; row++) {
    const start = (begin + row * stride) / FLOAT_BYTES;
    values.set(floats.subarray(start, start + embeddingSize), row * embeddingSize);
  }
  return { shape: [vocabularySize, embeddingSize], values };
}
