/** Runs the stages of a recipe one after another, and leaves the last one's captioner with the logs of all. */
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { note } from '../../shared/log.js';
import { hasTrainingState } from '../../training/training-checkpoint.js';
import { writeFilesTogether } from '../../training/write-together.js';
import { loadCaptionModel, saveCaptionModel } from './model.js';
import type { Stage } from './recipes.js';
import {
  LOG_FILE,
  SETTINGS_FILE,
  trainCaptioner,
  type TrainCaptionerOptions,
  type TrainCaptionerResult,
} from './train.js';

export interface TrainStagesOptions extends Omit<TrainCaptionerOptions, 'recipe'> {
  readonly stages: readonly Stage[];
}

/** The checkpoint folder of a stage. */
const folderOf = (output: string, { name }: Stage): string => join(output, 'stages', name);

/**
 * Trains stage by stage. The captioner of the last one, with a log and the settings of each, is left in `output`; the
 * stages' own checkpoints stay in `output/stages`. Resuming goes on with the stage that was interrupted.
 */
export async function trainStages(options: TrainStagesOptions): Promise<TrainCaptionerResult> {
  const { stages, output, ...rest } = options;
  let result: TrainCaptionerResult | undefined;
  let startFrom: string | undefined = options.model.startFrom;
  for (const stage of stages) {
    const folder = folderOf(output, stage);
    note(`stage ${stage.name} (${stages.indexOf(stage) + 1} of ${stages.length})`);
    result = await trainCaptioner({
      ...rest,
      output: folder,
      recipe: stage.recipe,
      model: { ...options.model, ...(startFrom === undefined ? {} : { startFrom }) },
      resume: options.resume && hasTrainingState(folder),
    });
    if (result.ending === 'interrupted') return { ...result, checkpoint: output };
    startFrom = folder;
  }
  if (result === undefined) throw new Error('a recipe without stages');
  await publish(output, stages, result.checkpoint);
  return { ...result, checkpoint: output };
}

/** Puts the captioner in `from`, and what was noted about each stage, into `output`. */
async function publish(output: string, stages: readonly Stage[], from: string): Promise<void> {
  const modelCard = await readFile(join(from, 'README.md'), 'utf8');
  await mkdir(output, { recursive: true });
  await saveCaptionModel(output, await loadCaptionModel(from), { modelCard, precision: 'F16' });
  const notes = stages.flatMap((stage) =>
    [LOG_FILE, SETTINGS_FILE].map((name) => ({
      name: name.replace('.', `-${stage.name}.`),
      write: (path: string) => copyFile(join(folderOf(output, stage), name), path),
    })),
  );
  await writeFilesTogether(output, notes);
}
