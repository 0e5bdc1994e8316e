/** Archives made on the spot, in the layouts of publishers and of people who mean harm. */
import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { Header } from 'tar';
import yazl from 'yazl';

/** Names and what the files hold. */
export type ArchiveFiles = Readonly<Record<string, string | Uint8Array>>;

/** Writes a zip archive; `mode` is that of every file in it. */
export async function writeZip(path: string, files: ArchiveFiles, mode = 0o100644): Promise<string> {
  const zip = new yazl.ZipFile();
  for (const [name, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), name, { mode });
  zip.end();
  const output = createWriteStream(path);
  await new Promise<void>((resolve, reject) => {
    output.once('close', resolve).once('error', reject);
    zip.outputStream.pipe(output);
  });
  return path;
}

export interface TarItem {
  readonly name: string;
  readonly content?: string | Uint8Array;
  readonly type?: 'File' | 'SymbolicLink' | 'Link' | 'Directory';
  readonly link?: string;
}

const BLOCK = 512;

/** The bytes of a tar archive. */
export function tarOf(items: readonly TarItem[]): Buffer {
  const blocks: Buffer[] = [];
  for (const { name, content = '', type = 'File', link } of items) {
    const bytes = Buffer.from(content);
    const header = new Header({
      ...{ path: name, mode: 0o644, size: bytes.length, type, mtime: new Date(0) },
      ...(link === undefined ? {} : { linkpath: link }),
    });
    const block = Buffer.alloc(BLOCK);
    header.encode(block, 0);
    blocks.push(block, bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK));
  }
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK)]);
}

/** Writes a tar archive, gzipped when the name ends in `gz`. */
export async function writeTar(path: string, files: ArchiveFiles): Promise<string> {
  const bytes = tarOf(Object.entries(files).map(([name, content]) => ({ name, content })));
  await writeFile(path, path.endsWith('gz') ? gzipSync(bytes) : bytes);
  return path;
}
