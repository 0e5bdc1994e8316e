/** `looksay train caption`: checkpoints, stages, interruptions, and options that contradict each other. */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseSource } from '../../src/cli/commands/sources.js';
import { mobilenetParameterShapes } from '../../src/models/mobilenet/index.js';
import { saveEncoder } from '../../src/tasks/encoder/index.js';
import { randomWeights, temporaryFolder, tinyEncoder, writePicture } from '../helpers/tiny-captioner.js';
import { jsonLines, run, type Run } from './run.js';

const COLOURS = ['red', 'green', 'blue', 'yellow'];
const FEW = ['--min-count', '1', '--batch-images', '2'];
const SMALL = ['--hidden-size', '8', '--embedding-size', '8', ...FEW];

let folder: string;
let encoder: string;
let captions: string;

/** A folder of plain pictures with a captions file. */
async function photos(): Promise<string> {
  const images = await temporaryFolder();
  for (const colour of COLOURS) await writePicture(join(images, `${colour}.png`), colour);
  const rows = COLOURS.map((colour) => `${colour}.png,"A ${colour}, plain picture."`);
  await writeFile(join(images, 'captions.csv'), `image,caption\n${rows.join('\n')}\n`);
  return images;
}

async function saveTinyEncoder(output: string, seed: number): Promise<void> {
  await saveEncoder(
    output,
    { config: tinyEncoder, weights: randomWeights(mobilenetParameterShapes(tinyEncoder), seed) },
    { source: { url: 'none', package: 'none', sha256: '' }, modelCard: 'random\n' },
  );
}

beforeAll(async () => {
  folder = await photos();
  captions = join(folder, 'captions.csv');
  process.env['LOOKSAY_CACHE'] = join(folder, 'cache');
  encoder = join(folder, 'encoder');
  await saveTinyEncoder(encoder, 3);
});

afterAll(async () => {
  delete process.env['LOOKSAY_CACHE'];
  await rm(folder, { recursive: true, force: true });
});

const train = (output: string, ...rest: string[]): Promise<Run> =>
  run(['train', 'caption', '--output', output, '--encoder', encoder, '--quiet', ...SMALL, ...rest]);
const trainFrom = (start: string, output: string, ...rest: string[]): Promise<Run> =>
  run(['train', 'caption', '--output', output, '--start-from', start, '--quiet', ...FEW, ...rest]);

