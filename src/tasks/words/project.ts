/** Vectors as points of a plane. */
import { PCA } from 'ml-pca';
import { UMAP } from 'umap-js';
import { unreachable } from '../../shared/assert.js';
import { Random } from '../../shared/random.js';

/** `umap` keeps neighbours together (McInnes et al. 2018); `pca` keeps the directions in which vectors differ most. */
export const WORDS_PROJECTIONS = ['umap', 'pca'] as const;
/** How vectors become places on a map. */
export type WordsProjection = (typeof WORDS_PROJECTIONS)[number];

export type Point = readonly [x: number, y: number];

const UMAP_NEIGHBOURS = 15;

/** A point for each of `rows` (at least two); the same for the same seed. */
export function project(rows: readonly Float32Array[], projection: WordsProjection, seed: number): Point[] {
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
      return toPoints(umap.fit(data));
    }
    default:
      return unreachable(projection, 'projection');
  }
}

/** Vectors of one number have no second component. */
function toPoints(rows: readonly (readonly number[])[]): Point[] {
  return rows.map(([x = 0, y = 0]) => [x, y]);
}
