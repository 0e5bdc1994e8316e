/** Where files that can be made again are kept: `LOOKSAY_CACHE`, or the user's cache directory of the platform. */
import { userInfo } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import envPaths from 'env-paths';
import { UserError } from '../shared/errors.js';

/** The absolute path of `name` inside the cache; nothing is created. */
export function cacheDirectory(name: string): string {
  const chosen = process.env['LOOKSAY_CACHE'];
  const root = chosen === undefined || chosen === '' ? usersCache() : resolve(chosen);
  return join(root, name);
}

/** Where `HOME` is empty, or `XDG_CACHE_HOME` is relative, it lies in the user's home still, not in the working folder. */
function usersCache(): string {
  const { cache } = envPaths('looksay', { suffix: '' });
  return isAbsolute(cache) ? cache : resolve(home(), cache);
}

function home(): string {
  try {
    return userInfo().homedir;
  } catch (error) {
    throw new UserError('expected a home for the cache, found none (set LOOKSAY_CACHE to a folder)', { cause: error });
  }
}
