/** The import table of `.dependency-cruiser.cjs` refuses what it should, lets the rest pass, and the sources obey it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cruiser = join(root, 'node_modules/.bin/depcruise');
const config = join(root, '.dependency-cruiser.cjs');

/** A project of these files, by path, with packages of these names. */
function project(files: Readonly<Record<string, string>>, packages: readonly string[] = []): string {
  const folder = mkdtempSync(join(tmpdir(), 'looksay-imports-'));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  write('tsconfig.json', '{"compilerOptions":{"module":"NodeNext"}}');
  write('package.json', '{"type":"module"}');
  for (const name of packages) {
    write(`node_modules/${name}/package.json`, `{"name":"${name}","main":"index.js"}`);
    write(`node_modules/${name}/index.js`, 'exports.value = 1;\n');
  }
  for (const [path, text] of Object.entries(files)) write(path, text);
  return folder;
}

const value = 'export const value = 1;\n';
const importing = (from: string): string => `import { value } from '${from}';\nexport const other = value;\n`;

function lint(folder: string): { status: number | null; stdout: string } {
  const result = spawnSync(cruiser, ['src', '--config', config], { cwd: folder, encoding: 'utf8' });
  rmSync(folder, { recursive: true, force: true });
  return result;
}

test.each([
  ['models-imports', { 'src/models/a.ts': importing('../tasks/b.js'), 'src/tasks/b.ts': value }, []],
  ['models-imports', { 'src/models/a.ts': importing('../text/b.js'), 'src/text/b.ts': value }, []],
  ['shared-imports', { 'src/shared/a.ts': importing('../index.js'), 'src/index.ts': value }, []],
  ['tasks-imports', { 'src/tasks/a.ts': importing('../backend/ops/b.js'), 'src/backend/ops/b.ts': value }, []],
  ['unknown-folder', { 'src/elsewhere/a.ts': importing('../shared/b.js'), 'src/shared/b.ts': value }, []],
  ['no-circular', { 'src/text/a.ts': importing('./b.js'), 'src/text/b.ts': importing('./a.js') }, []],
  ['imports-onnxruntime', { 'src/backend/a.ts': importing('onnxruntime-node') }, ['onnxruntime-node']],
  ['imports-sharp', { 'src/tasks/a.ts': importing('sharp') }, ['sharp']],
  ['imports-fluent', { 'src/tasks/a.ts': importing('fluent-ffmpeg') }, ['fluent-ffmpeg']],
])('%s is refused (%#)', (rule, files, packages) => {
  const { status, stdout } = lint(project(files, packages));
  expect(stdout).toContain(rule);
  expect(status).not.toBe(0);
});

test.each([
  ['tasks: models', { 'src/tasks/a.ts': importing('../models/b.js'), 'src/models/b.ts': value }, []],
  ['tasks: compile', { 'src/tasks/a.ts': importing('../backend/compile.js'), 'src/backend/compile.ts': value }, []],
  ['cli: the backend', { 'src/cli/a.ts': importing('../backend/index.js'), 'src/backend/index.ts': value }, []],
  ['media: sharp', { 'src/media/a.ts': importing('sharp') }, ['sharp']],
  [
    'backend/runtime: onnxruntime-node',
    { 'src/backend/runtime/a.ts': importing('onnxruntime-node') },
    ['onnxruntime-node'],
  ],
])('%s passes', (_, files, packages) => {
  expect(lint(project(files, packages))).toMatchObject({ status: 0 });
});

test('the sources obey the table and have no cycles', () => {
  expect(() => execFileSync(cruiser, ['src', '--config', config], { cwd: root })).not.toThrow();
});
