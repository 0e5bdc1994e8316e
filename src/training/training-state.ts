/** What a training run remembers between steps: enough to go on to exactly the weights of an uninterrupted run. */
import type { RandomState } from '../shared/random.js';
import type { OptimizerState } from './optimizers.js';
import type { HostTensors } from './parameters.js';

/** One epoch's line in the log. */
export interface EpochRecord {
  /** Counts from 1. */
  readonly epoch: number;
  /** Steps made since the start of training. */
  readonly step: number;
  /** Mean training loss of the epoch, weighted by tokens. */
  readonly loss: number;
  /** Mean norm of the gradients before clipping. */
  readonly gradientNorm: number;
  /** The learning rate of the epoch's last step. */
  readonly learningRate: number;
  /** The validation score; higher is better. */
  readonly score: number;
  /** Other numbers that the validation gave. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Whether the score was the best so far. */
  readonly best: boolean;
  readonly tokens: number;
  /** Time spent on the training steps, and on the validation. */
  readonly trainingSeconds: number;
  readonly validationSeconds: number;
}

/** Sums over the steps of the epoch under way. */
export interface EpochSums {
  readonly steps: number;
  /** Σ loss × tokens. */
  readonly loss: number;
  readonly gradientNorm: number;
  readonly tokens: number;
  readonly seconds: number;
  readonly learningRate: number;
}

export const EMPTY_SUMS: EpochSums = { steps: 0, loss: 0, gradientNorm: 0, tokens: 0, seconds: 0, learningRate: 0 };

/** Where a run stands, without its tensors: plain JSON. */
export interface TrainingPosition {
  /** The epoch under way; counts from 0. */
  readonly epoch: number;
  /** Its steps so far; the first `sums.steps` batches of the epoch are done. */
  readonly sums: EpochSums;
  /** The generator that gives each epoch its seed, before it gave this epoch's. */
  readonly random: RandomState;
  /** The epochs that are done. */
  readonly history: readonly EpochRecord[];
}

/** A whole resumable state. */
export interface TrainingState {
  readonly position: TrainingPosition;
  readonly parameters: HostTensors;
  readonly optimizer: OptimizerState;
  /** Moving averages of the parameters, in a run that has them. */
  readonly averages?: HostTensors;
  /** What goes on from batch to batch, in a run that carries something. */
  readonly carried?: HostTensors;
}

/** The best epoch so far: the first with the highest score, or undefined before any epoch is done. */
export function bestOf(history: readonly EpochRecord[]): EpochRecord | undefined {
  return history.findLast((record) => record.best);
}

/** How many epochs in a row have brought no better score. */
export function epochsWithoutImprovement(history: readonly EpochRecord[]): number {
  return history.length - 1 - history.findLastIndex((record) => record.best);
}
