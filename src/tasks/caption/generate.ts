/**
 * From features to sentences: the captioner's step under beam search. Start and step are compiled once for a batch size
 * and beam width, and serve every batch.
 */
import * as tf from '@tensorflow/tfjs-core';
import { compile } from '../../backend/compile.js';
import {
  type Candidate,
  type CostOf,
  createBeamSearch,
  createEnsemble,
  type DecodingStep,
} from '../../decoding/index.js';
import { type CaptionerConfig, startCaptions, stepCaptions, withoutWords } from '../../models/captioner/index.js';
import { defined } from '../../shared/assert.js';
import { UserError } from '../../shared/errors.js';
import { countUpTo, NUMBER_RULES, type NumberRule, requireChoice, requireNumbers } from '../../shared/rules.js';
import type { SeenNgrams } from '../../text/seen-ngrams.js';
import { detokenize } from '../../text/tokenizer.js';
import { END_ID, START_ID, UNSAID_IDS, type Vocabulary } from '../../text/vocabulary.js';
import {
  type Agreement,
  agreementWithConsensus,
  CAPTION_CHOICES,
  type CaptionChoice,
  type Consensus,
  type RankedCaption,
  rankCaptions,
} from './choose.js';
import { agreementWithExpected, type WordTable } from './expected-words.js';

/** How a caption's words are chosen: beam search, and which of the captions that it finds is the best. */
export interface CaptionDecodingOptions {
  /** Candidates kept at each step; 1 is greedy. */
  readonly beamWidth: number;
  /** Exponent of the length by which a candidate's log-probability is divided. */
  readonly lengthPenalty: number;
  /** Words of a caption at most. */
  readonly maximumLength: number;
  readonly minimumLength: number;
  /** No sequence of so many words occurs twice in a caption; 0 allows it. */
  readonly noRepeatNgram: number;
  /** What three words in a row cost which no training caption has: nats, from 0 on. */
  readonly noveltyPenalty: number;
  /** Groups of beams that avoid each other's words (Vijayakumar 2018); they divide `beamWidth`. */
  readonly groups: number;
  /** How much they avoid them, from 0 on. */
  readonly diversityPenalty: number;
  /** How much it counts that a caption has the words that are expected of the photo, from 0 on. */
  readonly expectedWordsWeight: number;
  /** Which of the captions found is the best: `choose.ts`. */
  readonly choice: CaptionChoice;
  /** Candidates returned, at most `beamWidth`. */
  readonly candidates: number;
}

/** The one place where decoding's defaults stand; chosen on Flickr8k's dev part (benchmarks/captions.md). */
export const captionDecodingDefaults: CaptionDecodingOptions = {
  beamWidth: 5,
  lengthPenalty: 0.7,
  maximumLength: 20,
  minimumLength: 1,
  noRepeatNgram: 2, // "a dog and a dog"
  noveltyPenalty: 2, // "standing in a sheep"
  groups: 1,
  diversityPenalty: 0.5,
  expectedWordsWeight: 1.5,
  choice: 'probable',
  candidates: 1,
};

/** What is different for clips: in a sentence about one thing after another words may well come twice, and what is new is right. */
export const clipDecodingDefaults: CaptionDecodingOptions = {
  ...captionDecodingDefaults,
  noRepeatNgram: 0,
  noveltyPenalty: 0,
};

/** What each of them must be: the one place where decoding's limits stand. */
export const captionDecodingRules = {
  beamWidth: countUpTo(1000),
  lengthPenalty: NUMBER_RULES.finite,
  maximumLength: NUMBER_RULES.count,
  minimumLength: NUMBER_RULES.countFromZero,
  noRepeatNgram: NUMBER_RULES.countFromZero,
  noveltyPenalty: NUMBER_RULES.fromZero,
  groups: NUMBER_RULES.count,
  diversityPenalty: NUMBER_RULES.fromZero,
  expectedWordsWeight: NUMBER_RULES.fromZero,
  candidates: countUpTo(1000),
} satisfies { readonly [Name in keyof Omit<CaptionDecodingOptions, 'choice'>]: NumberRule };

/** Throws UserError (exit code 2) unless `options` can be decoded by. */
export function requireCaptionDecoding(options: CaptionDecodingOptions): void {
  const { choice, candidates, beamWidth } = options;
  requireNumbers(captionDecodingRules, { ...options });
  requireChoice('choice', CAPTION_CHOICES, choice);
  if (candidates > beamWidth) {
    throw new UserError(`candidates: expected at most the beam width (${beamWidth}), got ${candidates}`, {
      exitCode: 2,
    });
  }
}

/** A caption with the natural logarithm of its probability. */
export interface ScoredCaption {
  readonly caption: string;
  readonly logProbability: number;
}

/** The words that are expected of a photo. */
export interface ExpectedFromFeatures extends WordTable {
  /** Features as the caller has them → each word's share: [n, words]. */
  readonly sharesOf: (features: tf.Tensor) => tf.Tensor;
}

/** A captioner that takes part in generation. */
export interface GeneratorMember {
  readonly config: CaptionerConfig;
  /** The captioner's weights; they stay with the caller and are baked into what is compiled. */
  readonly parameters: Readonly<Record<string, tf.Tensor>>;
  /** What comes before the captioner: features as the caller has them → grid [n, p, c]. */
  readonly gridOf: (features: tf.Tensor) => tf.Tensor;
  /** What it has learnt of the words that photos make expect; earlier captioners, and those of clips, have not. */
  readonly expected?: ExpectedFromFeatures;
}

