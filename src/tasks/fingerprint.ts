/** Tells the texts of one training from others: the settings or the configuration of a checkpoint keep it. */
import { createHash } from 'node:crypto';

/** SHA-256 of texts in their order, in hexadecimal. */
export function fingerprintOf(texts: Iterable<string>): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(text).update('\0');
  return hash.digest('hex');
}
