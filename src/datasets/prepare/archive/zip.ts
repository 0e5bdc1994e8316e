/** Zip archives (APPNOTE 6.3, zip64 included) by yauzl, which reads the directory at the end and checks sizes. */
import { crc32 } from 'node:zlib';
import * as yauzl from 'yauzl';
import { messageOf, UserError } from '../../../shared/errors.js';
import { isHidden, safeName } from './names.js';
import { type ArchiveEntry, ArchiveError, type EntryOptions } from './types.js';

/** What Unix keeps in the upper half of the external attributes: the kind of file. */
const KIND_MASK = 0o170000;
const REGULAR_FILE = 0o100000;

export async function* readZip(path: string, { report, onRead }: EntryOptions): AsyncGenerator<ArchiveEntry, void, void> {
  try {
    // Names are decoded below: by itself, yauzl gives up the whole archive over one bad name.
    const zip = await yauzl.openPromise(path, { decodeStrings: false });
    for await (const entry of zip.eachEntry()) {
      const written = yauzl.getFileNameLowLevel(
        entry.generalPurposeBitFlag,
        entry.fileNameRaw,
        entry.extraFields,
        false,
      );
      const name = safeName(written);
      const fault = written.endsWith('/') ? undefined : faultOf(entry, name);
      if (fault !== undefined) report(path, `${JSON.stringify(written)} ${fault}; left out`);
      else if (!written.endsWith('/') && name !== undefined && !isHidden(name)) {
        yield { name, size: entry.uncompressedSize, read: () => readEntry(zip, entry) };
      }
      onRead?.(entry.compressedSize);
    }
  } catch (error) {
    if (error instanceof UserError) throw error;
    throw new UserError(`${path}: is no zip archive, cut short or damaged (${messageOf(error)}); get it again`, {
      cause: error,
    });
  }
}

function faultOf(entry: yauzl.Entry, name: string | undefined): string | undefined {
  if (name === undefined) return 'leads out of the folder that it is to be unpacked into';
  const kind = (entry.externalFileAttributes >>> 16) & KIND_MASK;
  if (kind !== 0 && kind !== REGULAR_FILE) return 'is a link or a device, not a file';
  if (!entry.canDecodeFileData()) return 'is encrypted, or compressed in an unknown way';
  return undefined;
}

async function* readEntry(zip: yauzl.ZipFile, entry: yauzl.Entry): AsyncGenerator<Uint8Array, void, void> {
  let sum = 0;
  try {
    const stream = await zip.openReadStreamPromise(entry);
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      sum = crc32(chunk, sum);
      yield chunk;
    }
  } catch (error) {
    throw new ArchiveError(`is damaged in the archive (${messageOf(error)})`, { cause: error });
  }
  if (sum !== entry.crc32) throw new ArchiveError('is damaged in the archive (its checksum does not match)');
}
