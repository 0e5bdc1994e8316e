/** `looksay sentiment --explain`: on a terminal, the text coloured by what speaks for and against its class. */
import stringWidth from 'string-width';
import type { SentimentExplanation } from '../../tasks/sentiment/explain.js';

/** Cells of a bar of probability. */
const BAR = 20;
const LEVELS = ' ▁▂▃▄▅▆▇█';
/** Words that are listed at most. */
const LISTED = 10;

/** Green what speaks for the class, red what speaks against it; the probability as the text goes on; the strongest words. */
export function colouredExplanation({ text, label, probability, words }: SentimentExplanation): string {
  const strongest = Math.max(...words.map(({ contribution }) => Math.abs(contribution)), Number.MIN_VALUE);
  let at = 0;
  let shown = '';
  for (const { start, end, contribution } of words) {
    shown += withoutControls(text.slice(at, start)) + coloured(text.slice(start, end), contribution / strongest);
    at = end;
  }
  shown += withoutControls(text.slice(at));
  const course = Array.from(
    { length: Math.min(BAR * 3, words.length) },
    (_, cell, cells = Math.min(BAR * 3, words.length)) => {
      const word = words[Math.floor(((cell + 1) * words.length) / cells) - 1];
      return LEVELS[Math.round((word?.probability ?? 0) * (LEVELS.length - 1))] ?? '';
    },
  ).join('');
  const top = [...words].sort((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution)).slice(0, LISTED);
  const width = Math.max(...top.map(({ word }) => stringWidth(word)));
  const list = top.map(({ word, contribution }) => {
    const gap = ' '.repeat(width - stringWidth(word) + 2);
    return `  ${coloured(word, contribution / strongest)}${gap}${contribution > 0 ? '+' : ''}${contribution.toFixed(2)}\n`;
  });
  return `${label} ${(100 * probability).toFixed(1)} %  ${course}\n${shown}\n${list.join('')}`;
}

/** `share` in [-1, 1]. */
function coloured(text: string, share: number): string {
  const level = Math.round(200 * Math.min(1, Math.abs(share)));
  const background = share > 0 ? `0;${level};0` : `${level};0;0`;
  return `\x1b[48;2;${background}m\x1b[38;2;255;255;255m${withoutControls(text)}\x1b[0m`;
}

/** What a terminal would obey is shown as a symbol. */
function withoutControls(text: string): string {
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, '\uFFFD');
}
