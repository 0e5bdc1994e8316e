/** `looksay classify`, `train video` and `evaluate video` as users call them. */
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mobilenetParameterShapes } from '../../src/models/mobilenet/index.js';
import { saveEncoder } from '../../src/tasks/encoder/index.js';
import { makeClip } from '../helpers/clips.js';
import { randomWeights, temporaryFolder, tinyEncoder } from '../helpers/tiny-captioner.js';
import { run, type Run } from './run.js';

const SMALL = ['--hidden-size', '8', '--projection-size', '8', '--frames', '4', '--batch-clips', '4', '--jitter', '1'];
const COLOURS = { red: ['red', 'darkred', 'crimson'], blue: ['blue', 'navy', 'royalblue'] };

let folder: string;
let data: string;
let encoder: string;
let checkpoint: string;

interface Line {
  readonly video?: string;
  readonly label?: string;
  readonly error?: string;
  readonly timeline?: readonly { readonly time: number; readonly label: string; readonly probability: number }[];
  readonly top?: readonly unknown[];
  readonly partial?: string;
}

const lines = (text: string): Line[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);

beforeAll(async () => {
  folder = await temporaryFolder();
  process.env['LOOKSAY_CACHE'] = join(folder, 'cache');
  data = join(folder, 'data');
  encoder = join(folder, 'encoder');
  checkpoint = join(folder, 'checkpoint');
  await saveEncoder(
    encoder,
    { config: tinyEncoder, weights: randomWeights(mobilenetParameterShapes(tinyEncoder), 3) },
    { source: { url: 'none', package: 'none', sha256: '' }, modelCard: 'random\n' },
  );
  for (const [label, colours] of Object.entries(COLOURS)) {
    mkdirSync(join(data, label), { recursive: true });
    colours.forEach((colour, index) =>
      makeClip(join(data, label, `${label}_g${index}.mp4`), { source: `color=${colour}:s=32x32:r=5:d=1` }),
    );
  }
  const { code, err } = await train(
    checkpoint,
    '--val',
    data,
    '--epochs',
    '30',
    '--patience',
    '30',
    '--learning-rate',
    '0.02',
    '--dropout',
    '0',
  );
  expect(code).toBe(0);
  expect(err).toMatch(/^warning: validation: expected other clips than training's, found 6 of both .*\n$/);
});

afterAll(async () => {
  delete process.env['LOOKSAY_CACHE'];
  await rm(folder, { recursive: true, force: true });
});

const train = (output: string, ...rest: string[]): Promise<Run> =>
  run([
    ...['train', 'video', '--data', data, '--group-pattern', 'g(\\d)', '--output', output, '--encoder', encoder],
    ...['--quiet', ...SMALL, ...rest],
  ]);

const classify = (...argv: string[]): Promise<Run> => run(['classify', '--checkpoint', checkpoint, '--quiet', ...argv]);

describe('looksay classify', () => {
  test('names what each clip of a folder shows, and when', async () => {
    const { code, out } = await classify(data, '--recursive', '--timeline', '--top', '1', '--format', 'jsonl');
    expect(code).toBe(0);
    const found = lines(out);
    expect(found).toHaveLength(6);
    for (const { video, label, timeline, top } of found) {
      expect(video).toContain(`${label}_g`);
      expect(top).toHaveLength(1);
      expect(timeline?.map(({ time }) => time)).toEqual([0, 0.2, 0.4, 0.6, 0.8]);
    }
  });

  test('goes on after files that are no clips, and says so by its exit code', async () => {
    const mixed = join(folder, 'mixed');
    mkdirSync(mixed);
    writeFileSync(join(mixed, '1 empty.mp4'), '');
    writeFileSync(join(mixed, '2 text.mp4'), 'hello');
    writeFileSync(join(mixed, '3 list.mp4'), '#EXTM3U\nhttp://127.0.0.1:9/x.ts\n');
    makeClip(join(mixed, '4 sound.mp4'), { source: 'sine=d=1', output: ['-c:a', 'aac'] });
    makeClip(join(mixed, "-5 it's “red” 😀.mp4"), { source: 'color=red:s=32x32:r=5:d=1' });
    const { code, out } = await classify(mixed, '--format', 'jsonl');
    expect(code).toBe(1);
    const byName = new Map(lines(out).map((line) => [line.video?.split('/').at(-1), line]));
    expect(byName.get('1 empty.mp4')?.error).toBe('is empty (0 bytes)');
    expect(byName.get('2 text.mp4')?.error).toBe('is text, no video');
    expect(byName.get('3 list.mp4')?.error).toContain('is a playlist');
    expect(byName.get('4 sound.mp4')?.error).toContain('audio only');
    expect(byName.get("-5 it's “red” 😀.mp4")?.label).toBe('red');
  });

  test('writes to a file, and with --skip-done leaves out what is there', async () => {
    const output = join(folder, 'out.csv');
    expect((await classify(join(data, 'red'), '--output', output)).code).toBe(0);
    const first = readFileSync(output, 'utf8');
    expect(first).toMatch(/^video,label,probability,error,timeline\n/);
    expect((await classify(join(data, 'red'), '--output', output)).code).toBe(2);
    const again = await classify(join(data, 'red'), join(data, 'blue'), '--output', output, '--skip-done');
    expect(again.code).toBe(0);
    expect(readFileSync(output, 'utf8').startsWith(first)).toBe(true);
    expect(readFileSync(output, 'utf8').split('\n')).toHaveLength(8);
  });

  test('says in one line of text what is seen when, and reads that again', async () => {
    const clip = join(data, 'red', 'red_g0.mp4');
    const { out } = await classify(clip, '--timeline');
    expect(out).toMatch(/^[^\t]+red_g0\.mp4\tred \d+\.\d %\t0\.0–0\.8 s {2}red\n$/);
    expect((await classify(clip)).out).toBe(out.slice(0, out.lastIndexOf('\t')) + '\n');
    const output = join(folder, 'timeline.txt');
    expect((await classify(clip, '--timeline', '--output', output)).code).toBe(0);
    expect((await classify(clip, '--timeline', '--output', output, '--skip-done')).code).toBe(0);
    expect(readFileSync(output, 'utf8')).toBe(out);
    const table = await classify(clip, '--timeline', '--format', 'csv');
    expect(table.out).toMatch(/red_g0\.mp4,red,\d\.\d+,,0\.0–0\.8 s {2}red\n$/);
  });

  test('speaks to people on a terminal', async () => {
    const argv = [
      'classify',
      '--checkpoint',
      checkpoint,
      join(data, 'red', 'red_g0.mp4'),
      '--timeline',
      '--windows',
      '2',
    ];
    const { out } = await run(argv, { isTTY: true });
    expect(out).toMatch(/red_g0\.mp4 {2}red \d+\.\d %\n +blue \d+\.\d %\n +\d\.\d–\d\.\d s {2}red\n$/);
  });

  test.each([
    [['--frames', '0'], '--frames'],
    [['--timeout', '-1'], '--timeout'],
    [['--skip-done'], '--output'],
    [['--frames', '99999'], 'at most 2048 (2048 are held in memory), got 99999 (lower --frames'],
    [['--frames', '2000', '--windows', '2'], 'got 4000: 2000 in each of 2 windows (lower --frames'],
  ])('%j exits with 2', async (argv, word) => {
    const { code, err, out } = await classify(join(data, 'red'), ...argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(word);
  });

  test('wants a classifier, not a captioner', async () => {
    const { code, err } = await run(['classify', data, '--checkpoint', encoder]);
    expect(code).toBe(1);
    expect(err).toContain('this is a encoder checkpoint, expected a video-classifier checkpoint');
  });
});

describe('looksay train video', () => {
  test('leaves a checkpoint with card, labels, settings and log', () => {
    for (const name of ['config.json', 'model.safetensors', 'labels.json', 'README.md', 'log.jsonl', 'settings.json']) {
      expect(existsSync(join(checkpoint, name)), name).toBe(true);
    }
    expect(JSON.parse(readFileSync(join(checkpoint, 'labels.json'), 'utf8'))).toEqual(['blue', 'red']);
  });

  test('trains once a fold, and gives the mean', async () => {
    const output = join(folder, 'folds');
    const { code, out } = await train(output, '--folds', '3', '--epochs', '1');
    expect(code).toBe(0);
    const results = lines(out) as unknown as { checkpoint?: string; folds?: number; top1: number }[];
    expect(results.map((result) => result.checkpoint)).toEqual([
      ...[1, 2, 3].map((fold) => join(output, `fold${fold}`)),
      undefined,
    ]);
    const mean = results.slice(0, 3).reduce((sum, { top1 }) => sum + top1 / 3, 0);
    expect(results[3]?.top1).toBeCloseTo(mean, 9);

    rmSync(join(output, 'fold2'), { recursive: true });
    const again = await train(output, '--folds', '3', '--epochs', '1', '--continue');
    expect(lines(again.out)).toEqual(lines(out));
  });

  test('says before anything is encoded that it is too many frames', async () => {
    const argv = ['train', 'video', '--data', data, '--encoder', encoder, '--output', join(folder, 'many')];
    const { code, err } = await run([...argv, '--frames', '1000']);
    expect(code).toBe(2);
    expect(err).toMatch(/^looksay: frames a clip: expected at most 2048 .*, got 3000 /m);
    expect(err).not.toContain('encoding');
  });

  test('takes lists', async () => {
    const list = join(folder, 'testlist01.txt');
    writeFileSync(list, 'red/red_g1.mp4 2\nblue/blue_g1.mp4 1\n');
    const { code, out } = await train(join(folder, 'list'), '--split', list, '--epochs', '1', '--order', 'none');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ ending: 'completed' });
    const settings = readFileSync(join(folder, 'list', 'settings.json'), 'utf8');
    expect(JSON.parse(settings)).toMatchObject({ clips: { train: 4, validation: 2 } });
  });

  test('one class is too few', async () => {
    const single = join(folder, 'single');
    mkdirSync(join(single, 'red'), { recursive: true });
    copyFileSync(join(data, 'red', 'red_g0.mp4'), join(single, 'red', 'red_g0.mp4'));
    const { code, out, err } = await run(['train', 'video', '--data', single, '--output', join(folder, 'wrong')]);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toContain('expected clips of two classes or more, found one class (red)');
  });

  test('a class folder without clips, and a clip that is none, are left out', async () => {
    const mixed = join(folder, 'mixed');
    cpSync(data, mixed, { recursive: true });
    mkdirSync(join(mixed, 'empty'));
    writeFileSync(join(mixed, 'red', 'broken.mp4'), '');
    const { code, err } = await run([
      'train',
      'video',
      '--data',
      mixed,
      '--encoder',
      encoder,
      '--output',
      join(folder, 'left'),
      ...SMALL,
      '--epochs',
      '1',
    ]);
    expect(code).toBe(0);
    expect(err).toContain('empty: is a class folder without clips');
    expect(err).toMatch(/broken\.mp4: is empty \(0 bytes\); left out/);
  });

  test.each([
    [['--last-block', 'nowhere'], 'lastBlock'],
    [['--frame-size', '8'], 'inputSize'],
    [['--val-groups', '9'], 'no clip is of group "9"'],
    [['--val-groups', '1', '--folds', '2'], '--val-groups and --folds'],
    [['--val-fraction', '0.9'], '--val-fraction'],
    [['--jitter', '2'], '--jitter'],
    [['--pooling', 'sum'], 'max'],
    [['--fine-tune-from', 'nowhere'], 'nowhere'],
  ])('%j exits with 2', async (argv, word) => {
    const { code, err, out } = await train(
      join(folder, 'wrong'),
      // What is wrong with these is seen once there are a model and data.
      ...(['--fine-tune-from', '--last-block', '--frame-size'].includes(argv[0] ?? '') ? ['--folds', '2'] : []),
      ...argv,
    );
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(word);
    expect(existsSync(join(folder, 'wrong'))).toBe(false);
  });
});

