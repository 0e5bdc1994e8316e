/** Options of commands that caption: which captioner, and how its words are chosen. */
import type { ArgumentsCamelCase } from 'yargs';
import { UserError } from '../../shared/errors.js';
import { given } from '../../shared/given.js';
import { type CaptionChoice, CAPTION_CHOICES } from '../../tasks/caption/choose.js';
import { consensusDefaults, consensusRules } from '../../tasks/caption/consensus.js';
import { captionDecodingDefaults, captionDecodingRules, clipDecodingDefaults } from '../../tasks/caption/generate.js';
import { type CaptionOptions, DEFAULT_MIRROR } from '../../tasks/caption/predict.js';
import { shippedCheckpoints } from '../../tasks/shipped-checkpoints.js';
import { parseSource } from './sources.js';
import { checkNumbers } from './training-options.js';

/** The captioner that the package ships. */
export const DEFAULT_CHECKPOINT = shippedCheckpoints.captioner;

export const decodingOptions = {
  checkpoint: {
    type: 'string',
    requiresArg: true,
    default: DEFAULT_CHECKPOINT,
    defaultDescription: 'the shipped captioner',
    describe: 'Folder of a trained captioner',
  },
  'beam-width': {
    type: 'number',
    requiresArg: true,
    default: captionDecodingDefaults.beamWidth,
    describe: 'Captions followed at once; 1 is greedy',
  },
  'length-penalty': {
    type: 'number',
    requiresArg: true,
    default: captionDecodingDefaults.lengthPenalty,
    describe: 'Above 0 favours longer captions',
  },
  'beam-groups': {
    type: 'number',
    requiresArg: true,
    default: captionDecodingDefaults.groups,
    describe: "Groups of beams that avoid each other's words: more varied candidates",
  },
  diversity: {
    type: 'number',
    requiresArg: true,
    default: captionDecodingDefaults.diversityPenalty,
    describe: 'How much the groups avoid them',
  },
  choice: {
    choices: CAPTION_CHOICES,
    default: captionDecodingDefaults.choice,
    describe: 'Give the most probable caption, or the one most like the others found (minimum Bayes risk)',
  },
  'distinct-ngrams': {
    type: 'number',
    requiresArg: true,
    defaultDescription: `${captionDecodingDefaults.noRepeatNgram}; ${clipDecodingDefaults.noRepeatNgram} for clips`,
    describe: 'No so many words in a row come twice in a caption; 0 allows it',
  },
  'novelty-penalty': {
    type: 'number',
    requiresArg: true,
    defaultDescription: `${captionDecodingDefaults.noveltyPenalty}; ${clipDecodingDefaults.noveltyPenalty} for clips`,
    describe: 'What three words in a row cost that no training caption has; 0: nothing',
  },
  'expected-words': {
    type: 'number',
    requiresArg: true,
    defaultDescription: `${captionDecodingDefaults.expectedWordsWeight}, for photos`,
    describe: 'How much it counts that a caption has the words that are expected of the photo; 0: not at all',
  },
  mirror: {
    type: 'boolean',
    defaultDescription: `${DEFAULT_MIRROR}, for photos`,
    describe: 'Look at the mirrored photo too; --no-mirror: faster, captions often a little worse',
  },
  consensus: {
    type: 'string',
    array: true,
    nargs: 1, // what follows is a path to caption
    requiresArg: true,
    default: [] as string[],
    describe:
      'images=DIR,captions=FILE[,splits=DIR]: training photos; captions like those of the most similar are preferred',
  },
  'consensus-photos': {
    type: 'number',
    requiresArg: true,
    default: consensusDefaults.neighbours,
    describe: 'How many of them have a say',
  },
  'consensus-weight': {
    type: 'number',
    requiresArg: true,
    default: consensusDefaults.weight,
    describe: 'How much it counts',
  },
} as const;

const RULES = {
  'beam-width': { rule: captionDecodingRules.beamWidth },
  'length-penalty': { rule: captionDecodingRules.lengthPenalty },
  'beam-groups': { rule: captionDecodingRules.groups },
  diversity: { rule: captionDecodingRules.diversityPenalty },
  'distinct-ngrams': { rule: captionDecodingRules.noRepeatNgram },
  'expected-words': { rule: captionDecodingRules.expectedWordsWeight },
  'novelty-penalty': { rule: captionDecodingRules.noveltyPenalty },
  'consensus-photos': { rule: consensusRules.neighbours },
  'consensus-weight': { rule: consensusRules.weight },
};

/** What yargs gives for `decodingOptions`. */
export interface DecodingArguments {
  readonly checkpoint: string;
  readonly beamWidth: number;
  readonly lengthPenalty: number;
  readonly beamGroups: number;
  readonly diversity: number;
  readonly choice: CaptionChoice;
  readonly distinctNgrams: number | undefined;
  readonly noveltyPenalty: number | undefined;
  readonly expectedWords: number | undefined;
  readonly mirror: boolean | undefined;
  readonly consensus: readonly string[];
  readonly consensusPhotos: number;
  readonly consensusWeight: number;
}

/** How words are chosen, as the options say. Throws UserError for numbers or a consensus that make no sense. */
export function decodingFrom(argv: ArgumentsCamelCase<DecodingArguments>): CaptionOptions {
  checkNumbers(RULES, argv);
  const { beamWidth, lengthPenalty, beamGroups: groups, diversity: diversityPenalty, choice } = argv;
  if (beamWidth % groups !== 0) {
    throw new UserError(`--beam-groups: expected a divisor of the beam width (${beamWidth}), got ${groups}`, {
      exitCode: 2,
    });
  }
  const sources = argv.consensus.map((text) => parseSource(text, '--consensus'));
  const consensus = { sources, neighbours: argv.consensusPhotos, weight: argv.consensusWeight };
  return {
    ...{ beamWidth, lengthPenalty, groups, diversityPenalty, choice },
    ...given({
      noRepeatNgram: argv.distinctNgrams,
      noveltyPenalty: argv.noveltyPenalty,
      expectedWordsWeight: argv.expectedWords,
      mirror: argv.mirror,
    }),
    ...(sources.length === 0 ? {} : { consensus }),
  };
}
