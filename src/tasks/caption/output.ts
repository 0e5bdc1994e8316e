/**
 * An output file that is never half-written under its name: results go to `FILE.partial` as they come, and the file
 * appears when all are there. A run that is begun again with `skipDone` leaves out what either already holds.
 */
import { existsSync } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf, systemCodeOf, UserError } from '../../shared/errors.js';
import { writeFileAtomically } from '../../shared/files.js';
import { formatResult, headerOf, type OutputFormat, readWrittenLines, writtenName } from './format.js';
import type { CaptionResult } from './predict.js';

export interface OutputOptions {
  readonly path: string;
  readonly format: OutputFormat;
  readonly overwrite: boolean;
  readonly skipDone: boolean;
}

export interface CaptionOutput {
  /** Whether an earlier run has a caption of this image. */
  isDone(image: string): boolean;
  write(result: CaptionResult): Promise<void>;
  /** Makes the file: lines in the order of `images`, those of an earlier run in their places. */
  finish(images: readonly string[]): Promise<void>;
  /** Keeps what was written so far in `FILE.partial`. */
  close(): Promise<void>;
}

export const partialNameOf = (path: string): string => `${path}.partial`;

/** Opens the output. Throws UserError with exit code 2 when the file exists and nothing says what to do about it. */
export async function openOutput(options: OutputOptions): Promise<CaptionOutput> {
  const { path, format, overwrite, skipDone } = options;
  if (existsSync(path) && !overwrite && !skipDone) {
    throw new UserError(`${path}: exists already (--overwrite replaces it, --skip-done adds what it lacks)`, {
      exitCode: 2,
    });
  }
  const partial = partialNameOf(path);
  const lines = new Map<string, string>();
  if (skipDone) {
    for (const file of [path, partial]) {
      for (const { image, text } of await readText(file, format)) lines.set(image, text);
    }
  }
  const file = await explained(path, async () => {
    await mkdir(dirname(path), { recursive: true });
    const handle = await open(partial, 'w');
    await handle.writeFile(headerOf(format) + [...lines.values()].join(''));
    return handle;
  });
  return fileOutput({ path, format, partial, lines, file });
}

async function readText(file: string, format: OutputFormat): Promise<ReturnType<typeof readWrittenLines>> {
  if (!existsSync(file)) return [];
  return readWrittenLines(await readFile(file, 'utf8'), format);
}

interface OpenOutput {
  readonly path: string;
  readonly format: OutputFormat;
  readonly partial: string;
  /** Lines by image, those of earlier runs and of this one. */
  readonly lines: Map<string, string>;
  readonly file: FileHandle;
}

function fileOutput({ path, format, partial, lines, file }: OpenOutput): CaptionOutput {
  const earlier = new Set(lines.keys());
  let open = true;
  const close = async (): Promise<void> => {
    if (!open) return;
    open = false;
    await file.close();
  };
  return {
    isDone: (image) => earlier.has(writtenName(image, format)),
    write: (result) =>
      explained(partial, async () => {
        const text = formatResult(result, format);
        await file.writeFile(text);
        lines.set(writtenName(result.image, format), text);
      }),
    finish: (images) =>
      explained(path, async () => {
        await close();
        const order = new Set([...images.map((image) => writtenName(image, format)), ...lines.keys()]);
        const text = [...order].map((image) => lines.get(image) ?? '').join('');
        await writeFileAtomically(path, headerOf(format) + text);
        await rm(partial, { force: true });
      }),
    close,
  };
}

/** Runs `action`; a full disk and the like become errors that say what was kept. */
async function explained<T>(path: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    if (error instanceof UserError) throw error;
    const reason = systemCodeOf(error) === 'ENOSPC' ? 'the disk is full' : messageOf(error);
    throw new UserError(
      `${path}: cannot be written: ${reason} (what was done so far is kept; make room and run again with --skip-done)`,
      { cause: error },
    );
  }
}
