/** Runs the command line: in this process with what it writes caught, or as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { main } from '../../src/cli/main.js';

export interface Run {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly stdin?: readonly string[] | AsyncIterable<string>;
  readonly signal?: AbortSignal;
  /** As if stdout were a terminal. */
  readonly isTTY?: boolean;
  /** Told of each text on stderr. */
  readonly onNote?: (text: string) => void;
}

/** Calls `main` and gives back its exit code and what it wrote. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<Run> {
  const { stdin = [], signal, isTTY = false, onNote } = options;
  let out = '';
  let err = '';
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = ((text: string) => {
    err += text;
    onNote?.(text);
    return true;
  }) as typeof process.stderr.write;
  try {
    const stdout = {
      isTTY,
      write: (text: string) => void (out += text),
    };
    const input = (async function* () {
      yield* stdin;
    })();
    const code = await main(argv, { stdout, stdin: input, ...(signal === undefined ? {} : { signal }) });
    return { code, out, err };
  } finally {
    process.stderr.write = write;
  }
}

const SCRIPT = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

/** Starts the command line as a process of its own, its sources as they are. */
export function start(argv: readonly string[], stdout: 'pipe' | number = 'pipe'): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', SCRIPT, ...argv], { stdio: ['ignore', stdout, 'pipe'] });
}

/** What a process wrote, and what it exited with. */
export function ended(child: ChildProcess): Promise<Run> {
  return new Promise((resolve, reject) => {
    let out = '';
    let err = '';
    child.stdout?.on('data', (text: Buffer) => (out += text.toString()));
    child.stderr?.on('data', (text: Buffer) => (err += text.toString()));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, out, err }));
  });
}

/** The lines of JSONL. */
export const jsonLines = (text: string): { image: string; caption?: string; error?: string }[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { image: string });
