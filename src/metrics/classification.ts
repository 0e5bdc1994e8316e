/** How well classes are told apart: accuracy, top-k, the mean over classes, F1, the confusion matrix, Wilson's interval. */
import { assert } from '../shared/assert.js';

/** How often classes were told rightly; shares are from 0 to 1. */
export interface ClassificationScores {
  /** Examples scored. */
  readonly count: number;
  /** Share of examples whose most probable class is the right one. */
  readonly top1: number;
  /** Share whose right class is among the five most probable. */
  readonly top5: number;
  /** The mean of the classes' own accuracies, over the classes that have examples. */
  readonly meanPerClass: number;
  /** 95 % confidence interval of top1 (Wilson 1927), as if examples were independent. */
  readonly interval: readonly [number, number];
  /** Rows: the right class, columns: the one that was said. */
  readonly confusion: readonly (readonly number[])[];
}

/** The indices of `probabilities`, the largest first; of equals the first first. */
export function ranked(probabilities: ArrayLike<number>): readonly number[] {
  const order = Array.from({ length: probabilities.length }, (_, index) => index);
  return order.sort((a, b) => (probabilities[b] ?? 0) - (probabilities[a] ?? 0) || a - b);
}

/** Scores of `probabilities` (one row of `classes` an example) against the right `labels`. */
export function scoreClassification(
  probabilities: readonly ArrayLike<number>[],
  labels: readonly number[],
  classes: number,
): ClassificationScores {
  assert(
    probabilities.length === labels.length && labels.length > 0,
    'as many predictions as labels, and at least one',
  );
  const confusion = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  let top5 = 0;
  probabilities.forEach((row, example) => {
    const label = labels[example] as number;
    const order = ranked(row);
    const counts = confusion[label] as number[];
    counts[order[0] as number] = (counts[order[0] as number] ?? 0) + 1;
    if (order.slice(0, 5).includes(label)) top5++;
  });
  const right = confusion.reduce((sum, row, label) => sum + (row[label] as number), 0);
  const accuracies = confusion.flatMap((row, label) => {
    const all = row.reduce((sum, count) => sum + count, 0);
    return all === 0 ? [] : [(row[label] as number) / all];
  });
  return {
    count: labels.length,
    top1: right / labels.length,
    top5: top5 / labels.length,
    meanPerClass: accuracies.reduce((sum, value) => sum + value, 0) / accuracies.length,
    interval: wilsonInterval(right, labels.length),
    confusion,
  };
}

/** How well one class is told from all others. */
export interface ClassScores {
  /** Share of what was said to be of the class that is; 0 when nothing was. */
  readonly precision: number;
  /** Share of the class that was said to be of it; 0 when it has no examples. */
  readonly recall: number;
  /** Their harmonic mean (van Rijsbergen 1979), 0 when both are. */
  readonly f1: number;
  readonly examples: number;
}

/** Precision, recall and F1 of each class, from a confusion matrix (rows: the right class). */
export function scoreClasses(confusion: ClassificationScores['confusion']): readonly ClassScores[] {
  return confusion.map((row, label) => {
    const right = row[label] ?? 0;
    const examples = row.reduce((sum, count) => sum + count, 0);
    const said = confusion.reduce((sum, other) => sum + (other[label] ?? 0), 0);
    return {
      precision: said === 0 ? 0 : right / said,
      recall: examples === 0 ? 0 : right / examples,
      f1: examples + said === 0 ? 0 : (2 * right) / (examples + said),
      examples,
    };
  });
}

/** The mean of the F1 of the classes that have examples. */
export function macroF1(confusion: ClassificationScores['confusion']): number {
  const classes = scoreClasses(confusion).filter(({ examples }) => examples > 0);
  return classes.reduce((sum, { f1 }) => sum + f1, 0) / classes.length;
}

/** The 97.5 % point of the standard normal distribution. */
const Z = 1.959964;

/** Wilson's 95 % interval of a share seen as `right` of `count`. */
export function wilsonInterval(right: number, count: number): readonly [number, number] {
  const share = right / count;
  const spread = Z * Math.sqrt((share * (1 - share) + Z ** 2 / (4 * count)) / count);
  const scale = 1 + Z ** 2 / count;
  const middle = share + Z ** 2 / (2 * count);
  return [Math.max(0, (middle - spread) / scale), Math.min(1, (middle + spread) / scale)];
}
