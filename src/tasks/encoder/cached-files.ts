/**
 * Downloaded files, kept in a folder with their checksums: what was read back is what was downloaded, or it is not used.
 */
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCodeOf } from '../../shared/errors.js';
import { writeFileAtomically } from '../../shared/files.js';
import { explainWriteErrors } from '../../training/system-errors.js';

/** SHA-256 in hexadecimal. */
export function sha256(...parts: readonly (Uint8Array | string)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

export type CachedFile = Uint8Array | 'missing' | 'damaged';

export class CachedFiles {
  constructor(readonly directory: string) {}

  #paths(url: string): { readonly contents: string; readonly record: string } {
    const name = sha256(url).slice(0, 32);
    return { contents: join(this.directory, `${name}.bin`), record: join(this.directory, `${name}.json`) };
  }

  /** The file downloaded from `url`; `damaged` if it is not what was downloaded. */
  async read(url: string): Promise<CachedFile> {
    const { contents, record } = this.#paths(url);
    try {
      const text = await readFile(record, 'utf8');
      const bytes = await readFile(contents);
      return text === recordOf(url, bytes) ? bytes : 'damaged';
    } catch (error) {
      if (systemCodeOf(error) === 'ENOENT') return 'missing';
      throw error;
    }
  }

  /** Keeps `bytes` as what was downloaded from `url`. Throws `UserError` if the system refuses. */
  async write(url: string, bytes: Uint8Array): Promise<void> {
    const { contents, record } = this.#paths(url);
    await explainWriteErrors(this.directory, async () => {
      await mkdir(this.directory, { recursive: true });
      await writeFileAtomically(contents, bytes);
      await writeFileAtomically(record, recordOf(url, bytes));
    });
  }

  /** Forgets what was downloaded from `url`. */
  async remove(url: string): Promise<void> {
    const { contents, record } = this.#paths(url);
    await rm(record, { force: true });
    await rm(contents, { force: true });
  }
}

function recordOf(url: string, bytes: Uint8Array): string {
  return `${JSON.stringify({ url, bytes: bytes.length, sha256: sha256(bytes) })}\n`;
}
