/** Vectors as points of a plane. */
import { PCA } from 'ml-pca';
import { UMAP } from 'umap-js';
import { unreachable } from '../../shared/assert.js';
import { Random } from '../../shared/random.js';
import { mapInTurns } from '../../shared/map-in-turns.js';

/** `umap` keeps neighbours together (McInnes et al. 2018); `pca` keeps the directions in which vectors differ most. */
export const WORDS_PROJECTIONS = ['umap', 'pca'] as const;
/** How vectors become places on a map. */
export type WordsProjection = (typeof WORDS_PROJECTIONS)[number];

export type Point = readonly [x: number, y: number];

const UMAP_NEIGHBOURS = 15;

export interface ProjectOptions {
  readonly projection: WordsProjection;
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A point for each of `rows` (at least two); the same for the same seed. Throws the signal's reason when it is aborted, but
 * not while UMAP searches for neighbours (seconds for 5,000 rows) or PCA is under way.
 */
export async function project(
  rows: readonly Float32Array[],
  { projection, seed, signal }: ProjectOptions,
): Promise<Point[]> {
  const data = rows.map((row) => Array.from(row));
  switch (projection) {
    case 'pca':
      return toPoints(new PCA(data).predict(data, { nComponents: 2 }).to2DArray());
    case 'umap': {
      const random = new Random(seed);
      const umap = new UMAP({
        nComponents: 2,
        nNeighbors: Math.min(UMAP_NEIGHBOURS, data.length - 1),
        random: () => random.uniform(),
      });
      await mapInTurns(umap.initializeFit(data), () => umap.step(), { label: 'placing the words', signal });
      return toPoints(umap.getEmbedding());
    }
    default:
      return unreachable(projection, 'projection');
  }
}

/** Vectors of one number have no second component. */
function toPoints(rows: readonly (readonly number[])[]): Point[] {
  return rows.map(([x = 0, y = 0]) => [x, y]);
}