describe('looksay evaluate video', () => {
  const evaluate = (...argv: string[]): Promise<Run> =>
    run(['evaluate', 'video', '--checkpoint', checkpoint, '--data', data, '--quiet', ...argv]);

  test('gives tables', async () => {
    const { code, out } = await evaluate();
    expect(code).toBe(0);
    expect(out).toContain('on 6 clips');
    expect(out).toContain('this classifier');
    expect(out).toContain('the average of what it says after each frame');
    expect(out).toMatch(/3 {2}0 {2}0 blue\n/);
  });

  test('gives JSON, of chosen groups', async () => {
    const { code, out } = await evaluate('--format', 'json', '--group-pattern', 'g(\\d)', '--groups', '0,2');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ clips: 4, labels: ['blue', 'red'], scores: { top1: 1, top5: 1 } });
  });

  test('names the option whose groups are not there', async () => {
    const { code, err } = await evaluate('--group-pattern', 'g(\\d)', '--groups', '0,9');
    expect(code).toBe(2);
    expect(err).toContain('looksay: --groups: no clip is of group "9" (groups: 0, 1, 2)');
  });

  test('names clips that cannot be decoded, and scores the others', async () => {
    const broken = join(data, 'red', 'red_g3.mp4');
    writeFileSync(broken, 'no clip');
    const { code, out, err } = await evaluate('--format', 'json');
    const table = await evaluate();
    rmSync(broken);
    expect(code).toBe(1);
    expect(err).toContain(`warning: ${broken}: `);
    const failures = [{ video: broken, error: expect.stringMatching(/\w/) as string }];
    expect(JSON.parse(out)).toMatchObject({ clips: 6, failed: 1, failures });
    expect(table.out).toContain('on 6 clips (1 failed)');
  });
});
