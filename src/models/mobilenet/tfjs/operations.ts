/**
 * What layers and graph models have in common, as far as a MobileNet may consist of it: operations that name their
 * inputs. `chain.ts` folds them into convolutions with a bias.
 */
import type { HostTensor } from '../../../layers/parameters.js';

/** Rows and columns of zeros put around a grid. */
export interface Pads {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

export type WindowPadding = 'same' | 'valid' | Pads;

/** What an operation does with its input. */
export type Action =
  /** Images [n, size, size, 3]; undefined where any size goes. */
  | { readonly kind: 'input'; readonly size: number | undefined }
  /** Kernel [k, k, in, out], or [k, k, channels, 1] when depthwise. */
  | {
      readonly kind: 'convolution';
      readonly depthwise: boolean;
      readonly kernel: HostTensor;
      readonly stride: number;
      readonly padding: WindowPadding;
    }
  /** Kernel [in, out]. */
  | { readonly kind: 'dense'; readonly kernel: HostTensor }
  /** x · scale + shift, each one number or one a channel. */
  | { readonly kind: 'affine'; readonly scale: ArrayLike<number>; readonly shift: ArrayLike<number> }
  | { readonly kind: 'relu6' }
  | { readonly kind: 'pad'; readonly pads: Pads }
  | { readonly kind: 'add' }
  /** The mean over the grid; `window` where its size is given. */
  | { readonly kind: 'pool'; readonly window: number | undefined }
  /** Leaves the values as they are; `onlyPooled` where that holds for single vectors alone (reshape, softmax). */
  | { readonly kind: 'identity'; readonly onlyPooled: boolean }
  /** Something that no MobileNet has; `what` completes "the model has …". */
  | { readonly kind: 'unsupported'; readonly what: string };

export interface Operation {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly action: Action;
}

/** Operations one after the other: the first takes `inputs`, the last is called `name`. */
export function inSequence(name: string, inputs: readonly string[], actions: readonly Action[]): Operation[] {
  const last = actions.length - 1;
  return actions.map((action, index) => ({
    name: index === last ? name : `${name}#${index}`,
    inputs: index === 0 ? inputs : [`${name}#${index - 1}`],
    action,
  }));
}

export const IDENTITY: Action = { kind: 'identity', onlyPooled: false };
export const ON_POOLED: Action = { kind: 'identity', onlyPooled: true };

/** x + bias. */
export function biasAction(bias: ArrayLike<number>): Action {
  return { kind: 'affine', scale: [1], shift: bias };
}

export interface BatchNormStatistics {
  readonly gamma?: ArrayLike<number> | undefined;
  readonly beta?: ArrayLike<number> | undefined;
  readonly mean: ArrayLike<number>;
  readonly variance: ArrayLike<number>;
  readonly epsilon: number;
}

/** γ · (x − μ) / √(σ² + ε) + β as one scale and one shift a channel (Ioffe and Szegedy 2015, at inference). */
export function batchNormAction({ gamma, beta, mean, variance, epsilon }: BatchNormStatistics): Action {
  const scale = Float64Array.from(variance, (value, channel) => (gamma?.[channel] ?? 1) / Math.sqrt(value + epsilon));
  const shift = scale.map((value, channel) => (beta?.[channel] ?? 0) - value * (mean[channel] ?? NaN));
  return { kind: 'affine', scale, shift };
}
