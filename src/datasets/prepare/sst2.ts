/**
 * Prepares SST-2 (Socher et al. 2013, in two classes) from GLUE's `SST-2.zip`: `SST-2/train.tsv` and `dev.tsv` with the
 * columns `sentence` and `label` (1 for positive), tabs between them and no quoting; `test.tsv` without labels. GLUE's
 * training part has phrases of the sentences too.
 */
import { UserError } from '../../shared/errors.js';
import { entriesOf } from './extract.js';
import { compareCounts, type Job, type Outcome, type Recipe } from './recipe.js';
import { countLabels, countRepeated, countShared, type LabelledText, readText, writeTable } from './text-files.js';

const TABLE = /(?:^|\/)(train|dev|test)\.tsv$/;
const LIMIT_BYTES = 100_000_000;
const LABELS: ReadonlyMap<string, string> = new Map([
  ['0', 'neg'],
  ['1', 'pos'],
]);
const PUBLISHED: Readonly<Record<string, number>> = { train: 67_349, dev: 872, test: 1821 };

export const sst2: Recipe = {
  name: 'sst2',
  sources: "GLUE's SST-2.zip, or the folder SST-2",
  options: [],
  prepare: prepareSst2,
};

async function prepareSst2(job: Job): Promise<Outcome> {
  const tables = await readTables(job);
  const [train, dev] = [tables.get('train') ?? [], tables.get('dev') ?? []];
  if (train.length === 0) throw new UserError('no SST-2/train.tsv with sentences in the sources');
  const files: Record<string, string> = {};
  for (const [part, rows] of tables) {
    const isLabelled = rows.every(({ label }) => label !== '');
    files[part] = await writeTable(job, `${part}.csv`, isLabelled ? ['text', 'label'] : ['text'], rows);
  }
  const parts = Object.fromEntries([...tables].map(([part, rows]) => [part, countLabels(rows)]));
  const found = Object.fromEntries([...tables].map(([part, rows]) => [part, rows.length]));
  return {
    files,
    parts,
    counts: { trainTextsRepeated: countRepeated(train), devTextsAlsoInTrain: countShared(dev, train) },
    remarks: compareCounts('texts', PUBLISHED, found),
    next: `looksay train sentiment --data ${files['train']} --val ${files['dev']} --output checkpoints/mine`,
  };
}

async function readTables(job: Job): Promise<ReadonlyMap<string, readonly LabelledText[]>> {
  const tables = new Map<string, readonly LabelledText[]>();
  for await (const [entry] of entriesOf(job)) {
    const [, part] = TABLE.exec(entry.name) ?? [];
    if (part === undefined) continue;
    if (tables.has(part)) {
      job.report(entry.path ?? entry.name, `is a second ${part}.tsv; left out`);
      continue;
    }
    const text = await readText(entry, LIMIT_BYTES, job);
    if (text !== undefined) tables.set(part, rowsOf(entry.path ?? entry.name, text, job));
  }
  return tables;
}

function rowsOf(path: string, text: string, { report }: Job): readonly LabelledText[] {
  const [header = '', ...lines] = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const names = header.split('\t');
  const [sentence, label] = [names.indexOf('sentence'), names.indexOf('label')];
  if (sentence < 0) throw new UserError(`${path}:1: expected the columns sentence and label, found ${names.join(', ')}`);
  return lines.flatMap((line, index) => {
    const where = `${path}:${index + 2}`;
    const cells = line.split('\t');
    if (line === '') return [];
    const own = (cells[sentence] ?? '').trim();
    const written = label < 0 ? '' : (cells[label] ?? '').trim();
    const name = label < 0 ? '' : LABELS.get(written);
    if (cells.length !== names.length) report(where, `expected ${names.length} columns, found ${cells.length}; left out`);
    else if (own === '') report(where, 'the sentence is empty; left out');
    else if (name === undefined) report(where, `expected the label 0 or 1, found ${JSON.stringify(written)}; left out`);
    else return [{ text: own, label: name }];
    return [];
  });
}
