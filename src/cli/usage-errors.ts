/** Wrong usage in words: what yargs says of a command line, put as errors of looksay are, with the help to look into. */
import { UserError } from '../shared/errors.js';
import { STDIN_ARGUMENT } from './context.js';
import { nearestName } from './nearest-name.js';

/** Commands that have commands of their own. */
const GROUPS: ReadonlySet<string> = new Set(['train', 'evaluate', 'words', 'encoder', 'cache']);

/** The error (exit code 2) for the command line `argv`, of which yargs says `message`; `known` names its options. */
export function usageError(message: string, argv: readonly string[], known: readonly string[]): UserError {
  const unknown = unknownArguments(message, argv);
  const said = unknown.length === 0 ? plainMessage(message, argv) : unknownMessage(unknown, known);
  const path = commandOf(argv).filter((word) => !unknown.includes(word));
  if (message.startsWith('Did you mean')) path.pop();
  return new UserError(`${said} (see ${['looksay', ...path].join(' ')} --help)`, { exitCode: 2 });
}

/** The words of `argv` that name the command. */
function commandOf(argv: readonly string[]): string[] {
  const end = argv.findIndex((word) => word.startsWith('-'));
  const words = end < 0 ? argv : argv.slice(0, end);
  return words.slice(0, GROUPS.has(words[0] ?? '') ? 2 : 1);
}

/** What `message` calls unknown, as it was written: yargs has each option in camel case too, and without its hyphens. */
function unknownArguments(message: string, argv: readonly string[]): readonly string[] {
  const names = /^Unknown (?:argument|command)s?: (.*)$/s.exec(message)?.[1]?.split(', ') ?? [];
  const given = argv.map((word) => word.replace(/=.*$/s, ''));
  const found = names.flatMap((name) => {
    const forms = [`--${name}`, `--no-${name}`, `-${name}`, name === STDIN_ARGUMENT ? '-' : name];
    return forms.filter((form) => given.includes(form)).slice(0, 1);
  });
  return found.length > 0 ? found : names;
}

function unknownMessage(unknown: readonly string[], known: readonly string[]): string {
  const options = unknown.map((argument) => /^(?<hyphens>--(?:no-)?)(?<name>.*)$/.exec(argument)?.groups ?? {});
  const mistyped = new Set(options.map(({ name }) => name));
  // yargs counts what was given among the options, and has each in camel case too.
  const names = known.filter((name) => name.length > 1 && !/[A-Z]/.test(name) && !mistyped.has(name));
  const meant = options.flatMap(({ hyphens = '', name = '' }) => {
    const nearest = nearestName(name, names);
    return nearest === undefined ? [] : [hyphens + nearest];
  });
  const said = `unknown argument${unknown.length === 1 ? '' : 's'} ${unknown.join(', ')}`;
  return meant.length === 0 ? said : `${said}; did you mean ${meant.join(', ')}?`;
}

/** What yargs says of missing arguments and of values, with what is missing or expected. */
function plainMessage(message: string, argv: readonly string[]): string {
  const missing = /^Missing required arguments?: (.*)$/.exec(message)?.[1]?.split(', ');
  if (missing !== undefined) return missingMessage(missing, argv);
  const option = /^Not enough arguments following: (.*)$/.exec(message)?.[1];
  if (option !== undefined) return `--${option}: needs a value`;
  const [, name, found, choices] = /Argument: (\S+), Given: (.*), Choices: (.*)/.exec(message) ?? [];
  if (name !== undefined) return `--${name}: expected one of ${choices?.replaceAll('"', '')}, got ${found}`;
  if (!message.startsWith('Not enough non-option arguments')) return message;
  const [command] = argv;
  if (command === 'prepare') return 'name the set to prepare';
  return `name the ${command === 'words' ? 'words' : 'paths'} that the command is to work on`;
}

/** That options are missing, and which of those given may be meant for them: yargs says what is missing first. */
function missingMessage(missing: readonly string[], argv: readonly string[]): string {
  const said = `${missing.map((name) => `--${name}`).join(', ')}: ${missing.length === 1 ? 'is' : 'are'} required`;
  for (const argument of argv) {
    const given = /^--([^=]+)/.exec(argument)?.[1] ?? '';
    const meant = nearestName(given, missing);
    if (meant !== undefined) return `${said}; did you mean --${meant} by --${given}?`;
  }
  return said;
}
