/** What captioners compile for a batch size and a way of decoding, and how many of them stay. */
import type { SeenNgrams } from '../../text/seen-ngrams.js';
import type { Vocabulary } from '../../text/vocabulary.js';
import { type CaptionDecodingOptions, type CaptionGenerator, createGenerator } from './generate.js';
import { BatchEncoders, type BatchEncodersOptions, type Member } from './members.js';

/** Encoders and decoders of one batch size. */
export interface CompiledCaptioner {
  readonly encoders: BatchEncoders;
  readonly generator: CaptionGenerator;
}

/** What a captioner is compiled for. */
export interface CompiledFor extends CaptionDecodingOptions, BatchEncodersOptions {
  /** Whether what is said of photos that look alike takes part in the choice. */
  readonly consensus: boolean;
}

/** The captioners to compile, and their words. */
interface Ensemble {
  readonly members: readonly [Member, ...Member[]];
  readonly vocabulary: Vocabulary;
  readonly seen?: SeenNgrams | undefined;
}

/** How many stay: single photos and batches may take turns. */
const MOST_COMPILED = 2;

/** The captioners that were compiled last. */
export class CompiledCaptioners {
  readonly #ensemble: Ensemble;
  /** By what they are compiled for, the one used last at the end. */
  readonly #compiled = new Map<string, CompiledCaptioner>();

  constructor(ensemble: Ensemble) {
    this.#ensemble = ensemble;
  }

  /** The one for `wanted`, compiled if there is none. */
  for(wanted: CompiledFor): CompiledCaptioner {
    const key = JSON.stringify(wanted);
    const { members } = this.#ensemble;
    const found = this.#compiled.get(key) ?? {
      generator: createGenerator({ ...wanted, ...this.#ensemble }),
      encoders: new BatchEncoders(members, wanted),
    };
    this.#compiled.delete(key);
    this.#compiled.set(key, found);
    this.#keep(MOST_COMPILED);
    return found;
  }

  #keep(count: number): void {
    for (const [key, { encoders, generator }] of this.#compiled) {
      if (this.#compiled.size <= count) return;
      encoders.dispose();
      generator.dispose();
      this.#compiled.delete(key);
    }
  }

  dispose(): void {
    this.#keep(0);
  }
}
