/** Layouts of labelled clips, and that no recording is on both sides of a split. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  groupBy,
  type LabelledClip,
  readClips,
  splitByFold,
  splitByFraction,
  splitByNames,
} from '../../src/datasets/clips/index.js';
import { NOT_UTF8 } from '../../src/text/encoding.js';
import { temporaryFolder } from '../helpers/tiny-captioner.js';

let folder: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  for (const path of ['ucf/Run/v_Run_g01_c01.avi', 'ucf/Run/v_Run_g02_c01.avi', 'ucf/Jump/v_Jump_g01_c01.avi', 'ucf/Jump/deep/a, b.mp4', 'ucf/Jump/notes.txt', 'ucf/Empty/readme.md']) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), 'x');
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const written = (name: string, text: string | Uint8Array): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe('readers', () => {
  test('a folder a class; a class without clips is reported and left out', () => {
    const { clips, labels, problems } = readClips(join(folder, 'ucf'));
    expect(labels).toEqual(['Jump', 'Run']);
    expect(clips.map(({ label }) => label)).toEqual(['Jump', 'Jump', 'Run', 'Run']);
    expect(problems).toEqual([expect.stringContaining('Empty: is a class folder without clips')]);
  });

  test('lists of UCF101, with numbers and without', () => {
    const train = written('trainlist01.txt', 'Run/v_Run_g02_c01.avi 2\r\nJump/v_Jump_g01_c01.avi 1\r\n');
    const test = written('testlist01.txt', 'Run/v_Run_g01_c01.avi\nRun/gone.avi\n');
    expect(readClips(train, join(folder, 'ucf')).clips).toHaveLength(2);
    const { clips, problems } = readClips(test, join(folder, 'ucf'));
    expect(clips).toEqual([{ path: join(folder, 'ucf/Run/v_Run_g01_c01.avi'), label: 'Run' }]);
    expect(problems).toEqual([expect.stringContaining('testlist01.txt:2')]);
  });

  test('CSV with and without a header', () => {
    const rows = '"Jump/deep/a, b.mp4",jump high\nRun/v_Run_g01_c01.avi,run\n';
    for (const text of [rows, `path,label\n${rows}`]) {
      const { clips, labels } = readClips(written('clips.csv', text), join(folder, 'ucf'));
      expect(clips.map(({ label }) => label)).toEqual(['jump high', 'run']);
      expect(labels).toEqual(['jump high', 'run']);
    }
    const { problems } = readClips(written('latin1.csv', Buffer.from('Run/v_Run_g01_c01.avi,caf\u00e9\n', 'latin1')), join(folder, 'ucf'));
    expect(problems).toEqual([`${join(folder, 'latin1.csv')}:1: ${NOT_UTF8} (such texts: 1)`]);
    expect(() => readClips(written('bad.csv', 'a.mp4,run\nb.mp4\n'))).toThrow('bad.csv:2: expected 2 columns');
  });

  test('links are followed, but not back to the folder of the classes', () => {
    for (const path of ['followed/Run', 'elsewhere/more']) mkdirSync(join(folder, path), { recursive: true });
    for (const path of ['followed/Run/a.avi', 'elsewhere/b.avi', 'elsewhere/more/c.avi']) {
      writeFileSync(join(folder, path), 'x');
    }
    symlinkSync('../../elsewhere', join(folder, 'followed/Run/others'));
    symlinkSync('..', join(folder, 'followed/Run/up'));
    symlinkSync('.', join(folder, 'followed/Itself'));
    const { clips, problems } = readClips(join(folder, 'followed'));
    expect(clips.map(({ path }) => relative(join(folder, 'followed'), path))).toEqual([
      'Run/a.avi',
      'Run/others/b.avi',
      'Run/others/more/c.avi',
    ]);
    expect(problems).toEqual([expect.stringContaining('Itself: is a class folder without clips')]);
  });

  test('links that lead nowhere are left out and told of', () => {
    mkdirSync(join(folder, 'links/Run'), { recursive: true });
    writeFileSync(join(folder, 'links/Run/a.avi'), 'x');
    symlinkSync(join(folder, 'gone'), join(folder, 'links/Jump'));
    symlinkSync(join(folder, 'links/Loop'), join(folder, 'links/Loop'));
    const { labels, problems } = readClips(join(folder, 'links'));
    expect(labels).toEqual(['Run']);
    expect(problems).toEqual([
      `${join(folder, 'links/Jump')}: no such file; left out`,
      `${join(folder, 'links/Loop')}: is a symbolic link that leads back to itself; left out`,
    ]);
  });

  test('a clip, or another file that is no text, is no list', () => {
    expect(() => readClips(written('one.mp4', 'x'))).toThrow('one.mp4: is no list of clips');
    expect(() => readClips(written('list.csv', 'a"\u0000b,c\n'))).toThrow('list.csv: is no list of clips');
  });

  test('nothing there', () => {
    expect(() => readClips(join(folder, 'none'))).toThrow('no such file');
    mkdirSync(join(folder, 'bare'), { recursive: true });
    expect(() => readClips(join(folder, 'bare'))).toThrow('found no clip');
  });
});

describe('splits', () => {
  const clip = (label: string, group: number, number: number): LabelledClip => ({
    path: `d/${label}/v_${label}_g${String(group).padStart(2, '0')}_c${number}.avi`,
    label,
  });
  const sets = fc
    .array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 12 }), fc.nat(3)), { minLength: 1 })
    .map((rows) => rows.map(([label, group, number]) => clip(label, group, number)));

  test('groups are never on both sides, folds cover all clips once', () => {
    const groupOf = groupBy('g(\\d+)', []);
    fc.assert(
      fc.property(sets, fc.integer({ min: 2, max: 5 }), fc.nat(), (clips, folds, seed) => {
        if (new Set(clips.map(groupOf)).size < folds) {
          expect(() => splitByFold(clips, groupOf, { fold: 0, folds, seed })).toThrow('cannot be split');
          return;
        }
        let seen = 0;
        for (let fold = 0; fold < folds; fold++) {
          const { train, validation } = splitByFold(clips, groupOf, { fold, folds, seed });
          const groups = new Set(train.map(groupOf));
          expect(validation.some((own) => groups.has(groupOf(own)))).toBe(false);
          expect(validation.length).toBeGreaterThan(0);
          seen += validation.length;
        }
        expect(seen).toBe(clips.length);
      }),
    );
  });

  test('a fraction, and groups by name', () => {
    const clips = Array.from({ length: 100 }, (_, i) => clip(i % 2 === 0 ? 'a' : 'b', i >> 2, i));
    const { validation } = splitByFraction(clips, groupBy('g(\\d+)', clips), { fraction: 0.2, seed: 1 });
    expect(Math.abs(validation.length - 20)).toBeLessThanOrEqual(4);
    const byName = (...names: string[]): ReturnType<typeof splitByNames> =>
      splitByNames(clips, groupBy('g(\\d+)', clips), { names, option: '--groups' });
    expect(byName('03', '24').validation).toHaveLength(8);
    expect(() => byName('99')).toThrow('--groups: no clip is of group "99" (groups: 00, 01,');
    const alone = { names: ['1'], option: '--groups' };
    expect(() => splitByNames(clips, groupBy(undefined, clips), alone)).toThrow('(groups: none, --group-pattern');
  });

  test('a fraction of a few clips holds out one, of one nothing', () => {
    for (const count of [2, 3, 4]) {
      const few = Array.from({ length: count }, (_, i) => clip(i % 2 === 0 ? 'a' : 'b', i, i));
      const { train, validation } = splitByFraction(few, groupBy(undefined, few), { fraction: 0.2, seed: 1 });
      expect([train.length, validation.length]).toEqual([count - 1, 1]);
    }
    const one = [clip('a', 0, 0)];
    expect(() => splitByFraction(one, groupBy(undefined, one), { fraction: 0.2, seed: 1 })).toThrow(
      '1 group of clips cannot be split into 2 parts',
    );
  });

  test('patterns are checked', () => {
    expect(() => groupBy('g(\\d+', [])).toThrow('--group-pattern');
    expect(() => groupBy('g\\d+', [])).toThrow('parentheses');
    expect(groupBy('^...(.)', [])({ path: 'd/bbal6n.mp4', label: 'now' })).toBe('l');
    expect(groupBy('(\\d+)\\d\\.', [])({ path: 'd/nofi123.mp4', label: 'now' })).toBe('12');
    const clips = [clip('a', 3, 1), clip('b', 4, 2)];
    expect(() => groupBy('group(\\d+)', clips)).toThrow('matches no name of a clip (such as v_a_g03_c1.avi)');
    expect(groupBy('g(03)', clips)(clips[0] as LabelledClip)).toBe('03');
  });
});
