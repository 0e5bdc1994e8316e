import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const cruiser = join(root, 'node_modules/.bin/depcruise');
const config = join(root, '.dependency-cruiser.cjs');

/** A project of two files, the second of which is imported by the first. */
function project(from: string, to: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'looksay-imports-'));
  for (const path of [from, to]) mkdirSync(join(folder, path, '..'), { recursive: true });
  writeFileSync(join(folder, 'tsconfig.json'), '{"compilerOptions":{"module":"NodeNext"}}');
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, to), 'export const value = 1;\n');
  const relative = `${'../'.repeat(from.split('/').length - 1)}${to}`;
  writeFileSync(
    join(folder, from),
    `import { value } from '${relative.replace('.ts', '.js')}';\nconsole.log(value);\n`,
  );
  return folder;
}

const lint = (folder: string): { status: number | null; stdout: string } =>
  spawnSync(cruiser, ['src', '--config', config], { cwd: folder, encoding: 'utf8' });

test('a folder that imports what stands below it is refused', () => {
  const { status, stdout } = lint(project('src/models/a.ts', 'src/tasks/b.ts'));
  expect(stdout).toContain('models-imports');
  expect(status).not.toBe(0);
});

test('a folder that imports what stands above it passes', () => {
  expect(lint(project('src/tasks/a.ts', 'src/models/b.ts')).status).toBe(0);
});

test('the sources obey the table and have no cycles', () => {
  expect(() => execFileSync(cruiser, ['src', '--config', config], { cwd: root })).not.toThrow();
});
