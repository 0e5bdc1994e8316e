/** Search, analogies, rated pairs and maps of word vectors. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '../../../src/backend/index.js';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { Random } from '../../../src/shared/random.js';
import { evaluateWords } from '../../../src/tasks/words/evaluate.js';
import { plotWords } from '../../../src/tasks/words/plot.js';
import { readAnalogies, readRatedPairs, readWords } from '../../../src/tasks/words/question-files.js';
import { WordIndex } from '../../../src/tasks/words/word-index.js';
import { NOT_UTF8 } from '../../../src/text/encoding.js';
import type { WordVectors } from '../../../src/text/word-vectors.js';

let folder: string;

beforeAll(async () => {
  await tf.setBackend('onnxruntime');
  folder = await mkdtemp(join(tmpdir(), 'looksay-evaluate-words-'));
});

async function file(name: string, text: string | Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

/** Axes: royal, female, animal. */
const vectors: WordVectors = {
  dimension: 3,
  vectors: new Map([
    ['man', Float32Array.of(0.1, -1, 0)],
    ['woman', Float32Array.of(0.1, 1, 0)],
    ['king', Float32Array.of(2, -2, 0.1)],
    ['queen', Float32Array.of(2, 2, 0.1)],
    ['cat', Float32Array.of(0, 0.1, 1)],
    ['dog', Float32Array.of(0, -0.1, 3)],
    ['nothing', Float32Array.of(0, 0, 0)],
  ]),
};
const index = new WordIndex(vectors, 'the test');

function randomVectors(count: number, dimension: number): Map<string, Float32Array> {
  const random = new Random(2);
  return new Map(
    Array.from({ length: count }, (_, i): [string, Float32Array] => [
      `w${i}`,
      Float32Array.from({ length: dimension }, () => random.normal()),
    ]),
  );
}

describe('searching', () => {
  test('finds the nearest by cosine, as a full sort does', () => {
    const many = randomVectors(60, 5);
    const large = new WordIndex({ dimension: 5, vectors: many }, 'many');
    const cosine = (a: Float32Array, b: Float32Array): number => {
      const dot = (x: Float32Array, y: Float32Array): number => x.reduce((sum, v, i) => sum + v * (y[i] as number), 0);
      return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    };
    for (const word of ['w0', 'w31', 'w59']) {
      const expected = [...many]
        .filter(([other]) => other !== word)
        .map(([other, vector]) => ({ word: other, similarity: cosine(vector, many.get(word) as Float32Array) }))
        .sort((a, b) => b.similarity - a.similarity)
        .slice(0, 7);
      const found = large.similar(word, 7);
      expect(found.map(({ word: other }) => other)).toEqual(expected.map(({ word: other }) => other));
      found.forEach(({ similarity }, i) => expect(similarity).toBeCloseTo(expected[i]?.similarity as number, 6));
    }
    expect(large.similar('w0', 100)).toHaveLength(59);
  });

  test('man is to king as woman is to queen', () => {
    expect(index.analogous(['man', 'king', 'woman'], 1)[0]?.word).toBe('queen');
    expect(index.analogous(['Man', 'KING', 'woman'], 1)[0]?.word).toBe('queen');
  });

  test('an apostrophe is found however it is typed', () => {
    const typed = new Map([
      ["don't", Float32Array.of(1)],
      ['it’s', Float32Array.of(1)],
    ]);
    const own = new WordIndex({ dimension: 1, vectors: typed }, 'the test');
    expect(['Don’t', "don't", 'it’s'].map((word) => own.find(word))).toEqual([0, 0, 1]);
  });

  test('a word without a vector is said', () => {
    expect(() => index.similar('unicorn', 3)).toThrow('"unicorn": has no vector in the test');
    expect(index.similar('nothing', 1)[0]?.similarity).toBe(0);
  });
});

