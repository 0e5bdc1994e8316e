/** Runs the stages of a recipe one after another, and leaves the last one's captioner with the logs of all. */
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defined } from '../../shared/assert.js';
import { note } from '../../shared/log.js';
import { hasTrainingState } from '../../training/training-checkpoint.js';
import { bestOf, type EpochRecord } from '../../training/training-state.js';
import { writeFilesTogether } from '../../training/files-together.js';
import { LOG_FILE, requireFreshFolder, SETTINGS_FILE } from '../training-folder.js';
import { loadCaptionModel, saveCaptionModel } from './model.js';
import { describeStages, type StageSummary } from './model-card.js';
import type { RecipeName, Stage } from './recipes.js';
import { recordRecipe, stagesFolder } from './start.js';
import { trainCaptioner, type TrainCaptionerOptions, type TrainCaptionerResult } from './train.js';

export interface TrainStagesOptions extends Omit<TrainCaptionerOptions, 'recipe'> {
  /** Whose stages these are. */
  readonly recipe: RecipeName;
  readonly stages: readonly Stage[];
}

/** The checkpoint folder of a stage. */
const folderOf = (output: string, { name }: Stage): string => join(stagesFolder(output), name);

/**
 * Trains stage by stage. The captioner of the last one, with a log and the settings of each, is left in `output`; the
 * stages' own checkpoints stay in `output/stages`. Resuming goes on with the stage that was interrupted.
 */
export async function trainStages(options: TrainStagesOptions): Promise<TrainCaptionerResult> {
  const { stages, output, recipe, ...rest } = options;
  for (const folder of [output, ...stages.map((stage) => folderOf(output, stage))]) {
    requireFreshFolder({ ...options, output: folder });
  }
  if (options.resume !== true) await recordRecipe(output, recipe);
  let result: TrainCaptionerResult | undefined;
  let startFrom: string | undefined = options.model?.startFrom;
  for (const stage of stages) {
    const folder = folderOf(output, stage);
    note(`stage ${stage.name} (${stages.indexOf(stage) + 1} of ${stages.length})`);
    result = await trainCaptioner({
      ...rest,
      output: folder,
      recipe: stage.recipe,
      model: { ...options.model, ...(startFrom === undefined ? {} : { startFrom }) },
      resume: options.resume === true && hasTrainingState(folder),
      expectedWords: stage === stages.at(-1),
    });
    if (result.ending === 'interrupted') return { ...result, checkpoint: output };
    startFrom = folder;
  }
  if (result === undefined) throw new Error('a recipe without stages');
  await publish(output, stages, result.checkpoint);
  return { ...result, checkpoint: output };
}

async function summaryOf(folder: string, { name, recipe }: Stage): Promise<StageSummary> {
  const log = (await readFile(join(folder, LOG_FILE), 'utf8')).trim().split('\n');
  const records = log.map((line) => JSON.parse(line) as EpochRecord);
  return { name, recipe, epochs: records.length, best: defined(bestOf(records), 'best epoch') };
}

/** Puts the captioner in `from`, and what was noted about each stage, into `output`. */
async function publish(output: string, stages: readonly Stage[], from: string): Promise<void> {
  const summaries = await Promise.all(stages.map((stage) => summaryOf(folderOf(output, stage), stage)));
  const modelCard = (await readFile(join(from, 'README.md'), 'utf8')) + describeStages(summaries);
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
