/** What trainings keep of their photos and clips so that the encoder runs once: how much it is, and its removal. */
import { rm } from 'node:fs/promises';
import { featureDirectory, keptFeatures, type KeptFeatures } from '../../datasets/feature-cache.js';
import { messageOf, UserError } from '../../shared/errors.js';
import { note } from '../../shared/log.js';

export { featureDirectory, keptFeatures, type KeptFeatures };

const MILLISECONDS_A_DAY = 86_400_000;

interface Encoding {
  /** What they are: "photos". */
  readonly files: string;
  readonly missing: number;
  readonly all: number;
  readonly folder: string;
}

/** Says that those of all files that are missing are encoded now, and where the result stays. */
export function noteEncoding({ files, missing, all, folder }: Encoding): void {
  if (missing > 0) note(`encoding ${missing} of ${all} ${files} (kept in ${folder} until looksay cache clear)`);
}

/**
 * Removes what no training has used for `unusedDays` days (0: all) and gives back what that was. A training that is
 * running must not be cleared under: it would miss what it encoded. UserError where a folder may not be removed.
 */
export async function clearFeatures(unusedDays = 0, directory = featureDirectory()): Promise<readonly KeptFeatures[]> {
  const latest = Date.now() - unusedDays * MILLISECONDS_A_DAY;
  const unused = (await keptFeatures(directory)).filter(({ lastUsed }) => lastUsed.getTime() <= latest);
  for (const { folder } of unused) {
    await rm(folder, { recursive: true, force: true }).catch((error: unknown) => {
      throw new UserError(`${folder}: cannot be removed (${messageOf(error)})`, { cause: error });
    });
  }
  return unused;
}