describe('evaluation', () => {
  test('counts right answers by section, and what could not be asked', async () => {
    const analogies = await file(
      'questions.txt',
      ': family\nMan King Woman Queen\nman woman king queen\nman king woman dog\n: pets\ncat unicorn dog horse\n',
    );
    const similarities = await file(
      'pairs.csv',
      'Word 1,Word 2,Human (mean)\ncat,dog,9\nking,queen,3\nman,cat,1\nman,unicorn,4\n',
    );
    const found = await evaluateWords({ vectors, where: 'test', analogies: [analogies], similarities: [similarities] });
    expect(found.analogies[0]).toEqual({
      file: analogies,
      sections: [
        { section: 'family', accuracy: 2 / 3, right: 2, answered: 3, questions: 3 },
        { section: 'pets', accuracy: NaN, right: 0, answered: 0, questions: 1 },
      ],
      total: { section: 'all', accuracy: 2 / 3, right: 2, answered: 3, questions: 4 },
    });
    expect(found.similarities[0]).toEqual({
      file: similarities,
      rho: expect.closeTo(1, 9) as number,
      compared: 3,
      pairs: 4,
    });
  });

  test('answers in batches as one by one', async () => {
    const random = new Random(6);
    const words = Array.from({ length: 400 }, (_, i) => `w${i}`);
    const many = new Map(words.map((word) => [word, Float32Array.from({ length: 4 }, () => random.normal())]));
    const large = new WordIndex({ dimension: 4, vectors: many }, 'many');
    const pick = (): string => words[random.integer(words.length)] as string;
    const questions = Array.from({ length: 50 }, () => {
      const [a, b, c] = [pick(), pick(), pick()];
      return [a, b, c, large.analogous([a, b, c], 1)[0]?.word as string];
    });
    const path = await file('many.txt', questions.map((question) => `${question.join(' ')}\n`).join(''));
    const options = { vectors: { dimension: 4, vectors: many }, where: 'many', analogies: [path], similarities: [] };
    expect((await evaluateWords(options)).analogies[0]?.total).toMatchObject({ right: 50, answered: 50 });
    const fewer = await evaluateWords({ ...options, candidates: 200 });
    expect(fewer.words).toBe(200);
    expect(fewer.analogies[0]?.total.answered).toBeLessThan(50);
  });

  test.each([
    ['WordSim', 'Word 1\tWord 2\tHuman (mean)\nlove\tsex\t6.77\n', ['love', 'sex'], 6.77],
    ['SimLex', 'word1\tword2\tPOS\tSimLex999\tconc(w1)\nold\tnew\tA\t1.58\t2.72\n', ['old', 'new'], 1.58],
    ['MEN', 'sun-n sunlight-n 50\n', ['sun-n', 'sunlight-n'], 50],
    ['a table in quotes', '"word1","word2","rating"\n"ere","lead","1.5"\n', ['ere', 'lead'], 1.5],
    ['WordSim with the people asked', 'Word 1,Word 2,Human (mean),1,2\nlove,sex,6.77,9,6\n', ['love', 'sex'], 6.77],
    ['a table with no header', 'old\tnew\tA\t1.58\n', ['old', 'new'], 1.58],
    ['quotes around words', '"ere","lead, the",1\n', ['ere', 'lead, the'], 1],
    ['a stray quote', '"ere,lead,1\n', ['"ere', 'lead'], 1],
    ['words with spaces', 'new york;the hague 2;3\n', ['new york', 'the hague 2'], 3],
    ['comments', '# pairs\nsquishing;squirt;5.5\n', ['squishing', 'squirt'], 5.5],
  ])('reads pairs as in %s', async (name, text, words, rating) => {
    expect(await readRatedPairs(await file(name, text))).toEqual([{ words, rating }]);
  });

  test('files of another form are said with their line', async () => {
    await expect(readAnalogies(await file('a', ': x\na b c\n'))).rejects.toThrow('a:2: expected four words');
    await expect(readAnalogies(await file('b', '\n'))).rejects.toThrow('found none');
    await expect(readRatedPairs(await file('c', 'a,b,1\na,b\n'))).rejects.toThrow(
      'c:2: expected two words and a number',
    );
    await expect(readRatedPairs(await file('d', 'a,b,c\n'))).rejects.toThrow('found none');
    await expect(readAnalogies(join(folder, 'missing'))).rejects.toThrow('there is no such file');
  });

  test('lists of words have several a line', async () => {
    expect(await readWords(await file('list', '\ufeffcat dog\n\n king\t queen\r\n'))).toEqual([
      'cat',
      'dog',
      'king',
      'queen',
    ]);
  });

  test('files in another encoding are told of', async () => {
    const stderr = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const path = await file('latin1', Buffer.from('the cat\ncaf\u00e9\n', 'latin1'));
    try {
      await readWords(path);
      expect(stderr.mock.calls).toEqual([[`warning: ${path}:2: ${NOT_UTF8} (such texts: 1)\n`]]);
    } finally {
      stderr.mockRestore();
    }
  });
});

describe('a map', () => {
  const many = new Map(
    Array.from({ length: 40 }, (_, i): [string, Float32Array] => [
      i === 0 ? '<b>"&' : i === 1 ? 'שלום' : `w${i}`,
      Float32Array.of(Math.floor(i / 10), i % 10, 1),
    ]),
  );
  const large = new WordIndex({ dimension: 3, vectors: many }, 'many');

  test.each(['umap', 'pca'] as const)(
    'by %s shows every word, escaped, and is the same for a seed',
    async (projection) => {
      const options = { index: large, words: large.words, projection, seed: 3, title: 'A & B <script>' };
      const page = await plotWords(options);
      expect(page.match(/<circle/g)).toHaveLength(40);
      expect(page).toContain('<text x="6" y="4">&lt;b&gt;&quot;&amp;</text>');
      expect(page).toContain('<h1>A &amp; B &lt;script&gt;</h1>');
      expect(page).toContain('שלום');
      expect(page).not.toMatch(/<b>|<script|NaN/);
      expect(await plotWords(options)).toBe(page);
    },
  );

  test('can be interrupted while the words are placed', async () => {
    const drawnFrom = new WordIndex({ dimension: 9, vectors: randomVectors(300, 9) }, 'vectors');
    const controller = new AbortController();
    const drawn = plotWords({
      ...{ index: drawnFrom, words: drawnFrom.words, seed: 3, title: '' },
      signal: controller.signal,
    });
    setImmediate(() => controller.abort(new Error('enough')));
    await expect(drawn).rejects.toThrow('enough');
  });

  test('leaves out words without a vector, and needs two', async () => {
    const warnings: string[] = [];
    const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      warnings.push(String(text));
      return true;
    });
    const options = { index, seed: 1, title: 'pets' };
    const page = await plotWords({ ...options, words: ['cat', 'dog', 'unicorn', 'cat'] });
    expect(page.match(/<circle/g)).toHaveLength(2);
    expect(warnings.join('')).toContain('"unicorn": has no vector');
    await expect(plotWords({ ...options, words: ['cat', 'unicorn'] })).rejects.toThrow('at least two words');
    spy.mockRestore();
  });
});
