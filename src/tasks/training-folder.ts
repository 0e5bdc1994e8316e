/** What every training keeps in its checkpoint folder beside the best weights: its state, its settings, its log. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { UserError } from '../shared/errors.js';
import { writeFileAtomically } from '../shared/files.js';
import { given } from '../shared/given.js';
import { requireString } from '../shared/rules.js';
import { CONFIG_FILE } from '../training/checkpoint.js';
import type { FitOptions } from '../training/fit.js';
import type { JsonObject } from '../training/json-files.js';
import { readTensors, type TrainableParameters } from '../training/parameters.js';
import { hasTrainingState, loadTrainingState, saveTrainingState } from '../training/training-checkpoint.js';
import type { EpochRecord } from '../training/training-state.js';
import { explainWriteErrors } from '../training/system-errors.js';
import { shapesOf } from '../training/weights.js';
import { requireWritableFolder } from './writable-folder.js';

/** The line of each epoch, and what was asked for, beside a checkpoint. */
export const LOG_FILE = 'log.jsonl';
export const SETTINGS_FILE = 'settings.json';

/** The seed where none is given. */
export const DEFAULT_SEED = 1;

/** What the trainings of all tasks are told. */
export interface TrainingFolderOptions {
  /** The checkpoint folder. */
  readonly output: string;
  /** Goes on with the training in `output`. */
  readonly resume?: boolean;
  /** Return after so many epochs though the recipe plans more; `resume` goes on. */
  readonly stopAfter?: number;
  /** Told of each epoch once it is saved, what `log.jsonl` has of it; what it throws ends the training, and `resume` goes on. */
  readonly onEpoch?: (record: EpochRecord) => void;
  /** Aborting it finishes the step under way, saves the state and returns; `resume` goes on. */
  readonly signal?: AbortSignal;
}

/**
 * Throws UserError (exit code 2) when `output` cannot be a folder, may not be written, or holds a model and nothing says to
 * go on with it: before the work, not after its first epoch.
 */
export function requireFreshFolder({ output, resume }: TrainingFolderOptions): void {
  requireString('output', output);
  requireWritableFolder(output);
  if (resume === true || !(hasTrainingState(output) || existsSync(join(output, CONFIG_FILE)))) return;
  throw new UserError(`${output}: holds a training already (go on with --continue, or choose another folder)`, {
    exitCode: 2,
  });
}

type FromFolder = 'saveState' | 'logFile' | 'resume' | 'stopAfter' | 'onEpoch' | 'signal';

/**
 * What the folder gives to `fit`. `settings` decide the weights of `variables`: those that the training was started with must
 * be the same. Throws UserError when there is nothing to go on with, or another training.
 */
export async function folderSettings(
  { output, resume, stopAfter, onEpoch, signal }: TrainingFolderOptions,
  settings: JsonObject,
  variables: TrainableParameters,
): Promise<Pick<FitOptions<unknown>, FromFolder>> {
  const parameterShapes = shapesOf(await readTensors(variables));
  return {
    saveState: (state) => saveTrainingState(output, state, settings),
    logFile: join(output, LOG_FILE),
    ...(resume === true
      ? { resume: await loadTrainingState(output, { parameterShapes, configuration: settings }) }
      : {}),
    ...given({ stopAfter, onEpoch, signal }),
  };
}

/** Writes the settings beside the weights that they led to. */
export async function saveSettings(output: string, settings: JsonObject): Promise<void> {
  const path = join(output, SETTINGS_FILE);
  await explainWriteErrors(path, () => writeFileAtomically(path, `${JSON.stringify(settings, null, 2)}\n`));
}
