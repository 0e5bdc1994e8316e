/**
 * Tar archives (ustar, pax and GNU names; as they are or gzipped) by node-tar's parser. They are read from the front
 * to the back: the parser stands still until an entry was read or passed by.
 */
import { createReadStream, type ReadStream } from 'node:fs';
import { on, once } from 'node:events';
import { Parser, type ReadEntry } from 'tar';
import { messageOf, UserError } from '../../../shared/errors.js';
import { isHidden, safeName } from './names.js';
import { type ArchiveEntry, ArchiveError, type EntryOptions } from './types.js';

/** The parser's word for what tar calls a file; all else is a folder, a link or a device. */
const FILE_TYPES: ReadonlySet<string> = new Set(['File', 'OldFile', 'ContiguousFile']);
const FOLDER_TYPES: ReadonlySet<string> = new Set(['Directory', 'GNUDumpDir']);

export async function* readTar(path: string, { report, onRead }: EntryOptions): AsyncGenerator<ArchiveEntry, void, void> {
  const source = createReadStream(path);
  const parser = new Parser({});
  const state: State = { current: undefined, failure: undefined, sawEnd: false };
  parser.once('eof', () => void (state.sawEnd = true));
  const stopped = new AbortController();
  parser.once('error', (error: unknown) => {
    fail(state, error);
    stopped.abort();
  });
  parser.on('warn', (code: string, message: unknown) => {
    if (code === 'TAR_BAD_ARCHIVE') state.failure ??= new Error(messageOf(message));
    else if (code === 'TAR_ENTRY_INVALID') report(path, `an entry is damaged (${messageOf(message)}); left out`);
  });
  const found = on(parser, 'entry', { close: ['end'] }) as AsyncIterable<[ReadEntry]>;
  const pumped = pump(source, parser, { signal: stopped.signal, onRead }).catch((error: unknown) => {
    if (state.failure === undefined) parser.emit('error', error);
  });
  try {
    for await (const [entry] of found) {
      state.current = entry;
      entry.on('error', () => undefined); // whoever reads it hears of it; nobody has to
      if (state.failure !== undefined && entry.remain > 0) throw state.failure; // the rest of it will not come
      const own = fileOf(path, entry, report);
      if (own !== undefined) yield own;
      entry.resume(); // passes by what was not read of it
    }
    if (!state.sawEnd) state.failure ??= new Error('its end is missing');
    if (state.failure !== undefined) throw state.failure;
  } catch (error) {
    throw new UserError(
      `${path}: is no tar archive, cut short or damaged (${messageOf(error)}); get it again (of a compressed single ` +
        'file, give the file)',
      { cause: error },
    );
  } finally {
    state.failure ??= new Error('left');
    stopped.abort();
    source.destroy();
    await pumped;
  }
}

interface State {
  current: ReadEntry | undefined;
  failure: unknown;
  /** Whether the blocks came that end an archive: without them, an entry or more may be missing. */
  sawEnd: boolean;
}

/** Whoever reads an entry must hear that no more of it will come. */
function fail(state: State, error: unknown): void {
  state.failure ??= error;
  state.current?.destroy(error instanceof Error ? error : new Error(messageOf(error)));
}

interface PumpOptions {
  readonly onRead: EntryOptions['onRead'];
  /** Aborted when nobody takes entries any more. That the file was read to its end is no sign of it. */
  readonly signal: AbortSignal;
}

/** Feeds the parser, no faster than it takes. */
async function pump(source: ReadStream, parser: Parser, { signal, onRead }: PumpOptions): Promise<void> {
  for await (const chunk of source as AsyncIterable<Buffer>) {
    onRead?.(chunk.length);
    const takesMore = parser.write(chunk);
    if (signal.aborted) return;
    if (!takesMore) await once(parser, 'drain', { signal });
  }
  parser.end();
}

function fileOf(path: string, entry: ReadEntry, report: EntryOptions['report']): ArchiveEntry | undefined {
  const name = safeName(entry.path);
  if (FOLDER_TYPES.has(entry.type)) return undefined;
  if (!FILE_TYPES.has(entry.type)) {
    report(path, `${JSON.stringify(entry.path)} is a ${entry.type}, not a file; left out`);
    return undefined;
  }
  if (name === undefined) {
    report(path, `${JSON.stringify(entry.path)} leads out of the folder that it is to be unpacked into; left out`);
    return undefined;
  }
  return isHidden(name) ? undefined : { name, size: entry.size, read: () => readEntry(entry) };
}

async function* readEntry(entry: ReadEntry): AsyncGenerator<Uint8Array, void, void> {
  let bytes = 0;
  try {
    for await (const chunk of entry) {
      bytes += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw new ArchiveError(`is damaged in the archive (${messageOf(error)})`, { cause: error });
  }
  if (bytes !== entry.size) throw new ArchiveError(`is cut short: ${bytes} of ${entry.size} bytes are there`);
}
