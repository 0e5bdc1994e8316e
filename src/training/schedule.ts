/**
 * Learning-rate schedules: pure functions of the step, so that a run that is resumed needs nothing else.
 * Warm-up as in Goyal et al. 2017; cosine decay as in Loshchilov and Hutter 2017 (SGDR, equation 5, without restarts).
 */
import { assert, unreachable } from '../shared/assert.js';

/**
 * The learning rate of a step.
 * @param step counts from 0
 * @param scores the validation scores so far (higher is better), one an epoch; only `plateau` looks at them
 */
export type Schedule = (step: number, scores: readonly number[]) => number;

/** What happens to the learning rate after the warm-up; ratios are relative to the peak. */
export type Decay =
  | { readonly kind: 'constant' }
  /** Half a cosine from the peak down to `floor` × peak (default 0) at `totalSteps`. */
  | { readonly kind: 'cosine'; readonly totalSteps: number; readonly floor?: number }
  /** A straight line down to `floor` × peak (default 0) at `totalSteps`. */
  | { readonly kind: 'linear'; readonly totalSteps: number; readonly floor?: number }
  /** Times `factor` every `everySteps`. */
  | { readonly kind: 'step'; readonly everySteps: number; readonly factor: number }
  /** Times `factor` whenever `patience` epochs in a row brought no better score. */
  | { readonly kind: 'plateau'; readonly patience: number; readonly factor: number };

export interface ScheduleConfig {
  /** The highest learning rate, reached when the warm-up ends. */
  readonly peak: number;
  /** Steps over which the rate rises from peak / warmUpSteps to the peak. Default 0. */
  readonly warmUpSteps?: number;
  readonly decay: Decay;
}

/** The schedule that `config` describes. Throws `Error` for numbers out of range. */
export function createSchedule({ peak, warmUpSteps = 0, decay }: ScheduleConfig): Schedule {
  assert(peak > 0 && Number.isFinite(peak), `peak: expected a learning rate above 0, got ${peak}`);
  assert(warmUpSteps >= 0, `warmUpSteps: expected at least 0, got ${warmUpSteps}`);
  checkDecay(decay);
  return (step, scores) => {
    if (step < warmUpSteps) return (peak * (step + 1)) / warmUpSteps;
    return peak * decayRatio(decay, step - warmUpSteps, warmUpSteps, scores);
  };
}

function checkDecay(decay: Decay): void {
  switch (decay.kind) {
    case 'constant':
      return;
    case 'cosine':
    case 'linear':
      assert(decay.totalSteps > 0, `totalSteps: expected at least 1, got ${decay.totalSteps}`);
      assert((decay.floor ?? 0) >= 0 && (decay.floor ?? 0) <= 1, `floor: expected 0 to 1, got ${decay.floor}`);
      return;
    case 'step':
      assert(decay.everySteps >= 1, `everySteps: expected at least 1, got ${decay.everySteps}`);
      assert(decay.factor > 0 && decay.factor <= 1, `factor: expected (0, 1], got ${decay.factor}`);
      return;
    case 'plateau':
      assert(decay.patience >= 1, `patience: expected at least 1, got ${decay.patience}`);
      assert(decay.factor > 0 && decay.factor <= 1, `factor: expected (0, 1], got ${decay.factor}`);
      return;
    default:
      unreachable(decay, 'decay');
  }
}

/** The rate relative to its peak, `steps` after the warm-up. */
function decayRatio(decay: Decay, steps: number, warmUpSteps: number, scores: readonly number[]): number {
  switch (decay.kind) {
    case 'constant':
      return 1;
    case 'cosine': {
      const floor = decay.floor ?? 0;
      const share = shareDone(steps, decay.totalSteps - warmUpSteps);
      return floor + ((1 - floor) * (1 + Math.cos(Math.PI * share))) / 2;
    }
    case 'linear': {
      const floor = decay.floor ?? 0;
      return floor + (1 - floor) * (1 - shareDone(steps, decay.totalSteps - warmUpSteps));
    }
    case 'step':
      return decay.factor ** Math.floor(steps / decay.everySteps);
    case 'plateau':
      return decay.factor ** countPlateaus(scores, decay.patience);
    default:
      return unreachable(decay, 'decay');
  }
}

/** 0 at the first step of the decay, 1 from its end on. */
function shareDone(steps: number, decaySteps: number): number {
  return decaySteps <= 0 ? 1 : Math.min(1, steps / decaySteps);
}

/** How often `patience` scores in a row did not beat the best before them; each plateau starts the count anew. */
export function countPlateaus(scores: readonly number[], patience: number): number {
  let best = -Infinity;
  let waited = 0;
  let plateaus = 0;
  for (const score of scores) {
    waited = score > best ? 0 : waited + 1;
    best = Math.max(best, score);
    if (waited === patience) {
      plateaus++;
      waited = 0;
    }
  }
  return plateaus;
}
