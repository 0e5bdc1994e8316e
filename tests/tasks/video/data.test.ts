/** Which clips are trained and validated on, however the sides are named. */
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ClipDataOptions, readClipData } from '../../../src/tasks/video/data.js';
import { temporaryFolder } from '../../helpers/tiny-captioner.js';

const CLIPS = ['Run/run_g01.avi', 'Run/run_g02.avi', 'Jump/jump_g01.avi', 'Jump/jump_g02.avi'];

let folder: string;

const at = (...names: readonly string[]): string => join(folder, ...names);

function makeData(name: string, clips: readonly string[]): string {
  for (const clip of clips) {
    mkdirSync(at(name, clip, '..'), { recursive: true });
    writeFileSync(at(name, clip), 'x');
  }
  return at(name);
}

beforeAll(async () => {
  folder = await temporaryFolder();
  makeData('clips', CLIPS);
  writeFileSync(at('clips', 'all.csv'), CLIPS.map((clip) => `${clip},${clip.slice(0, 1)}\n`).join(''));
  writeFileSync(at('val.txt'), 'Run/run_g02.avi\nJump/jump_g02.avi\n');
});

afterAll(() => rm(folder, { recursive: true, force: true }));

type Names = Readonly<Record<'train' | 'validation', readonly string[]>>;

function split(options: Omit<ClipDataOptions, 'seed'>): Names {
  const { train, validation } = readClipData({ seed: 1, ...options });
  const names = (clips: typeof train): readonly string[] => clips.map(({ path }) => basename(path)).sort();
  return { train: names(train), validation: names(validation) };
}

const said = (): string =>
  vi
    .mocked(process.stderr.write)
    .mock.calls.map(([text]) => String(text))
    .join('');

beforeEach(() => {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
});

afterEach(() => {
  vi.restoreAllMocks();
});

test('says that clips of one recording may be on both sides, where nothing tells and nobody chose the sides', () => {
  const hint = 'clips are split one by one';
  split({ data: at('clips'), validation: { kind: 'fraction', fraction: 0.5 }, groupPattern: 'g(\\d+)' });
  split({ data: at('clips'), validation: { kind: 'list', list: at('val.txt') } });
  expect(said()).not.toContain(hint);
  split({ data: at('clips'), validation: { kind: 'fraction', fraction: 0.5 } });
  expect(said()).toContain(`${hint}: where several were cut from one recording, scores say little of others (--group-`);
});

describe('clips on both sides', () => {
  const validate = (source: string, groupPattern?: string): Names =>
    split({
      data: at('clips'),
      validation: { kind: 'source', source },
      ...(groupPattern === undefined ? {} : { groupPattern }),
    });

  test('are warned of, by whatever path they are reached', () => {
    symlinkSync(at('clips'), at('linked'));
    const nowhere = at('clips', 'Run', 'gone.avi');
    symlinkSync(at('gone.avi'), nowhere);
    for (const source of [at('clips'), at('linked')]) validate(source);
    rmSync(nowhere);
    expect(said().match(/expected other clips than training's, found [45] of both/g)).toHaveLength(2);
  });

  test('that others were recorded with are warned of where groups are known', () => {
    const other = makeData('other', ['Run/also_g02.avi', 'Run/also_g03.avi']);
    validate(other);
    expect(said()).toBe('');
    validate(other, 'g(\\d+)');
    expect(said()).toContain("expected other groups than training's, found 1 of both (such as 02)");
  });
});

test.each([
  ['a folder', () => at('clips')],
  ['a relative folder', () => relative(process.cwd(), at('clips'))],
  ['a CSV', () => at('clips', 'all.csv')],
  ['a relative CSV', () => relative(process.cwd(), at('clips', 'all.csv'))],
])('a list of what to validate on divides the clips of %s', (_, data) => {
  expect(split({ data: data(), validation: { kind: 'list', list: at('val.txt') } })).toEqual({
    train: ['jump_g01.avi', 'run_g01.avi'],
    validation: ['jump_g02.avi', 'run_g02.avi'],
  });
});
