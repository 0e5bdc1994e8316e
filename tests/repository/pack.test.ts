/** The package as npm packs it: what is in it, and that it works where it is installed. */
import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { saveTinyCaptioner } from '../helpers/tiny-captioner.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const photo = join(root, 'datasets/samples/cow.jpg');
const shipped = existsSync(join(root, 'checkpoints/captioner/config.json'));
const SECONDS = 1000;

/** The scripts that need nothing but the package. */
const SCRIPTS = ['prepare-data', 'near-duplicates', 'moving-shapes', 'run-script'].map((name) => `scripts/${name}.mjs`);

/** What is not in a fresh clone. */
const LEFT_OUT = new Set(['node_modules', 'dist', 'data', 'coverage', '.git', '.work']);

/** What npm says when there is no registry to install from, which is not the tarball's fault. */
const NO_REGISTRY = /ENOTFOUND|ECONNREFUSED|ECONNRESET|EAI_AGAIN|ETIMEDOUT|ENOTCACHED/;

/** npm's own settings for the script that runs this test (its prefix, its project) are not the new project's. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^npm_(config_local_prefix|lifecycle|package|command)/i.test(name)),
);

function run(command: string, args: readonly string[], cwd: string): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', env: environment });
  return { code: status, out: stdout, err: stderr };
}

let folder: string;
let project: string;
let packed: { filename: string; files: { path: string }[] };
let installed: { code: number | null; err: string };

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'looksay-pack-'));
  project = join(folder, 'project');
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "name": "elsewhere", "private": true, "type": "module" }\n');
  // Packed from a copy, which `prepare` builds: a build here would pull dist/ from under the other tests.
  const copy = join(folder, 'copy');
  cpSync(root, copy, { recursive: true, filter: (path) => !LEFT_OUT.has(relative(root, path)) });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  const pack = run('npm', ['pack', '--json', '--silent', '--pack-destination', folder], copy);
  expect(pack).toMatchObject({ code: 0 });
  packed = (JSON.parse(pack.out.slice(pack.out.indexOf('['))) as (typeof packed)[])[0] as typeof packed;
  // sharp's binaries are optional dependencies, so those are not left out.
  const options = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'];
  installed = run('npm', ['install', ...options, join(folder, packed.filename)], project);
}, 180 * SECONDS);

afterAll(() => {
  if (folder) rmSync(folder, { recursive: true, force: true });
});

test('the tarball holds the build, the checkpoints, the scripts about data and the papers, and nothing else', () => {
  const paths = packed.files.map(({ path }) => path);
  const unexpected = paths.filter(
    (path) =>
      !/^(dist|checkpoints)\/|^(package\.json|README\.md|CHANGELOG\.md|LICENSE|NOTICE)$/.test(path) &&
      !SCRIPTS.includes(path),
  );
  expect(unexpected).toEqual([]);
  const expected = ['dist/cli/main.js', 'dist/index.js', 'dist/index.d.ts', 'LICENSE', 'NOTICE', 'CHANGELOG.md'];
  for (const path of [...expected, ...SCRIPTS]) {
    expect(paths).toContain(path);
  }
});

test.skipIf(process.platform === 'win32')(
  'what is built can be executed, also where npx has linked an earlier build',
  () => {
    expect(statSync(join(folder, 'copy/dist/cli/main.js')).mode & 0o111).toBe(0o111);
  },
);

test('installed elsewhere, it captions a photo there', async ({ skip }) => {
  skip(NO_REGISTRY.test(installed.err), 'no npm registry to install the dependencies from');
  expect(installed).toMatchObject({ code: 0 });
  const checkpoint = shipped ? [] : ['--checkpoint', await saveTinyCaptioner()];
  const args = ['--no-install', 'looksay', 'caption', photo, ...checkpoint, '--format', 'jsonl', '--quiet'];
  const { code, out, err } = run('npx', args, project);
  expect({ code, err }).toMatchObject({ code: 0 });
  const line = JSON.parse(out) as { image: string; caption: string };
  expect(line.image).toBe(photo);
  expect(line.caption).toMatch(shipped ? /\w+ \w+ \w+/ : /^/);
});

test('installed elsewhere, its public API and the backend can be imported', ({ skip }) => {
  skip(NO_REGISTRY.test(installed.err), 'no npm registry to install the dependencies from');
  const program = `import { loadCaptioner } from 'looksay'; import 'looksay/backend'; console.log(typeof loadCaptioner);`;
  expect(run('node', ['--input-type=module', '-e', program], project)).toMatchObject({ code: 0, out: 'function\n' });
});

test('installed elsewhere, it prepares a data set, by the command and by the script', ({ skip }) => {
  skip(NO_REGISTRY.test(installed.err), 'no npm registry to install the dependencies from');
  mkdirSync(join(project, 'texts'));
  writeFileSync(join(project, 'texts/pets.txt'), 'I pet my cat\n');
  const set = ['corpus', 'texts', '--output', 'corpus', '--quiet'];
  for (const [command, ...args] of [
    ['npx', '--no-install', 'looksay', 'prepare'],
    ['node', 'node_modules/looksay/scripts/prepare-data.mjs'],
  ] as const) {
    const { code, out, err } = run(command, [...args, ...set], project);
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(JSON.parse(out)).toMatchObject({ set: 'corpus', parts: { all: { files: 1, characters: 13 } } });
  }
});

test('installed elsewhere, its other scripts about data start', ({ skip }) => {
  skip(NO_REGISTRY.test(installed.err), 'no npm registry to install the dependencies from');
  for (const [name, message] of [
    ['near-duplicates', 'near-duplicates: '],
    ['moving-shapes', 'moving-shapes: expected one folder'],
  ] as const) {
    const { code, err } = run('node', [`node_modules/looksay/scripts/${name}.mjs`], project);
    expect({ code, err }).toMatchObject({ code: 2, err: expect.stringContaining(message) as string });
  }
});

test('installed elsewhere, it learns word vectors in threads', ({ skip }) => {
  skip(NO_REGISTRY.test(installed.err), 'no npm registry to install the dependencies from');
  writeFileSync(join(project, 'pets.txt'), 'I pet my cat\nI pet my dog\n'.repeat(20));
  const args = ['--no-install', 'looksay', 'train', 'words', '--text', 'pets.txt', '--output', 'words', '--quiet'];
  const { code, out, err } = run('npx', args, project);
  expect({ code, err }).toMatchObject({ code: 0 });
  expect(JSON.parse(out)).toMatchObject({ ending: 'completed', vocabulary: 5 });
});
