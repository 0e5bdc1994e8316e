/** Options of commands that caption: which captioner, and how its words are chosen. */
import { fileURLToPath } from 'node:url';
import { type Choice, CHOICES } from '../../tasks/caption/choose.js';
import { decodingDefaults, type DecodingOptions } from '../../tasks/caption/generate.js';

/** The captioner that the package ships. */
export const DEFAULT_CHECKPOINT = fileURLToPath(new URL('../../../checkpoints/captioner', import.meta.url));

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
    default: decodingDefaults.beamWidth,
    describe: 'Captions followed at once; 1 is greedy',
  },
  'length-penalty': {
    type: 'number',
    requiresArg: true,
    default: decodingDefaults.lengthPenalty,
    describe: 'Above 0 favours longer captions',
  },
  'beam-groups': {
    type: 'number',
    requiresArg: true,
    default: decodingDefaults.groups,
    describe: "Groups of beams that avoid each other's words: more varied candidates",
  },
  diversity: {
    type: 'number',
    requiresArg: true,
    default: decodingDefaults.diversityPenalty,
    describe: 'How much the groups avoid them',
  },
  choice: {
    choices: CHOICES,
    default: decodingDefaults.choice,
    describe: 'Give the most probable caption, or the one most like the others found (minimum Bayes risk)',
  },
} as const;

/** What yargs gives for `decodingOptions`. */
export interface DecodingArguments {
  readonly checkpoint: string;
  readonly beamWidth: number;
  readonly lengthPenalty: number;
  readonly beamGroups: number;
  readonly diversity: number;
  readonly choice: Choice;
}

/** How words are chosen, as the options say. */
export function decodingFrom(
  argv: DecodingArguments,
): Pick<DecodingOptions, 'beamWidth' | 'lengthPenalty' | 'groups' | 'diversityPenalty' | 'choice'> {
  const { beamWidth, lengthPenalty, beamGroups: groups, diversity: diversityPenalty, choice } = argv;
  return { beamWidth, lengthPenalty, groups, diversityPenalty, choice };
}
