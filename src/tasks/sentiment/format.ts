/** How judgements of texts, and the reasons for them, are written. */
import { stringify } from 'csv-stringify/sync';
import { printable } from '../../media/media-error.js';
import { unreachable } from '../../shared/assert.js';
import type { OutputFormat, ResultKind } from '../result-format.js';
import { rounded, withProbability } from '../scored-labels.js';
import type { SentimentExplanation } from './explain.js';
import type { SentimentResult } from './predict.js';

/** Judgements as results about lines. */
export const SENTIMENT_RESULTS: ResultKind<SentimentResult> = {
  nameKey: 'line',
  answerKey: 'label',
  columns: ['line', 'text', 'label', 'probability', 'error'],
  nameOf: ({ line }) => String(line),
  textOf: (result) =>
    'label' in result ? `${withProbability(result)}\t${printable(result.text)}` : `error: ${result.error}`,
  linesOf: (result) => [
    'label' in result ? `${withProbability(result)}  ${printable(result.text)}` : `error: ${result.error}`,
  ],
  rowOf: (result) => ({ ...result }),
};

const EXPLANATION_COLUMNS = ['line', 'word', 'probability', 'contribution', 'error'];

/** The header of explanations, '' for none. */
export function explanationHeader(format: OutputFormat): string {
  return format === 'csv' ? `${EXPLANATION_COLUMNS.join(',')}\n` : '';
}

/** The explanation of line `line`: a line of JSON, or a line a word. */
export function formatExplanation(explanation: SentimentExplanation, line: number, format: OutputFormat): string {
  const { text, label, probability } = explanation;
  const words = explanation.words.map((word) => ({
    word: word.word,
    probability: rounded(word.probability),
    contribution: rounded(word.contribution),
  }));
  switch (format) {
    case 'jsonl':
      return `${JSON.stringify({ line, text, label, probability: rounded(probability), words })}\n`;
    case 'csv':
      return stringify(
        words.map((word) => ({ line, ...word })),
        { columns: EXPLANATION_COLUMNS },
      );
    case 'text': {
      const rows = words.map((each) => [each.word, each.probability.toFixed(4), each.contribution.toFixed(4)]);
      return [[withProbability({ label, probability }), 'probability', 'contribution'], ...rows]
        .map((cells) => `${cells.join('\t')}\n`)
        .join('');
    }
    default:
      return unreachable(format, 'format');
  }
}
