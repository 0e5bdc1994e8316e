/** The scripts that train: what they say without arguments, and that they go on where they were stopped. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const scripts = fileURLToPath(new URL('../../scripts', import.meta.url));
const trainingScripts = readdirSync(scripts).filter((name) => /^train-.*\.sh$/.test(name));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'looksay-stages-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(process.platform === 'win32')('without their arguments they say what those are', () => {
  for (const name of trainingScripts) {
    for (const args of [[], ['--help'], ['one']]) {
      const { status, stdout, stderr } = spawnSync(join(scripts, name), args, { encoding: 'utf8' });
      expect({ name, status, stdout }).toEqual({ name, status: 2, stdout: '' });
      expect(stderr).toContain(` && scripts/${name} `);
      expect(stderr).not.toContain('pipefail');
    }
  }
  const needs = (...words: readonly string[]): number | null =>
    spawnSync('bash', ['-c', 'source "$0"; needs 2 "$@"', join(scripts, 'training-stages.sh'), ...words]).status;
  expect([needs('a'), needs('a', 'b'), needs('a', 'b', 'c')]).toEqual([2, 0, 0]);
});

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
  expect(trainingScripts.length).toBeGreaterThan(5);
  for (const name of trainingScripts) {
    const text = readFileSync(join(scripts, name), 'utf8');
    expect(text, name).toContain('source "$(dirname "$0")/training-stages.sh"\n');
    expect(text, name).not.toMatch(/^[^#]*(looksay|main(\.js)?"?) train /m);
  }
});
