/** What an archive is to those who read it, whatever its format: files in an order, each read at most once. */
import type { Report } from '../../captions/types.js';

/** A regular file in an archive. */
export interface ArchiveEntry {
  /** Relative, with `/` between its parts, none of which is empty, `.` or `..` (see `safeName`). */
  readonly name: string;
  /** Bytes, unpacked. */
  readonly size: number;
  /** Where the file itself is, when the archive is a folder or the file alone. */
  readonly path?: string;
  /**
   * The bytes, exactly `size` of them. To be read before the next entry is asked for.
   * Throws `ArchiveError` when the archive is damaged there.
   */
  read(): AsyncIterable<Uint8Array>;
}

export interface EntryOptions {
  /** Told of entries that are no files to be had: links, devices, names that lead elsewhere, encrypted ones. */
  readonly report: Report;
  /** Told how many bytes of the archive were gone through since the last call. */
  readonly onRead?: (bytes: number) => void;
}

export type ArchiveKind = 'zip' | 'tar' | 'folder' | 'file';

export interface Archive {
  readonly path: string;
  readonly kind: ArchiveKind;
  /** Bytes that `onRead` will have been told in the end, about; 0 where that is not known. */
  readonly bytes: number;
  /** The files, in the archive's order. Throws UserError when the archive itself is damaged. */
  entries(options: EntryOptions): AsyncGenerator<ArchiveEntry, void, void>;
}

/** An entry that cannot be read though the archive says it is there; the next ones may be sound. */
export class ArchiveError extends Error {
  override readonly name = 'ArchiveError';
}