describe('looksay train caption', () => {
  test('writes a checkpoint that captions and is scored, and a line about it to stdout', async () => {
    const output = join(folder, 'trained');
    const held = await photos();
    const { code, out } = await train(
      output,
      ...['--images', folder, '--captions', captions, '--epochs', '2', '--inject', 'first-step', '--cell', 'gru'],
      ...['--val-source', `images=${held},captions=${join(held, 'captions.csv')}`],
    );
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ checkpoint: output, ending: 'completed' });
    for (const name of ['config.json', 'model.safetensors', 'vocabulary.json', 'README.md', 'log.jsonl']) {
      expect(existsSync(join(output, name)), name).toBe(true);
    }
    const config = JSON.parse(await readFile(join(output, 'config.json'), 'utf8')) as { captioner?: unknown };
    expect(JSON.stringify(config)).toContain('"first-step"');
    const captioned = await run(['caption', folder, '--checkpoint', output, '--format', 'jsonl', '--quiet']);
    expect(captioned.code).toBe(0);
    expect(jsonLines(captioned.out)).toHaveLength(COLOURS.length);
    const scored = await run([
      ...['evaluate', 'caption', '--checkpoint', output, '--images', folder, '--captions', captions],
      ...['--format', 'json', '--quiet'],
    ]);
    expect(scored.code).toBe(0);
    expect(JSON.parse(scored.out)).toMatchObject({
      photos: COLOURS.length,
      scores: { bleu1: expect.any(Number) as number },
    });
    const again = await train(output, '--images', folder, '--captions', captions);
    expect(again.code).toBe(2);
    expect(again.err).toContain('--continue');
  });

  test('--recipe best goes through its stages, stops between them and goes on', async () => {
    const output = join(folder, 'best');
    const argv = [
      ...['--images', folder, '--captions', captions, '--epochs', '2', '--max-length', '8'],
      ...['--augment', '1', '--scheduled-sampling', '0.2'],
    ];
    const stopped = await train(output, ...argv, '--recipe', 'best', '--stop-after', '1');
    expect(JSON.parse(stopped.out)).toMatchObject({ checkpoint: output, ending: 'interrupted' });
    expect(existsSync(join(output, 'config.json'))).toBe(false);
    const other = await train(output, ...argv, '--recipe', 'fast', '--continue');
    expect(other).toMatchObject({ code: 2, out: '' });
    expect(other.err).toContain('begun with --recipe best');
    expect(await train(output, ...argv, '--recipe', 'fast')).toMatchObject({ code: 2, out: '' });
    const { code, out } = await train(output, ...argv, '--continue');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ checkpoint: output, ending: 'completed' });
    for (const stage of ['words', 'encoder', 'rewards']) {
      const log = jsonLines(await readFile(join(output, `log-${stage}.jsonl`), 'utf8'));
      expect(log).toHaveLength(2);
      const settings = JSON.parse(await readFile(join(output, `settings-${stage}.json`), 'utf8')) as {
        recipe: { fineTuneFrom: string; selfCriticalSamples: number; epochs: number };
      };
      expect(settings.recipe.epochs).toBe(2);
      expect(settings.recipe.fineTuneFrom !== '').toBe(stage === 'encoder');
      expect(settings.recipe.selfCriticalSamples > 0).toBe(stage === 'rewards');
    }
    const card = await readFile(join(output, 'README.md'), 'utf8');
    expect(card).toContain('| rewards | self-critical, 4 samples a photo');
    const captioned = await run(['caption', folder, '--checkpoint', output, '--format', 'jsonl', '--quiet']);
    expect(captioned.code).toBe(0);
    await rm(join(output, 'stages', 'recipe.json'));
    const unknown = await train(output, ...argv, '--continue');
    expect(unknown).toMatchObject({ code: 2, out: '' });
    expect(unknown.err).toContain('--recipe fast or best');
  });

  test('--continue asks for what training was begun with', async () => {
    const argv = ['--images', folder, '--captions', captions, '--epochs', '2'];
    const other = join(folder, 'other-encoder');
    await saveTinyEncoder(other, 4);
    const begun = join(folder, 'begun');
    expect((await train(begun, ...argv, '--stop-after', '1')).code).toBe(0);
    const withRecipe = await train(begun, ...argv, '--recipe', 'fast', '--continue');
    expect(withRecipe).toMatchObject({ code: 2, out: '' });
    expect(withRecipe.err).toContain('without --recipe');
    expect(existsSync(join(begun, 'stages'))).toBe(false);
    const swapped = await run([
      ...['train', 'caption', '--output', begun, '--encoder', other, '--quiet', ...SMALL, ...argv, '--continue'],
    ]);
    expect(swapped).toMatchObject({ code: 2, out: '' });
    expect(swapped.err).toContain(`begun with --encoder ${encoder}`);

    const further = join(folder, 'further');
    expect((await trainFrom(begun, further, ...argv, '--stop-after', '1')).code).toBe(0);
    const forgotten = await train(further, ...argv, '--continue');
    expect(forgotten).toMatchObject({ code: 2, out: '' });
    expect(forgotten.err).toContain(`begun with --start-from ${begun}`);
    const whole = await trainFrom(begun, further, ...argv, '--continue');
    expect(JSON.parse(whole.out)).toMatchObject({ ending: 'completed' });
    const added = await trainFrom(further, begun, ...argv, '--continue');
    expect(added).toMatchObject({ code: 2, out: '' });
    expect(added.err).toContain('no --start-from');
  });

  test('--start-from decides what a captioner is made of', async () => {
    const argv = ['--images', folder, '--captions', captions, '--start-from', join(folder, 'begun')];
    const { code, err } = await run(['train', 'caption', '--output', join(folder, 'other'), ...argv, '--cell', 'lstm']);
    expect(code).toBe(2);
    expect(err).toContain('--cell: is decided by --start-from');
  });

  test('rates of dropout are those given, else those of --start-from', async () => {
    const argv = ['--images', folder, '--captions', captions, '--epochs', '1'];
    const dropoutOf = async (name: string, ...rest: string[]): Promise<unknown> => {
      const [start, output] = [join(folder, 'rates'), join(folder, name)];
      const training = name === 'rates' ? train(output, ...argv, ...rest) : trainFrom(start, output, ...argv, ...rest);
      expect(await training).toMatchObject({ code: 0 });
      const { config } = JSON.parse(await readFile(join(output, 'config.json'), 'utf8')) as {
        config: { captioner: { dropout: unknown } };
      };
      return config.captioner.dropout;
    };
    const first = { embedding: 0.1, features: 0.2, layers: 0.3, output: 0.5 };
    expect(await dropoutOf('rates', '--embedding-dropout', '0.1', '--feature-dropout', '0.2')).toEqual(first);
    expect(await dropoutOf('rates-kept')).toEqual(first);
    expect(await dropoutOf('rates-two', '--embedding-dropout', '0.4', '--feature-dropout', '0')).toEqual({
      ...first,
      embedding: 0.4,
      features: 0,
    });
    expect(await dropoutOf('rates-all', '--dropout', '0.6', '--feature-dropout', '0.7')).toEqual({
      embedding: 0.6,
      features: 0.7,
      layers: 0.6,
      output: 0.6,
    });
  });

  test('Ctrl-C leaves what --continue goes on with', async () => {
    const output = join(folder, 'stopped');
    const argv = ['--images', folder, '--captions', captions, '--epochs', '2'];
    const controller = new AbortController();
    const command = ['train', 'caption', '--output', output, '--encoder', encoder, ...SMALL, ...argv];
    const stopped = await run(command, {
      signal: controller.signal,
      onNote: (text) => text.includes('training on') && controller.abort(),
    });
    expect(stopped.code).toBe(130);
    expect(JSON.parse(stopped.out)).toMatchObject({ ending: 'interrupted' });
    expect(stopped.err).toContain('--continue');
    expect(existsSync(join(output, 'training.json'))).toBe(true);
    const whole = await run([...command, '--continue']);
    expect(whole.code).toBe(0);
    expect(whole.err).toContain('epoch 2 of 2: CIDEr-D');
    expect(JSON.parse(whole.out)).toMatchObject({ ending: 'completed' });
  });

  test.each([
    [['--epochs', '0'], '--epochs'],
    [['--hidden-size', 'many'], '--hidden-size'],
    [['--dropout', '1'], '--dropout'],
    [['--feature-dropout', '-1'], '--feature-dropout'],
    [['--learning-rate', '0'], '--learning-rate'],
    [['--inject', 'first-step', '--attention', 'soft'], '--attention'],
    [['--cell', 'transformer'], 'transformer'],
    [['--val', 'x'], '--val'],
    [['--images', 'x'], '--captions'],
    [['--source', 'pictures=x,captions=y'], 'pictures'],
    [[], '--images DIR'],
  ])('%j exits with 2', async (argv, word) => {
    const sources = argv.some((option) => ['--images', '--source'].includes(option)) || argv.length === 0;
    const { code, err, out } = await train(
      join(folder, 'wrong'),
      ...(sources ? [] : ['--source', 'images=a,captions=b']),
      ...argv,
    );
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(word);
    expect(existsSync(join(folder, 'wrong'))).toBe(false);
  });

  test('a captions file that is missing is named', async () => {
    const { code, err } = await train(join(folder, 'none'), '--images', folder, '--captions', join(folder, 'no.csv'));
    expect(code).toBe(1);
    expect(err).toContain('no.csv');
    expect(err).not.toContain('this should not happen');
  });
});

describe('a source', () => {
  test('may have commas and equals signs in its paths', () => {
    expect(parseSource('images=a,b=c,captions=d,e.csv,splits=f', '--source')).toEqual({
      images: 'a,b=c',
      captions: 'd,e.csv',
      splits: 'f',
    });
  });

  test.each(['images=a', 'captions=b', 'images=,captions=b', 'images=a,captions=b,captions=c', 'a', ''])(
    '%j is refused',
    (text) => {
      expect(() => parseSource(text, '--source')).toThrow('--source');
    },
  );
});
