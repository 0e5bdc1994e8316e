/**
 * The cache of compiled sessions: found by the structure of a graph, bounded by their number and estimated memory, the
 * least recently used given back first. Each session has a thread pool of its own and many an arena, hence the bound.
 */
import { availableParallelism } from 'node:os';
import { type Cut, sameKey } from '../graph/cut.js';
import { type LoweredGraph, lower } from '../graph/lower.js';
import { verify } from '../graph/verify.js';
import { type Device, type NativeSession, type SessionSettings, createSession } from './native.js';

export interface RuntimeOptions {
  readonly device: Device;
  /** Threads of one run; at most the cores that are available to this process. */
  readonly threads: number;
  /** Bounds of the cache. */
  readonly maximumSessions: number;
  readonly maximumBytes: number;
}

/**
 * Accelerators have memory of their own, and a session costs seconds there, while convolution algorithms are tried out:
 * a training that evicts a session of one caption length for the next takes 3.2 s a step on an H100 instead of 0.3.
 */
const ACCELERATOR_BYTES = 32 * 2 ** 30;
const CPU_BYTES = 4 * 2 ** 30;

/** The bound of the cache where none is set for it. */
export const maximumBytesOf = (device: Device): number => (device === 'cpu' ? CPU_BYTES : ACCELERATOR_BYTES);

export const defaultRuntimeOptions: RuntimeOptions = {
  device: 'cpu',
  threads: availableParallelism(),
  maximumSessions: 256,
  maximumBytes: maximumBytesOf('cpu'),
};

/** Below this many multiply-adds a second thread costs more than it brings. */
const SINGLE_THREAD_WORK = 200_000;
/** Below this many nodes optimising a graph takes longer than it saves. */
const OPTIMIZE_FROM_NODES = 10;
/**
 * From this size of a value on, a session without an arena spends its time on fresh memory pages: convolutions, which
 * make many large values, lose up to half their speed (12.8 against 8.3 ms an image in a fine-tuning step).
 */
const ARENA_FROM_BYTES = { convolution: 2 * 2 ** 20, other: 32 * 2 ** 20 } as const;

/**
 * What an arena comes to hold, relative to the estimate from the recorded graph (1.5 measured when MobileNet V2 is
 * fine-tuned: copies in other layouts, padded inputs, gaps).
 */
const ARENA_TO_ESTIMATE = 1.5;
/** Sessions that were not used for so many runs give their arenas up first. */
const IDLE_RUNS = 256;

/** How a session for `graph` is set up; the reasons stand at the constants above. */
export function settingsFor(graph: LoweredGraph, options: RuntimeOptions): SessionSettings {
  const large = graph.nodeCount >= OPTIMIZE_FROM_NODES;
  return {
    device: options.device,
    threads: graph.work < SINGLE_THREAD_WORK ? 1 : options.threads,
    optimization: graph.hasConvolution ? 'all' : large ? 'basic' : 'disabled',
    arena: graph.largestValue > ARENA_FROM_BYTES[graph.hasConvolution ? 'convolution' : 'other'],
  };
}

interface CachedSession {
  readonly key: Int32Array;
  readonly session: NativeSession;
  readonly bytes: number;
  lastUse: number;
}

export class SessionCache {
  created = 0;
  hits = 0;
  #clock = 0;
  #count = 0;
  #bytes = 0;
  readonly #buckets = new Map<number, CachedSession[]>();

  constructor(public options: RuntimeOptions) {}

  get size(): number {
    return this.#count;
  }

  /** The session for the structure of `cut`, compiled if it is new. */
  get(cut: Cut): NativeSession {
    const known = this.#buckets.get(cut.hash)?.find((entry) => sameKey(entry.key, cut.key));
    if (known !== undefined) {
      this.hits++;
      known.lastUse = ++this.#clock;
      return known.session;
    }
    return this.#compile(cut);
  }

  #compile(cut: Cut): NativeSession {
    verify(cut);
    const graph = lower(cut);
    const wanted = settingsFor(graph, this.options);
    const held = ARENA_TO_ESTIMATE * graph.peakBytes;
    const settings = { ...wanted, arena: wanted.arena && this.#hasRoomFor(held) };
    const session = createSession(graph.model, settings);
    this.created++;
    const entry = {
      key: cut.key,
      session,
      bytes: settings.arena ? held : graph.model.length,
      lastUse: ++this.#clock,
    };
    const bucket = this.#buckets.get(cut.hash);
    if (bucket === undefined) this.#buckets.set(cut.hash, [entry]);
    else bucket.push(entry);
    this.#count++;
    this.#bytes += entry.bytes;
    this.#evict(entry);
    return session;
  }

  /**
   * Whether an arena of so many bytes keeps within the bound, once what is idle has been given back. Many graphs that
   * take turns, as batches of captions of many lengths do, would otherwise evict and compile each other at every step
   * (0.6 s for a step of 2 s); without an arena a step takes a third longer.
   */
  #hasRoomFor(bytes: number): boolean {
    const { maximumBytes } = this.options;
    for (let idle = this.#oldest(); this.#bytes + bytes > maximumBytes; idle = this.#oldest()) {
      if (idle === undefined) return true;
      if (idle.entry.lastUse > this.#clock - IDLE_RUNS) return false;
      this.#remove(idle.hash, idle.entry);
    }
    return true;
  }

  #evict(keep: CachedSession): void {
    while (this.#count > this.options.maximumSessions || this.#bytes > this.options.maximumBytes) {
      const oldest = this.#oldest(keep);
      if (oldest === undefined) return;
      this.#remove(oldest.hash, oldest.entry);
    }
  }

  /** The session, other than `keep`, that was used least recently. */
  #oldest(keep?: CachedSession): { readonly hash: number; readonly entry: CachedSession } | undefined {
    let oldest: { readonly hash: number; readonly entry: CachedSession } | undefined;
    for (const [hash, bucket] of this.#buckets) {
      for (const entry of bucket) {
        if (entry !== keep && (oldest === undefined || entry.lastUse < oldest.entry.lastUse)) oldest = { hash, entry };
      }
    }
    return oldest;
  }

  #remove(hash: number, entry: CachedSession): void {
    const rest = (this.#buckets.get(hash) ?? []).filter((other) => other !== entry);
    if (rest.length === 0) this.#buckets.delete(hash);
    else this.#buckets.set(hash, rest);
    this.#count--;
    this.#bytes -= entry.bytes;
    entry.session.dispose();
  }

  /** Gives every session back. */
  clear(): void {
    for (const [hash, bucket] of [...this.#buckets]) for (const entry of bucket) this.#remove(hash, entry);
  }
}
