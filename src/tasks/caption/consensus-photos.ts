/** The photos whose captions have a say, read once for calls that ask for the same, and kept as long as any looks at them. */
import type { ConsensusOptions, ConsensusPhotos } from './consensus.js';

/** Reads photos for one choice of options. */
type Load = (options: ConsensusOptions, signal?: AbortSignal) => Promise<ConsensusPhotos>;

interface Loaded {
  readonly key: string;
  readonly photos: ConsensusPhotos;
  /** Calls that look at them now. */
  users: number;
}

/** Those that were asked for last, and those that calls still look at. */
export class ConsensusPhotoCache {
  readonly #load: Load;
  #latest: Loaded | undefined;

  constructor(load: Load) {
    this.#load = load;
  }

  /** The photos for `options`; `release` says that they are no longer looked at. Throws as `createConsensus` does. */
  async acquire(
    options: ConsensusOptions,
    signal?: AbortSignal,
  ): Promise<{ readonly photos: ConsensusPhotos; readonly release: () => void }> {
    const loaded = await this.#loadedFor(options, signal);
    return {
      photos: loaded.photos,
      release: () => {
        loaded.users--;
        if (loaded !== this.#latest && loaded.users === 0) loaded.photos.dispose();
      },
    };
  }

  /** With one user more, who is counted before anything else can take their place. */
  async #loadedFor(options: ConsensusOptions, signal?: AbortSignal): Promise<Loaded> {
    const key = JSON.stringify(options);
    if (this.#latest?.key === key) {
      this.#latest.users++;
      return this.#latest;
    }
    this.#replace(undefined); // before others are read: they may be many
    const loaded = { key, photos: await this.#load(options, signal), users: 1 };
    this.#replace(loaded);
    return loaded;
  }

  #replace(next: Loaded | undefined): void {
    const before = this.#latest;
    this.#latest = next;
    if (before?.users === 0) before.photos.dispose();
  }

  /** Gives up what no call looks at, and the rest when its calls end. */
  dispose(): void {
    this.#replace(undefined);
  }
}
