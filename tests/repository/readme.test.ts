/** README is true: its commands have the options that it gives them, its paths exist, its examples of the API compile. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { run } from '../cli/run.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const blocksOf = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text]) => text as string);

/** Lines of the shell that call looksay, those that go on in the next put together: "train caption --recipe fast …". */
const commands = [
  ...blocksOf('').flatMap((block) => block.replaceAll(/\\\n/g, '').split('\n')),
  ...[...readme.matchAll(/`((?:npx )?looksay [^`]*)`/g)].map(([, text]) => text as string),
]
  .filter((line) => /(?:^|[|&] )(?:npx )?looksay /.test(line))
  .map((line) => line.replace(/^.*?(?:npx )?looksay /, '').replace(/\s#.*$/, ''));

/** Commands with subcommands, as the help names them. */
const FAMILIES = /^(?:(?:train|evaluate|words|encoder|cache) [a-z]+|[a-z]+)/;

/** The text of `--help`, asked for once. */
const helps = new Map<string, Promise<string>>();
function helpOf(command: string): Promise<string> {
  const help = helps.get(command) ?? run([...command.split(' '), '--help']).then(({ out }) => out);
  helps.set(command, help);
  return help;
}

test.each(commands)('looksay %s', async (line) => {
  const command = FAMILIES.exec(line)?.[0] ?? '';
  const help = await helpOf(command);
  expect(help.split('\n')[0]).toContain(`looksay ${command}`);
  const known = [...help.matchAll(/--[a-z][a-z-]*/g)].map(([option]) => option.replace('--no-', '--'));
  for (const [option] of line.matchAll(/(?<=\s)--[a-z][a-z-]*/g)) {
    expect(known).toContain(option.replace('--no-', '--'));
  }
});

test('there are commands to look at, and each of looksay is named', async () => {
  expect(commands.length).toBeGreaterThan(40);
  const names = [...(await run(['--help'])).out.matchAll(/^ {2}looksay ([a-z]+)/gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(8);
  for (const name of names) expect(commands.some((line) => line.startsWith(`${name} `))).toBe(true);
});

test('the files and folders that it names are there', () => {
  const named = [...readme.matchAll(/(?<=[`\s(])(?:benchmarks|scripts|datasets|checkpoints)\/[\w./-]*\w/g)];
  const paths = new Set(named.map(([path]) => path));
  // What its commands write.
  const made = ['checkpoints/mine', 'checkpoints/words', 'checkpoints/plays'];
  expect(paths.size).toBeGreaterThan(20);
  expect([...paths].filter((path) => !made.includes(path) && !existsSync(join(root, path)))).toEqual([]);
});

test.skipIf(!existsSync(join(root, 'dist/index.d.ts')))('its examples of the API compile', () => {
  const examples = new Map(blocksOf('js').map((text, index) => [join(root, `example-${index}.ts`), text]));
  expect(examples.size).toBeGreaterThan(2);
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile } = host;
  host.fileExists = (path) => examples.has(path) || fileExists(path);
  host.readFile = (path) => examples.get(path) ?? readFile(path);
  const program = ts.createProgram([...examples.keys()], options, host);
  const found = ts.getPreEmitDiagnostics(program);
  expect(found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))).toEqual([]);
});