export interface GeneratorOptions extends CaptionDecodingOptions {
  /** One captioner, or several that decide together. */
  readonly members: readonly [GeneratorMember, ...GeneratorMember[]];
  /** That of all members. */
  readonly vocabulary: Vocabulary;
  /** What the training captions have said; without it nothing is new. */
  readonly seen?: SeenNgrams | undefined;
  /** Whether `generate` is told of photos that look alike. Default false. */
  readonly consensus?: boolean;
}

export interface CaptionGenerator {
  /**
   * Captions of each image, best first, from the features [n, …] that each member has of them: n lists. `consensus` is
   * what was said of photos that look like each; images beyond its end have none.
   */
  generate(
    features: readonly tf.Tensor[],
    consensus?: readonly Consensus[],
  ): Promise<readonly (readonly ScoredCaption[])[]>;
  dispose(): void;
}

/** Compiles captioners for decoding. Throws UserError as `requireCaptionDecoding` does. */
export function createGenerator(options: GeneratorOptions): CaptionGenerator {
  requireCaptionDecoding(options);
  const { members } = options;
  const expecting = expectingMembers(options);
  const { join, step } = createEnsemble(members.map(stepOf) as [DecodingStep, ...DecodingStep[]]);
  let perRowCount = 0;
  const begin = compile((...features: tf.Tensor[]) => {
    const states = members.map(({ config, parameters, gridOf }, index) =>
      startCaptions(config, parameters, gridOf(defined(features[index], 'features'))),
    );
    const { perRow, perImage } = join(states);
    perRowCount = perRow.length;
    const shares = expecting.map(({ expected, index }) => expected.sharesOf(defined(features[index], 'features')));
    return [...shares, ...perRow, ...perImage];
  });
  const search = createBeamSearch({
    ...options,
    candidates: candidatesToFind(options, expecting.length > 0),
    step,
    startId: START_ID,
    endId: END_ID,
    suppressedIds: UNSAID_IDS,
    lengthFormula: 'average',
    ...costsOf(options),
    compile,
  });
  return {
    async generate(features, consensus = []) {
      const tensors = begin(...features);
      const [shares, states] = [tensors.slice(0, expecting.length), tensors.slice(expecting.length)];
      const state = { perRow: states.slice(0, perRowCount), perImage: states.slice(perRowCount) };
      try {
        const found = await search.decode(state, features[0]?.shape[0] ?? 0);
        const agreements = await agreementsOf(shares, { expecting, totalWeight: options.expectedWordsWeight });
        return found.map((candidates, image) => {
          const own = consensus[image];
          return chosen(candidates, options, [
            ...agreements.map((of) => of(image)),
            ...(own === undefined ? [] : [agreementWithConsensus(own)]),
          ]);
        });
      } finally {
        tf.dispose(tensors);
      }
    },
    dispose() {
      begin.dispose();
      search.dispose();
    },
  };
}

function stepOf({ config, parameters }: GeneratorMember): DecodingStep {
  return (tokens, state) => stepCaptions(config, withoutWords(parameters, UNSAID_IDS), state, tokens);
}

/** The cost of words that make a run of words new. */
function costsOf({ vocabulary, seen, noveltyPenalty }: GeneratorOptions): { readonly costOf?: CostOf } {
  if (seen === undefined || noveltyPenalty === 0) return {};
  return {
    costOf(before) {
      if (before.length < seen.size - 1) return () => 0;
      const hasNext = seen.after(before.slice(1 - seen.size).map((id) => vocabulary.tokenOf(id)));
      return (token) => (hasNext(vocabulary.tokenOf(token)) ? 0 : noveltyPenalty);
    },
  };
}

/** A member that expects words, with its place among the members. */
interface ExpectingMember {
  readonly expected: ExpectedFromFeatures;
  readonly index: number;
}

/** The members that expect words; none when nobody asks. */
function expectingMembers({ members, expectedWordsWeight }: GeneratorOptions): readonly ExpectingMember[] {
  if (expectedWordsWeight === 0) return [];
  return members.flatMap(({ expected }, index) => (expected === undefined ? [] : [{ expected, index }]));
}

/** For each of `expecting`, how captions of image `image` agree with its share; together they have `totalWeight`. */
async function agreementsOf(
  shares: readonly tf.Tensor[],
  { expecting, totalWeight }: { readonly expecting: readonly ExpectingMember[]; readonly totalWeight: number },
): Promise<readonly ((image: number) => Agreement)[]> {
  const weight = totalWeight / expecting.length;
  return Promise.all(
    expecting.map(async ({ expected }, index) => {
      const tensor = defined(shares[index], 'shares');
      const [, words = 0] = tensor.shape;
      const values = (await tensor.data()) as Float32Array;
      return (image: number): Agreement => {
        const agreement = agreementWithExpected(expected, values.subarray(image * words, (image + 1) * words));
        return (caption) => weight * agreement(caption);
      };
    }),
  );
}

/** How many candidates the choice is made among. */
function candidatesToFind(
  { candidates, beamWidth, choice, consensus = false }: GeneratorOptions,
  expectsWords: boolean,
): number {
  const byScore = choice === 'probable' && !consensus && !expectsWords;
  return byScore ? candidates : Math.max(candidates, beamWidth);
}

/** The candidates that are given of those that were found, the chosen one first. */
function chosen(
  found: readonly Candidate[],
  { vocabulary, choice, candidates }: GeneratorOptions,
  agreements: readonly Agreement[],
): ScoredCaption[] {
  const captions = found.map(({ tokens, logProbability, score }): RankedCaption => {
    const words = vocabulary.decode(tokens);
    return { caption: detokenize(words), words, logProbability, score };
  });
  return rankCaptions(captions, choice, agreements)
    .slice(0, candidates)
    .map(({ caption, logProbability }) => ({ caption, logProbability }));
}
