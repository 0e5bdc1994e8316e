/**
 * Where ffmpeg and ffprobe are: FFMPEG_PATH and FFPROBE_PATH, else the system's, else the binaries that the packages
 * `@ffmpeg-installer/ffmpeg` and `@ffprobe-installer/ffprobe` ship.
 */
import { accessSync, chmodSync, constants, existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { UserError } from '../../shared/errors.js';

export type Tool = 'ffmpeg' | 'ffprobe';

/** The variable that names a tool. */
export const TOOL_VARIABLES: Readonly<Record<Tool, string>> = { ffmpeg: 'FFMPEG_PATH', ffprobe: 'FFPROBE_PATH' };
const OWNER_MAY_RUN = 0o755;

const require = createRequire(import.meta.url);

/** The path of a tool. Throws UserError when it is nowhere, or a variable names no file. */
export function findTool(tool: Tool): string {
  const variable = TOOL_VARIABLES[tool];
  const chosen = process.env[variable];
  if (chosen !== undefined && chosen !== '') {
    if (mayRun(chosen)) return chosen;
    throw new UserError(`${variable}: expected an executable, found ${chosen} (mend it, or unset it)`);
  }
  const found = onPath(tool) ?? inPackage(tool);
  if (found !== undefined) return found;
  const kept = packagePath(tool);
  if (kept !== undefined && existsSync(kept)) {
    throw new UserError(
      `${kept}: may be run by its owner alone, as its package comes (let the owner run chmod a+x on it, install ffmpeg, or ` +
        `set ${variable} to another)`,
    );
  }
  throw new UserError(
    `${tool} is not there: videos are read through it (install ffmpeg, or set ${variable} to its path)`,
  );
}

function onPath(tool: Tool): string | undefined {
  const name = process.platform === 'win32' ? `${tool}.exe` : tool;
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find(mayRun);
}

/**
 * The environment of a tool's process. Static binaries, as those of the packages, crash with the character sets that the
 * system's C library would load into them (as for the names of services in MPEG-TS): they get none.
 */
export function toolEnvironment(): NodeJS.ProcessEnv {
  return { ...process.env, GCONV_PATH: '/nonexistent' };
}

const packagePaths = new Map<Tool, string | undefined>();

/** Looked up once: where a package is missing, Node looks through all folders anew each time. */
function packagePath(tool: Tool): string | undefined {
  if (!packagePaths.has(tool)) packagePaths.set(tool, lookUpPackage(tool));
  return packagePaths.get(tool);
}

/** The packages are optional, and throw on platforms that they have no binary for. */
function lookUpPackage(tool: Tool): string | undefined {
  try {
    return (require(`@${tool}-installer/${tool}`) as { path: string }).path;
  } catch {
    return undefined;
  }
}

function inPackage(tool: Tool): string | undefined {
  const path = packagePath(tool);
  if (path === undefined || mayRun(path)) return path;
  try {
    // Their install scripts only set this bit, and may have been kept from running.
    chmodSync(path, OWNER_MAY_RUN);
  } catch {
    return undefined;
  }
  return mayRun(path) ? path : undefined;
}

function mayRun(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
