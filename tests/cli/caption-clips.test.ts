/** Captioners of clips as users train, score and use them: `--frames` makes one of `looksay train caption`. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mobilenetParameterShapes } from '../../src/models/mobilenet/index.js';
import { saveEncoder } from '../../src/tasks/encoder/index.js';
import { loadCaptioner } from '../../src/tasks/caption/predict.js';
import { loadClipCaptioner } from '../../src/tasks/caption/predict-clips.js';
import { loadCaptionModel } from '../../src/tasks/caption/model.js';
import { makeClip } from '../helpers/clips.js';
import { randomWeights, saveTinyCaptioner, temporaryFolder, tinyEncoder } from '../helpers/tiny-captioner.js';
import { run } from './run.js';

/** The colour that comes first is followed by the other one: the same frames in another order. */
const TURNS = [
  ['red', 'blue'],
  ['blue', 'red'],
] as const;
const CUTS = [4, 5, 6, 7];
const CLIPS = TURNS.length * CUTS.length;

let folder: string;
let clips: string;
let encoder: string;
let checkpoint: string;

const said = (out: string): Record<string, unknown>[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const train = (...argv: string[]): ReturnType<typeof run> =>
  run([
    ...['train', 'caption', '--images', clips, '--captions', join(folder, 'all.csv'), '--encoder', encoder],
    ...['--val-source', `images=${join(folder, 'copy')},captions=${join(folder, 'all.csv')}`],
    ...[
      '--frames',
      '12',
      '--motion',
      '--cell',
      'gru',
      '--hidden-size',
      '24',
      '--projection-size',
      '24',
      '--embedding-size',
      '8',
    ],
    ...[
      '--min-count',
      '1',
      '--dropout',
      '0',
      '--label-smoothing',
      '0',
      '--captions-per-image',
      '1',
      '--quiet',
      ...argv,
    ],
  ]);

beforeAll(async () => {
  folder = await temporaryFolder();
  process.env['LOOKSAY_CACHE'] = join(folder, 'cache');
  clips = join(folder, 'clips');
  encoder = join(folder, 'encoder');
  checkpoint = join(folder, 'checkpoint');
  await saveEncoder(
    encoder,
    { config: tinyEncoder, weights: randomWeights(mobilenetParameterShapes(tinyEncoder), 3) },
    { source: { url: 'none', package: 'none', sha256: '' }, modelCard: 'random\n' },
  );
  const lines = ['clip,caption'];
  for (const directory of ['clips', 'copy']) mkdirSync(join(folder, directory));
  for (const [first, second] of TURNS) {
    for (const cut of CUTS) {
      const colour = (name: string, tenths: number): string => `color=${name}:s=32x32:r=8:d=0.${tenths}`;
      const input = ['-f', 'lavfi', '-i', colour(second, 12 - cut)];
      const output = ['-filter_complex', '[0:v][1:v]concat=n=2[o]', '-map', '[o]', '-c:v', 'ffv1'];
      for (const directory of ['clips', 'copy'])
        makeClip(join(folder, directory, `${first}${cut}.mkv`), { source: colour(first, cut), input, output });
      lines.push(`${first}${cut}.mkv,"${first} turns ${second}"`);
    }
  }
  writeFileSync(join(folder, 'all.csv'), `${lines.join('\n')}\n`);
  const { code, err } = await train(
    ...[
      '--output',
      checkpoint,
      '--epochs',
      '40',
      '--patience',
      '40',
      '--learning-rate',
      '5e-3',
      '--warm-up-steps',
      '5',
    ],
    ...['--batch-images', '4'],
  );
  if (code !== 0) throw new Error(err);
}, 120_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('a captioner of clips', () => {
  test('says of clips what only their order shows, and that a file is none', async () => {
    const bad = join(folder, 'bad.mp4');
    writeFileSync(bad, '');
    const paths = [join(clips, 'red5.mkv'), bad, join(clips, 'blue6.mkv')];
    const { code, out } = await run(['caption', ...paths, '--checkpoint', checkpoint, '--format', 'jsonl']);
    expect(code).toBe(1);
    expect(said(out)).toEqual([
      { video: paths[0], caption: 'Red turns blue.', logProbability: expect.any(Number) as number },
      { video: bad, error: 'is empty (0 bytes)' },
      { video: paths[2], caption: 'Blue turns red.', logProbability: expect.any(Number) as number },
    ]);
  });

  test('finds the clips of a folder, gives candidates, and goes on with --skip-done', async () => {
    const output = join(folder, 'captions.csv');
    const caption = (...argv: string[]): ReturnType<typeof run> =>
      run(['caption', clips, '--checkpoint', checkpoint, ...argv]);
    expect((await caption('--output', output)).code).toBe(0);
    expect(readFileSync(output, 'utf8')).toMatch(/^video,caption,logProbability,error\n/);
    expect(readFileSync(output, 'utf8').trim().split('\n')).toHaveLength(CLIPS + 1);
    expect((await caption('--output', output, '--skip-done')).code).toBe(0);
    const { out } = await caption('--candidates', '2', '--format', 'jsonl');
    expect(said(out)[0]?.['candidates']).toHaveLength(2);
  });

  test('is scored with the share of exact sentences', async () => {
    const source = ['--images', clips, '--captions', join(folder, 'all.csv')];
    const { code, out } = await run([
      'evaluate',
      'caption',
      '--checkpoint',
      checkpoint,
      ...source,
      '--format',
      'json',
      '--quiet',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ photos: CLIPS, scores: { exact: 1 } });
  });

  test('has a reader in its checkpoint, and a card that says so', async () => {
    const { config, reader } = await loadCaptionModel(checkpoint);
    expect(config.clip).toMatchObject({ frames: 12, reader: { cell: 'gru', hiddenSize: 24, motion: true } });
    expect(config.captioner).toMatchObject({ gridLength: 12, featureSize: 24 });
    expect(Object.keys(reader ?? {})).toContain('frames/kernel');
    const card = readFileSync(join(checkpoint, 'README.md'), 'utf8');
    expect(card).toContain('about a clip');
    expect(card).toContain('Reader: 12 frames and their differences');
  });

  test('is not taken for one of photos, nor the other way round', async () => {
    await expect(loadCaptioner(checkpoint)).rejects.toThrow('found one of clips');
    await expect(loadClipCaptioner(await saveTinyCaptioner())).rejects.toThrow('found one of photos');
  });

  test('goes on where its training was stopped', async () => {
    const [whole, parts] = [join(folder, 'whole'), join(folder, 'parts')];
    const few = ['--epochs', '2', '--fine-tune-from', 'block13', '--augment', '1', '--batch-images', '4'];
    expect((await train('--output', whole, ...few)).code).toBe(0);
    expect((await train('--output', parts, ...few, '--stop-after', '1')).code).toBe(0);
    expect((await train('--output', parts, ...few, '--continue')).code).toBe(0);
    const [a, b] = await Promise.all([loadCaptionModel(whole), loadCaptionModel(parts)]);
    expect(b.reader).toEqual(a.reader);
    expect(b.encoder).toEqual(a.encoder);
    expect(existsSync(join(parts, 'log.jsonl'))).toBe(true);
  });

  test('gives up a clip whose decoding takes longer than --timeout', async () => {
    const argv = ['caption', join(clips, 'red5.mkv'), '--checkpoint', checkpoint, '--format', 'jsonl', '--timeout'];
    const { code, out } = await run([...argv, '0.001']);
    expect(code).toBe(1);
    expect(said(out)[0]?.['error']).toBe('took longer than 0.001 s to decode (--timeout gives more)');
    expect((await run([...argv, '0'])).code).toBe(2);
    expect((await run([...argv, '60'])).code).toBe(0);
  });

  test('is trained and scored on the clips whose decoding takes no longer than --timeout', async () => {
    const output = join(folder, 'late');
    // The features of the frames in colour are cached.
    const senseless = await train('--output', output, '--frame-stack', 'colour', '--frame-gap', '0.1');
    expect(senseless.code).toBe(2);
    expect(senseless.err).toContain('--frame-gap: has no meaning with --frame-stack colour');
    const late = await train('--output', output, '--frame-stack', 'times', '--timeout', '0.001');
    expect(late.code).toBe(1);
    expect(late.err).toContain('took longer than 0.001 s to decode (--timeout gives more); left out');
    expect((await train('--output', output, '--timeout', '0')).err).toContain('--timeout: expected a number above 0');
    const scored = ['evaluate', 'caption', '--images', clips, '--captions', join(folder, 'all.csv'), '--checkpoint'];
    const none = await run([...scored, checkpoint, '--quiet', '--timeout', '0.001']);
    expect(none.code).toBe(1);
    expect(none.err).toContain('red4.mkv: took longer than 0.001 s to decode (--timeout gives more); not scored');
    expect((await run([...scored, checkpoint, '--timeout', '0'])).code).toBe(2);
  });

  test('takes no consensus of photos', async () => {
    const consensus = `images=${clips},captions=${join(folder, 'all.csv')}`;
    const { code, err } = await run(['caption', clips, '--checkpoint', checkpoint, '--consensus', consensus]);
    expect(code).toBe(2);
    expect(err).toContain('--consensus');
  });

  test('are not scored by what is for photos', async () => {
    const scored = ['evaluate', 'caption', '--images', clips, '--captions', join(folder, 'all.csv')];
    const { code, err } = await run([...scored, '--checkpoint', checkpoint, '--mirror']);
    expect(code).toBe(2);
    expect(err).toContain('--mirror');
  });
});
