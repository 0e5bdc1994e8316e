/** Options of commands that caption: which captioner, and how its words are chosen. */
import { fileURLToPath } from 'node:url';
import { decodingDefaults } from '../../tasks/caption/generate.js';

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
} as const;
