/** The manners of scripts that have options of their own: those of `looksay`. */
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { messageOf, UserError } from '../dist/shared/errors.js';

/**
 * As `parseArgs` of Node. Throws UserError (exit code 2) for what it does not know.
 *
 * @template {import('node:util').ParseArgsConfig} Config
 * @param {Config} config
 */
export function parseOptions(config) {
  try {
    return parseArgs(config);
  } catch (error) {
    // Node adds how an argument may begin with hyphens.
    throw new UserError(`${messageOf(error).replace(/\. To specify a positional .*$/, '')} (see --help)`, {
      exitCode: 2,
    });
  }
}

/**
 * What the comment at the beginning of a script says.
 *
 * @param {string} script
 */
async function helpOf(script) {
  const [, comment = ''] = /\/\*\*\n(.*?)\*\//s.exec(await readFile(script, 'utf8')) ?? [];
  return comment.replaceAll(/^ \*? ?/gm, '');
}

/**
 * Runs a script: what the user can mend is said in a sentence, with its exit code. `--help` prints what its first lines say.
 *
 * @param {string} name
 * @param {() => Promise<void>} run
 */
export async function runScript(name, run) {
  try {
    if (process.argv.includes('--help')) process.stdout.write(await helpOf(process.argv[1] ?? ''));
    else await run();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`${name}: ${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}
