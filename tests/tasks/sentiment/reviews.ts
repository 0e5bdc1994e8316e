/** Reviews of four words or so that say what they are by one word, which a "not" before it turns round. */
import { Random } from '../../../src/shared/random.js';

const GOOD = ['great', 'lovely', 'fine'];
const BAD = ['awful', 'dull', 'poor'];
const REST = ['the', 'film', 'was', 'a', 'story', 'we', 'saw'];

export interface Review {
  readonly text: string;
  readonly label: string;
}

export function makeReviews(count: number, seed = 1): Review[] {
  const random = new Random(seed);
  const pick = (words: readonly string[]): string => words[random.integer(words.length)] as string;
  return Array.from({ length: count }, () => {
    const good = random.uniform() < 0.5;
    const turned = random.uniform() < 0.3;
    const before = Array.from({ length: random.integer(6) }, () => pick(REST));
    const core = turned ? ['not', pick(good ? BAD : GOOD)] : [pick(good ? GOOD : BAD)];
    const after = Array.from({ length: random.integer(6) }, () => pick(REST));
    return { text: [...before, ...core, ...after].join(' '), label: good ? 'pos' : 'neg' };
  });
}

export function asCsv(reviews: readonly Review[]): string {
  return `text,label\n${reviews.map(({ text, label }) => `${text},${label}\n`).join('')}`;
}
