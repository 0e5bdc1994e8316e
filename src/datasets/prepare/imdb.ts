/**
 * Prepares IMDB (Maas et al. 2011) from `aclImdb_v1.tar.gz`: a review a file, `aclImdb/train/pos/0_9.txt`, the number of
 * the review and its rating. The archive is read once from front to back (it cannot be entered in the middle), and each
 * file made from it appears whole: a run that was killed begins to read again.
 */
import { UserError } from '../../shared/errors.js';
import { entriesOf } from './extract.js';
import { compareCounts, type Job, type Outcome, type Recipe } from './recipe.js';
import {
  countLabels,
  countRepeated,
  countShared,
  type LabelledText,
  oneLine,
  readText,
  writeLines,
  writeTable,
} from './text-files.js';

const REVIEW = /(?:^|\/)(train|test)\/(pos|neg|unsup)\/(\d+)_\d+\.txt$/;
const LIMIT_BYTES = 1_000_000;
const PUBLISHED = { texts: 25_000, pos: 12_500, neg: 12_500 };
const PUBLISHED_UNLABELLED = { texts: 50_000 };

interface Review extends LabelledText {
  readonly number: number;
}

export const imdb: Recipe = {
  name: 'imdb',
  sources: 'aclImdb_v1.tar.gz, or the folder aclImdb',
  options: [],
  prepare: prepareImdb,
};

async function prepareImdb(job: Job): Promise<Outcome> {
  const { train, test, unlabelled } = await readReviews(job);
  for (const label of ['pos', 'neg']) {
    if (train.some((review) => review.label === label)) continue;
    throw new UserError(`no review train/${label}/NUMBER_RATING.txt in the sources (give aclImdb_v1.tar.gz as it is)`);
  }
  const files: Record<string, string> = { train: await writeTable(job, 'train.csv', ['text', 'label'], train) };
  if (test.length > 0) files['test'] = await writeTable(job, 'test.csv', ['text', 'label'], test);
  if (unlabelled.length > 0) {
    files['unlabelled'] = await writeLines(job, 'unlabelled.txt', unlabelled.map(({ text }) => text));
  }
  const parts = { train: countLabels(train), test: countLabels(test), unlabelled: { texts: unlabelled.length } };
  return {
    files,
    parts,
    counts: { trainTextsRepeated: countRepeated(train), testTextsAlsoInTrain: countShared(test, train) },
    remarks: [
      ...compareCounts('reviews in train', PUBLISHED, parts.train),
      ...compareCounts('reviews in test', PUBLISHED, parts.test),
      ...compareCounts('reviews without label', PUBLISHED_UNLABELLED, parts.unlabelled),
    ],
    next: `looksay train sentiment --data ${files['train']} --output checkpoints/mine`,
  };
}

async function readReviews(job: Job): Promise<Record<'train' | 'test' | 'unlabelled', readonly Review[]>> {
  const found: Record<'train' | 'test' | 'unlabelled', Review[]> = { train: [], test: [], unlabelled: [] };
  for await (const [entry] of entriesOf(job, 'reading reviews')) {
    const [, part, label = '', number] = REVIEW.exec(entry.name) ?? [];
    if (part === undefined) continue;
    const text = await readText(entry, LIMIT_BYTES, job);
    if (text === undefined) continue;
    const list = label === 'unsup' ? 'unlabelled' : part === 'test' ? 'test' : 'train';
    found[list].push({ text: plainText(text), label, number: Number(number) });
  }
  // Archives are in no order; by number, reviews of both kinds alternate.
  for (const list of Object.values(found)) list.sort((a, b) => a.number - b.number || (a.label < b.label ? -1 : 1));
  return found;
}

/** Without the line breaks of HTML, which is all the HTML there is. */
function plainText(text: string): string {
  return oneLine(text.replace(/<br\s*\/?>/gi, ' '));
}
