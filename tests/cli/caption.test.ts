/** `looksay caption`: which files are captioned, in which order, and what is said of those that cannot be. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import stringWidth from 'string-width';
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { saveTinyCaptioner, temporaryFolder, writePicture } from '../helpers/tiny-captioner.js';
import { jsonLines, run, type Run } from './run.js';

let checkpoint: string;
let folder: string;

beforeAll(async () => {
  checkpoint = await saveTinyCaptioner();
});

beforeEach(async () => {
  folder = await temporaryFolder();
  await writePicture(join(folder, 'a.png'), 'red');
  await writePicture(join(folder, 'b.png'), 'green');
  await writePicture(join(folder, 'c.png'), 'blue');
});

const caption = (...rest: string[]): Promise<Run> =>
  run([
    'caption',
    '--checkpoint',
    checkpoint,
    ...(rest.includes('--beam-width') ? [] : ['--beam-width', '2']),
    ...rest,
  ]);

describe('what is captioned', () => {
  test('a folder gives a line an image, in order, with log-probabilities', async () => {
    const { code, out } = await caption(folder, '--format', 'jsonl');
    expect(code).toBe(0);
    const lines = jsonLines(out);
    expect(lines.map(({ image }) => image)).toEqual(['a.png', 'b.png', 'c.png'].map((name) => join(folder, name)));
    for (const line of lines) {
      expect(line.caption).toMatch(/\.$/);
      expect((line as unknown as { logProbability: number }).logProbability).toBeLessThan(0);
    }
  });

  test('the batch size changes no caption', async () => {
    const one = await caption(folder, '--format', 'jsonl', '--batch-size', '1');
    const many = await caption(folder, '--format', 'jsonl', '--batch-size', '8');
    const captions = (text: string): unknown[] => jsonLines(text).map((line) => line.caption);
    expect(captions(one.out)).toEqual(captions(many.out));
  });

  test('candidates come best first', async () => {
    const { out } = await caption(join(folder, 'a.png'), '--format', 'jsonl', '--candidates', '2');
    const [line] = jsonLines(out) as unknown as { caption: string; candidates: { caption: string }[] }[];
    expect(line?.candidates).toHaveLength(2);
    const { out: text } = await caption(join(folder, 'a.png'), '--candidates', '2');
    expect(text.trimEnd().split('\t').slice(1)).toEqual(line?.candidates.map((candidate) => candidate.caption));
    expect(line?.candidates[0]?.caption).toBe(line?.caption);
  });

  test('candidates have columns of their own in CSV, empty where there is an error', async () => {
    const [path, missing] = [join(folder, 'a.png'), join(folder, 'missing.png')];
    const { out: lines } = await caption(path, '--format', 'jsonl', '--candidates', '2');
    const { candidates } = JSON.parse(lines) as { candidates: { caption: string; logProbability: number }[] };
    const cells = candidates.flatMap(({ caption: text, logProbability }) => [text, String(logProbability)]);
    const output = join(folder, 'candidates.csv');
    const argv = [path, missing, '--candidates', '2', '--output', output];
    expect((await caption(...argv)).code).toBe(1);
    const whole = await readFile(output, 'utf8');
    const [header, first, second] = parse(whole);
    expect(header).toEqual(['image', 'caption', 'logProbability', 'caption2', 'logProbability2', 'error']);
    expect(first).toEqual([path, ...cells, '']);
    expect(second).toEqual([missing, '', '', '', '', 'no such file']);
    expect((await caption(...argv, '--skip-done')).code).toBe(1);
    expect(await readFile(output, 'utf8')).toBe(whole);
    const one = await caption(path, '--output', output, '--skip-done');
    expect(one.code).toBe(2);
    expect(one.err).toContain('image,caption,logProbability,error (');
  });

  test('--choice mbr chooses among all that were found, and gives as many as asked for', async () => {
    const found = async (...rest: string[]): Promise<string[]> => {
      const { code, out } = await caption(join(folder, 'a.png'), '--format', 'jsonl', '--beam-width', '6', ...rest);
      expect(code).toBe(0);
      const [line] = jsonLines(out) as unknown as { caption: string; candidates?: { caption: string }[] }[];
      return line?.candidates?.map((candidate) => candidate.caption) ?? [line?.caption ?? ''];
    };
    const all = await found('--candidates', '6');
    const [first, ...others] = await found('--candidates', '3', '--choice', 'mbr');
    expect(others).toHaveLength(2);
    for (const text of [first, ...others]) expect(all).toContain(text);
    expect(await found('--choice', 'mbr')).toEqual([first]);
  });

  test('--consensus: what was said of photos that look alike has a say', async () => {
    const captions = join(folder, 'captions.csv');
    await writeFile(captions, 'image,caption\na.png,A dog.\nb.png,A cat.\nc.png,A dog and a cat.\n');
    process.env['LOOKSAY_CACHE'] = join(folder, 'cache');
    const source = `images=${folder},captions=${captions}`;
    const { code, out } = await caption('--format', 'jsonl', '--consensus-photos', '2', '--consensus', source, folder);
    delete process.env['LOOKSAY_CACHE'];
    expect(code).toBe(0);
    expect(jsonLines(out)).toHaveLength(3);
    for (const line of jsonLines(out)) expect(Object.keys(line)).toEqual(['image', 'caption', 'logProbability']);
    expect(existsSync(join(folder, 'cache'))).toBe(true);
  });

  test('the same file twice gives one line, whatever it is called', async () => {
    await symlink(join(folder, 'a.png'), join(folder, 'z.png'));
    const { out } = await caption(join(folder, 'a.png'), folder, join(folder, 'z.png'), '--format', 'jsonl');
    expect(jsonLines(out)).toHaveLength(3);
  });

  test('names with spaces, quotes, line breaks and emoji', async () => {
    const names = ['a b.png', 'quo"te\'s.png', 'line\nbreak.png', '🐶.png'];
    for (const name of names) await writePicture(join(folder, name), 'white');
    const { code, out } = await caption(...names.map((name) => join(folder, name)), '--format', 'jsonl');
    expect(code).toBe(0);
    expect(jsonLines(out).map(({ image }) => image)).toEqual(names.map((name) => join(folder, name)));
    const csv = await caption(...names.map((name) => join(folder, name)), '--format', 'csv');
    expect(csv.out).toContain('"line\nbreak.png"'.replace('"line', `"${folder}/line`));
    const text = await caption(...names.map((name) => join(folder, name)));
    expect(text.out.trimEnd().split('\n')).toHaveLength(4);
  });

  test('on a terminal, captions begin in one column and candidates below each other', async () => {
    await writePicture(join(folder, '犬.png'), 'white');
    await writeFile(join(folder, 'zz.png'), '');
    // By a short path: names of more than 48 columns are not aligned.
    const before = process.cwd();
    process.chdir(folder);
    onTestFinished(() => process.chdir(before));
    const argv = ['caption', '.', '--checkpoint', checkpoint, '--beam-width', '2', '--quiet'];
    const { out } = await run(argv, { isTTY: true });
    const column = stringWidth('犬.png') + 2;
    const lines = out.trimEnd().split('\n');
    expect(lines).toHaveLength(5);
    for (const line of lines) {
      const name = /^\S+ +/.exec(line)?.[0] ?? '';
      expect(stringWidth(name)).toBe(column);
    }
    expect(lines.find((line) => line.includes('zz.png'))).toContain('error: ');
    const several = await run([...argv, '--candidates', '2'], { isTTY: true });
    expect(several.out.split('\n')[1]).toMatch(/^ +-\d+\.\d\d {2}\S/);
  });

  test('a list on stdin', async () => {
    const { out } = await run(['caption', '-', '--checkpoint', checkpoint, '--format', 'jsonl'], {
      stdin: [`${join(folder, 'b.png')}\n`, `${join(folder, 'a.png')}\n`],
    });
    expect(jsonLines(out).map(({ image }) => image)).toEqual([join(folder, 'b.png'), join(folder, 'a.png')]);
  });
});

test('what follows -- is a path, even if it looks like an option', async () => {
  const { code, out } = await caption(join(folder, 'a.png'), '--', '-b.png');
  expect(code).toBe(1);
  expect(out).toContain('a.png\t');
  expect(out).toContain('./-b.png\terror: no such file');
});

describe('bad images', () => {
  test('a truncated one, an empty one and a mislabelled one give error lines; the rest is captioned', async () => {
    await writeFile(join(folder, 'empty.jpg'), '');
    await writeFile(join(folder, 'text.jpg'), 'this is no picture');
    await truncate(join(folder, 'b.png'), 80);
    const { code, out } = await caption(folder, '--format', 'jsonl');
    expect(code).toBe(1);
    const lines = jsonLines(out);
    expect(lines).toHaveLength(5);
    expect(lines.filter(({ error }) => error !== undefined).map(({ image }) => image.slice(folder.length + 1))).toEqual(
      ['b.png', 'empty.jpg', 'text.jpg'],
    );
    expect(lines.filter((line) => line.caption !== undefined)).toHaveLength(2);
  });

  test('one pixel is a picture; too many are refused with their size', async () => {
    await writePicture(join(folder, 'one.png'), 'red', 1);
    expect((await caption(join(folder, 'one.png'))).code).toBe(0);
    const { code, out } = await caption(join(folder, 'a.png'), '--limit-pixels', '100', '--format', 'jsonl');
    expect(code).toBe(1);
    expect(jsonLines(out)[0]?.error).toContain('40 x 40');
  });

  test('a folder without images, a missing file and a link to itself', async () => {
    const empty = join(folder, 'empty');
    await mkdir(empty);
    await symlink('loop.png', join(folder, 'loop.png'));
    for (const path of [empty, join(folder, 'missing.png'), join(folder, 'loop.png')]) {
      const { code, out } = await caption(path, join(folder, 'a.png'), '--format', 'jsonl');
      expect(code).toBe(1);
      expect(jsonLines(out)[0]?.error).toBeTruthy();
      expect(jsonLines(out)[1]?.caption).toBeTruthy();
    }
  });
});

describe('wrong usage', () => {
  test.each([
    [['caption'], 'paths'],
    [['words', 'similar', '--vectors', 'x'], 'name the words'],
    [['caption', 'x', '--beam-width'], '--beam-width: needs a value'],
    [['caption', 'x', '--beam-width', 'five'], '--beam-width: expected a number, got "five"'],
    [['caption', 'x', '--length-penalty=high'], '--length-penalty: expected a number, got "high"'],
    [['caption', 'x', '--beam-width', '0'], '--beam-width'],
    [['caption', 'x', '--distinct-ngrams', '-1'], '--distinct-ngrams: expected a whole number from 0 on, got -1'],
    [['caption', 'x', '--novelty-penalty', '-1'], '--novelty-penalty: expected a number from 0 on, got -1'],
    [['caption', 'x', '--candidates', '9', '--beam-width', '2'], '--candidates'],
    [['caption', 'tests', '--beam-width', '5', '--beam-groups', '2'], 'groups'],
    [['caption', 'x', '--choice', 'best'], 'choice'],
    [['caption', 'x', '--consensus', 'photos'], '--consensus photos: expected images=DIR'],
    [['caption', 'x', '--consensus-photos', '0'], '--consensus-photos: expected a whole number from 1 on, got 0'],
    [['caption', 'x', '--consensus-weight', '-1'], 'weight'],
    [['caption', 'x', '--skip-done'], '--skip-done'],
    [['caption', 'x', '--unknown'], 'unknown'],
    [['caption', 'x', '--backend', 'cpu', '--device', 'cuda'], '--device'],
    [['caption', 'x', '--format', 'csv', '--format', 'text'], '--format'],
    [['caption', 'x', '--checkpoint', 'a', '--checkpoint', 'b'], '--checkpoint'],
    [['caption', 'x', '--backend', 'cpu', '--threads', '2'], '--threads'],
    [['caption', 'x', '--threads', '0'], '--threads'],
    [['caption', 'x', '--format', 'xml'], 'xml'],
    [['nonsense'], 'looksay'],
    [[], 'name a command'],
  ])('%j exits with 2', async (argv, word) => {
    const { code, err, out } = await run(argv as string[]);
    expect(code).toBe(2);
    expect(err).toContain(word);
    expect(out).toBe('');
  });
});

describe('checkpoints', () => {
  test('a missing one', async () => {
    const { code, err } = await run(['caption', folder, '--checkpoint', join(folder, 'nowhere')]);
    expect(code).toBe(1);
    expect(err).toContain('no such checkpoint');
  });

  test('a truncated one, one of another task, a newer one', async () => {
    const broken = await saveTinyCaptioner();
    await truncate(join(broken, 'model.safetensors'), 5000);
    expect((await run(['caption', folder, '--checkpoint', broken])).code).toBe(1);
    const other = await saveTinyCaptioner();
    const config = JSON.parse(await readFile(join(other, 'config.json'), 'utf8')) as Record<string, unknown>;
    await writeFile(join(other, 'config.json'), JSON.stringify({ ...config, task: 'sentiment' }));
    expect((await run(['caption', folder, '--checkpoint', other])).err).toContain('expected a captioner checkpoint');
    await writeFile(join(other, 'config.json'), JSON.stringify({ ...config, formatVersion: 99 }));
    expect((await run(['caption', folder, '--checkpoint', other])).err).toContain('newer format');
  });
});
