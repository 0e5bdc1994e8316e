/**
 * Prepares data sets from the archives that their publishers give out: looks for what must be there, takes it out,
 * checks it, and writes what the readers of this package take. A preparation that was killed goes on when it is started
 * again: what has its final name is whole and good (see `extract.ts`).
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, UserError } from '../../shared/errors.js';
import { warnOfProblems } from '../../shared/log.js';
import { type Archive, openArchive } from './archive/index.js';
import { captionRecipes } from './captions.js';
import { corpus } from './corpus.js';
import { removeAbandoned } from './extract.js';
import { imdb } from './imdb.js';
import { SCRATCH_FOLDER } from './photos.js';
import type { OptionName, PrepareOptions, Recipe } from './recipe.js';
import { sst2 } from './sst2.js';
import { type PreparationSummary, Problems } from './summary.js';
import { tweets } from './tweets.js';
import { ucf101 } from './ucf101.js';

export type { PrepareOptions, Recipe } from './recipe.js';
export { describePreparation, type PreparationSummary } from './summary.js';

/** The sets that can be prepared. */
export const RECIPES: readonly Recipe[] = [...captionRecipes, ucf101, imdb, sst2, tweets, corpus];

export interface Preparation {
  /** The name of a recipe. */
  readonly set: string;
  /** Archives (zip, tar, tar.gz), folders of what was in them, single files; in any order. */
  readonly sources: readonly string[];
  /** The folder to make the set in. */
  readonly output: string;
  readonly options?: PrepareOptions;
  readonly signal?: AbortSignal;
}

/**
 * Prepares a set. Throws UserError when something that must be there is not, or makes no sense (exit code 2), and the
 * signal's reason when it is aborted.
 */
export async function prepareDataset(preparation: Preparation): Promise<PreparationSummary> {
  const { set, sources, output, options = {}, signal } = preparation;
  const recipe = recipeOf(set);
  requireOptions(recipe, options);
  if (sources.length === 0) throw new UserError(`${set}: name the sources: ${recipe.sources}`, { exitCode: 2 });
  const scratch = join(output, SCRATCH_FOLDER);
  try {
    await mkdir(output, { recursive: true });
    await removeAbandoned(output);
  } catch (error) {
    throw new UserError(`${output}: cannot be written (${messageOf(error)})`, { cause: error });
  }
  const archives: Archive[] = [];
  for (const source of sources) archives.push(await openArchive(source, scratch));
  const problems = new Problems();
  const { report } = problems;
  const outcome = await recipe
    .prepare({ ...{ archives, output, options, report }, ...(signal === undefined ? {} : { signal }) })
    .catch((error: unknown) => {
      // They may be why there is nothing left to prepare.
      if (error instanceof UserError) warnOfProblems(output, problems.lines);
      throw error;
    });
  // A process that was killed just before this one began may still have been listed then.
  await removeAbandoned(output);
  return {
    set,
    sources: archives.map(({ path, kind }) => ({ path, kind })),
    output,
    ...outcome,
    problems: problems.summary,
  };
}

function recipeOf(set: string): Recipe {
  const recipe = RECIPES.find(({ name }) => name === set);
  if (recipe !== undefined) return recipe;
  throw new UserError(`${set}: no such set; there are ${RECIPES.map(({ name }) => name).join(', ')}`, { exitCode: 2 });
}

function requireOptions({ name, options: known }: Recipe, options: PrepareOptions): void {
  for (const option of Object.keys(options) as OptionName[]) {
    if (options[option] === undefined || known.includes(option)) continue;
    const legal = known.length === 0 ? 'no options' : known.map((one) => `--${one}`).join(', ');
    throw new UserError(`--${option}: means nothing for ${name}, which takes ${legal}`, { exitCode: 2 });
  }
}
