/** Where files that can be made again are kept: `LOOKSAY_CACHE`, or the user's cache directory of the platform. */
import { join, resolve } from 'node:path';
import envPaths from 'env-paths';

/** The absolute path of `name` inside the cache; nothing is created. */
export function cacheDirectory(name: string): string {
  const chosen = process.env['LOOKSAY_CACHE'];
  const root = chosen === undefined || chosen === '' ? envPaths('looksay', { suffix: '' }).cache : resolve(chosen);
  return join(root, name);
}
