/** What a preparation found and made: an object for programs, lines for people. */
import type { Problem } from '../captions/types.js';
import { count, type Outcome } from './recipe.js';

export interface PreparationSummary extends Outcome {
  readonly set: string;
  readonly output: string;
  readonly sources: readonly { readonly path: string; readonly kind: string }[];
  /** What was left out: how much, and the first of it. */
  readonly problems: { readonly count: number; readonly first: readonly Problem[] };
}

const KEPT_PROBLEMS = 100;
const SHOWN_PROBLEMS = 10;

/** Collects problems, each once. */
export class Problems {
  readonly #all = new Map<string, Problem>();

  readonly report = (where: string, message: string): void => {
    this.#all.set(`${where}\0${message}`, { where, message });
  };

  get lines(): readonly string[] {
    return [...this.#all.values()].map(({ where, message }) => `${where}: ${message}`);
  }

  get summary(): PreparationSummary['problems'] {
    return { count: this.#all.size, first: [...this.#all.values()].slice(0, KEPT_PROBLEMS) };
  }
}

/** The summary as text. */
export function describePreparation({ set, files, parts, counts, remarks, problems, next }: PreparationSummary): string {
  const lines = [
    `${set}:`,
    ...Object.entries(parts).map(([part, numbers]) => `  ${part}: ${numbersOf(numbers)}`),
    `  found: ${numbersOf(counts)}`,
    ...Object.entries(files).map(([what, path]) => `  ${what}: ${path}`),
    ...remarks.map((remark) => `  note: ${remark}`),
  ];
  if (problems.count > 0) {
    lines.push(`  left out: ${count(problems.count, 'thing')}`);
    lines.push(...problems.first.slice(0, SHOWN_PROBLEMS).map(({ where, message }) => `    ${where}: ${message}`));
    if (problems.count > SHOWN_PROBLEMS) lines.push(`    … and ${problems.count - SHOWN_PROBLEMS} more`);
  }
  return `${[...lines, `next: ${next}`].join('\n')}\n`;
}

/** `photosInSources: 8` as "8 photos in sources". */
function numbersOf(numbers: Readonly<Record<string, number>>): string {
  const words = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  return Object.entries(numbers)
    .map(([name, number]) => `${number.toLocaleString('en')} ${words(name)}`)
    .join(', ');
}
