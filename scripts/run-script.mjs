/** The manners of scripts that have options of their own: those of `looksay`. */
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
    throw new UserError(messageOf(error), { exitCode: 2 });
  }
}

/**
 * Runs a script: what the user can mend is said in a sentence, with its exit code.
 *
 * @param {string} name
 * @param {() => Promise<void>} run
 */
export async function runScript(name, run) {
  try {
    await run();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    process.stderr.write(`${name}: ${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}
