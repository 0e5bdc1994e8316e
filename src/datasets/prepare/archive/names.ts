/**
 * Names in archives are written by strangers: one that is to become a path here must lead into the folder it is put
 * in, on any system.
 */

const LONGEST_PART = 200;
const LONGEST_NAME = 1000;

/**
 * `name` as a relative path with `/` between its parts; undefined when it is absolute, leaves the folder it is relative
 * to, has control characters or is too long. Backslashes separate too, as in zip files written by Windows.
 */
export function safeName(name: string): string | undefined {
  const slashed = name.replaceAll('\\', '/');
   
  if (/^\/|^[a-z]:|[\0-\x1f\x7f]/i.test(slashed)) return undefined;
  const parts = slashed.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0 || parts.includes('..') || parts.some((part) => part.length > LONGEST_PART)) return undefined;
  const safe = parts.join('/');
  return safe.length > LONGEST_NAME ? undefined : safe;
}

/** What macOS and editors leave in archives: nobody means those. */
export function isHidden(name: string): boolean {
  return name.split('/').some((part) => part.startsWith('.') || part === '__MACOSX');
}
