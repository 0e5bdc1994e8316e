/** The scripts that train go on where they were stopped: with which training, and with none that has not begun. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const scripts = fileURLToPath(new URL('../../scripts', import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'looksay-stages-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(process.platform === 'win32')('train', () => {
  /** What `train`, told so, hands on to looksay. */
  const handedOn = (...words: readonly string[]): string => {
    const program = 'source "$0"; looksay() { echo "$*"; }; train "$@"';
    const args = ['-euo', 'pipefail', '-c', program, join(scripts, 'training-stages.sh'), ...words];
    const { status, stdout, stderr } = spawnSync('bash', args, { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    return stdout.trimEnd();
  };

  test.each(['training.json', 'progress.json', 'stages'])('goes on in a folder with %s', (name) => {
    const output = join(folder, `begun-${name}`);
    mkdirSync(output);
    if (name === 'stages') mkdirSync(join(output, name));
    else writeFileSync(join(output, name), '{}');
    expect(handedOn('text', '--output', output, '--text', 'a b')).toBe(
      `train text --output ${output} --text a b --continue`,
    );
  });

  test('begins in a folder without a training, and in none', () => {
    mkdirSync(join(folder, 'empty'));
    for (const name of ['empty', 'none']) {
      const words = ['words', '--text', 'x', '--output', join(folder, name)];
      expect(handedOn(...words)).toBe(`train ${words.join(' ')}`);
    }
  });
});

test('no script trains otherwise', () => {
  const names = readdirSync(scripts).filter((name) => /^train-.*\.sh$/.test(name));
  expect(names.length).toBeGreaterThan(5);
  for (const name of names) {
    const text = readFileSync(join(scripts, name), 'utf8');
    expect(text, name).toContain('source "$(dirname "$0")/training-stages.sh"\n');
    expect(text, name).not.toMatch(/^[^#]*(looksay|main(\.js)?"?) train /m);
  }
});
