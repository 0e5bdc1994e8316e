/** `looksay evaluate caption`: ensembles, splits, and the page of the worst captions. */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { saveTinyCaptioner, temporaryFolder, writePicture } from '../helpers/tiny-captioner.js';
import { run, type Run } from './run.js';

const COLOURS = ['red', 'green', 'blue'];

let folder: string;
let checkpoint: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  checkpoint = await saveTinyCaptioner();
  process.env['LOOKSAY_CACHE'] = join(folder, 'cache');
  for (const colour of COLOURS) await writePicture(join(folder, `${colour}.png`), colour);
  const rows = COLOURS.map((colour) => `${colour}.png,"A ${colour} <b>wall</b>."`);
  await writeFile(join(folder, 'captions.csv'), `image,caption\n${rows.join('\n')}\n`);
});

afterAll(async () => {
  delete process.env['LOOKSAY_CACHE'];
  await rm(folder, { recursive: true, force: true });
});

const evaluate = (...rest: string[]): Promise<Run> =>
  run([
    ...['evaluate', 'caption', '--images', folder, '--captions', join(folder, 'captions.csv'), '--quiet'],
    ...['--checkpoint', checkpoint, ...rest],
  ]);

test('--ensemble: several captioners decide together, with encoders of their own', async () => {
  const others = [await saveTinyCaptioner({ seed: 3, inputSize: 64 }), await saveTinyCaptioner({ seed: 4 })];
  const { code, out } = await evaluate('--ensemble', ...others);
  expect(code).toBe(0);
  expect(out).toContain('these 3 captioners together');
  expect((await evaluate()).out).toContain('this captioner');
  const stranger = await saveTinyCaptioner({ words: ['un', 'chien'] });
  const refused = await evaluate('--ensemble', stranger);
  expect(refused.code).toBe(1);
  expect(refused.err).toContain(`${stranger}: expected the vocabulary of ${checkpoint}`);
});

test('--consensus is taken by evaluation too', async () => {
  const source = `images=${folder},captions=${join(folder, 'captions.csv')}`;
  const { code, out } = await evaluate('--consensus', source, '--consensus-photos', '1', '--format', 'json');
  expect(code).toBe(0);
  expect((JSON.parse(out) as { photos: number }).photos).toBe(COLOURS.length);
});

test('--split of photos without splits is said to score all', async () => {
  const warning = `names no splits: all ${COLOURS.length} photos are scored`;
  expect(await evaluate('--split', 'test')).toMatchObject({ code: 0, err: expect.stringContaining(warning) as string });
  expect((await evaluate()).err).not.toContain('splits');
});

test('--report: a page with the worst photos, replaced only when asked', async () => {
  const report = join(folder, 'report');
  expect((await evaluate('--report', report, '--worst', '2')).code).toBe(0);
  expect(await readFile(join(report, 'index.html'), 'utf8')).toContain('&lt;b&gt;wall');
  expect(await readdir(join(report, 'photos'))).toEqual(['0001.jpg', '0002.jpg']);
  const again = await evaluate('--report', report);
  expect(again.code).toBe(2);
  expect(again.err).toContain('--overwrite');
  expect((await evaluate('--report', report, '--overwrite')).code).toBe(0);
  expect(await readdir(join(report, 'photos'))).toHaveLength(3);
});

test('scores are printed though the report cannot be written', async () => {
  const { code, out, err } = await evaluate('--report', join(folder, `${'long'.repeat(100)}-report`));
  expect(code).toBe(1);
  expect(out).toContain('this captioner');
  expect(err).toContain('report: cannot be written');
});

test('a place where no report can be is refused before anything is scored', async () => {
  const file = join(folder, 'no-folder');
  await writeFile(file, '');
  const { code, out, err } = await evaluate('--report', join(file, 'report'));
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err).toContain(`${file}: is a file, expected a folder`);
});

test.skipIf(process.platform === 'win32')('--report --overwrite writes through a link', async () => {
  const [link, report] = [join(folder, 'report-link'), join(folder, 'linked-report')];
  expect((await evaluate('--report', report, '--worst', '1')).code).toBe(0);
  await symlink(report, link);
  expect((await evaluate('--report', link, '--overwrite')).code).toBe(0);
  expect(await readlink(link)).toBe(report);
  expect(await readdir(join(report, 'photos'))).toHaveLength(COLOURS.length);
});

test('--report --overwrite leaves a folder alone that is no report', async () => {
  const precious = join(folder, 'precious');
  await mkdir(precious);
  await writeFile(join(precious, 'diary.txt'), 'mine');
  const { code, err } = await evaluate('--report', precious, '--overwrite');
  expect(code).toBe(2);
  expect(err).toContain('is no report');
  expect(existsSync(join(precious, 'diary.txt'))).toBe(true);
});

test('a photo that cannot be decoded is named and not scored', async () => {
  const { out: before } = await evaluate('--format', 'json');
  await writeFile(join(folder, 'broken.png'), 'no picture');
  const source = join(folder, 'with-broken.csv');
  const whole = await readFile(join(folder, 'captions.csv'), 'utf8');
  await writeFile(source, whole.replace('\n', '\nbroken.png,A broken wall.\n'));
  const argv = ['evaluate', 'caption', '--images', folder, '--captions', source, '--checkpoint', checkpoint];
  const { code, out, err } = await run([...argv, '--format', 'json', '--report', join(folder, 'broken-report')]);
  expect(code).toBe(1);
  expect(err).toMatch(/warning: .*broken\.png: .*; not scored\n/);
  const broken = { image: join(folder, 'broken.png'), error: expect.stringMatching(/\w/) as string };
  const scored = JSON.parse(before) as { baselines: unknown };
  expect(JSON.parse(out)).toEqual({ ...scored, failed: 1, failures: [broken] });
  expect(await readdir(join(folder, 'broken-report', 'photos'))).toHaveLength(COLOURS.length);
  expect((await run([...argv, '--quiet'])).out).toContain(`on ${COLOURS.length} photos (1 failed)`);
});

test('photos none of which can be decoded are an error', async () => {
  await writeFile(join(folder, 'broken.png'), 'no picture');
  const source = join(folder, 'broken.csv');
  await writeFile(source, 'image,caption\nbroken.png,A broken wall.\n');
  const argv = ['evaluate', 'caption', '--images', folder, '--captions', source, '--checkpoint', checkpoint];
  const { code, out, err } = await run(argv);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(err).toContain(`${source}: no photo could be captioned`);
});

test.each([
  ['--beam-width', '1001', 'expected a whole number from 1 to 1000, got 1001'],
  ['--length-penalty', 'Infinity', 'expected a finite number, got Infinity'],
  ['--beam-groups', '2', 'expected a divisor of the beam width (5), got 2'],
  ['--diversity', 'Infinity', 'expected a number from 0 on, got Infinity'],
])('%s %s is as wrong as it is for looksay caption', async (option, value, reason) => {
  const err = `looksay: ${option}: ${reason}\n`;
  expect(await evaluate(option, value)).toEqual({ code: 2, out: '', err });
  const captioned = await run(['caption', join(folder, 'red.png'), '--checkpoint', checkpoint, option, value]);
  expect(captioned).toEqual({ code: 2, out: '', err });
});
