/**
 * AdamW as a plain TensorFlow.js graph: Adam (Kingma and Ba 2015, Algorithm 1) with decoupled weight decay (Loshchilov
 * and Hutter 2019, Algorithm 2) and clipping by the global norm (Pascanu et al. 2013).
 *
 * Everything that varies from step to step enters as a scalar tensor, so that a recording backend compiles one step and
 * runs it for ever. The update is arranged to need few kernels:
 *
 *     m ← β₁ m + (1 − β₁) c g        c = min(1, clip / ‖g‖), over all parameters; 1 without clipping
 *     v ← β₂ v + (1 − β₂) c² g²
 *     w ← (1 − η λ) w − a m / (√v + ε √(1 − β₂ᵗ))        a = η √(1 − β₂ᵗ) / (1 − β₁ᵗ)
 *
 * which is the published update with the bias corrections moved into two scalars. Small parameters that share a group
 * are joined into one long vector (a bucket), so that dozens of biases cost what one does.
 */
import * as tf from '@tensorflow/tfjs-core';
import { assert, defined } from '../shared/assert.js';
import type { HostTensor } from './safetensors.js';

/** How one parameter is treated. */
export interface ParameterGroup {
  /** The learning rate is multiplied by this. Default 1. */
  readonly learningRateMultiplier?: number;
  /** Default: matrices and larger decay, biases and other vectors do not. */
  readonly weightDecay?: boolean;
}

export interface AdamWOptions {
  /** β₁, in [0, 1). Default 0.9. */
  readonly beta1?: number;
  /** β₂, in [0, 1). Default 0.999. */
  readonly beta2?: number;
  /** ε, above 0. Default 1e-8. */
  readonly epsilon?: number;
  /** λ: a step takes the share η λ off each weight. Default 0. */
  readonly weightDecay?: number;
  /** The largest norm of all gradients together; Infinity (the default) for no clipping. */
  readonly clipNorm?: number;
  /** The group of a parameter. */
  readonly groupOf?: (name: string, shape: readonly number[]) => ParameterGroup;
  /** Parameters of fewer values than this are updated in buckets. Default 16,384. */
  readonly bucketBelow?: number;
}

/** What an optimizer remembers: enough to go on exactly where it stood. */
export interface OptimizerState {
  /** Updates made so far. */
  readonly step: number;
  /** Both moments by parameter, in the parameter's shape. */
  readonly moments: Readonly<Record<string, { readonly m: HostTensor; readonly v: HostTensor }>>;
}

interface Member {
  readonly name: string;
  readonly variable: tf.Variable;
  readonly size: number;
}

/** Parameters that are updated together; several are joined into one vector, a single one keeps its shape. */
interface Bucket {
  readonly members: readonly Member[];
  readonly shape: readonly number[];
  readonly learningRateMultiplier: number;
  readonly decays: boolean;
  readonly m: tf.Variable;
  readonly v: tf.Variable;
}

type Hyperparameters = Required<Pick<AdamWOptions, 'beta1' | 'beta2' | 'epsilon' | 'weightDecay' | 'clipNorm'>>;

/** Scalars of one step that do not depend on the bucket. */
interface StepScalars {
  readonly beta1: tf.Scalar;
  readonly beta2: tf.Scalar;
  /** (1 − β₁) c and (1 − β₂) c². */
  readonly gradientScale: tf.Scalar;
  readonly squareScale: tf.Scalar;
  /** ε √(1 − β₂ᵗ). */
  readonly epsilon: tf.Scalar;
}

const DEFAULTS: Hyperparameters = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0, clipNorm: Infinity };
const DEFAULT_BUCKET_BELOW = 16_384;

/** PyTorch adds the same to the norm before it divides. */
const CLIP_EPSILON = 1e-6;

/** The optimizer of one set of variables. It owns the moments: `dispose` it at the end. */
export class AdamW {
  readonly #hyper: Hyperparameters;
  readonly #buckets: readonly Bucket[];
  #step = 0;

  /** `parameters`: the float32 variables to train, by name. Moments start at zero. */
  constructor(parameters: Readonly<Record<string, tf.Variable>>, options: AdamWOptions = {}) {
    this.#hyper = checkedHyperparameters(options);
    this.#buckets = createBuckets(parameters, options);
  }

  /** Updates made so far. */
  get step(): number {
    return this.#step;
  }

  /**
   * Makes one update. Call it inside `tf.tidy`; nothing is read, so a recording backend only records.
   * @param gradients by parameter name, each of its parameter's shape
   * @param learningRate η, before the groups' multipliers
   * @returns the norm of all gradients together, before clipping: a scalar
   */
  update(gradients: Readonly<Record<string, tf.Tensor>>, learningRate: number): tf.Scalar {
    this.#step++;
    const joined = this.#buckets.map((bucket) => joinBucket(bucket, (member) => gradientOf(gradients, member.name)));
    const squares = joined.map((gradient) => tf.square(gradient));
    const sums = squares.map((square): tf.Scalar => tf.sum(square));
    const norm: tf.Scalar = tf.sqrt(tf.addN(sums));
    const scalars = this.#stepScalars(norm);
    this.#buckets.forEach((bucket, index) => {
      const gradient = defined(joined[index], 'gradient');
      const square = defined(squares[index], 'squared gradient');
      this.#updateBucket(bucket, gradient, square, scalars, learningRate);
    });
    return norm;
  }

  #stepScalars(norm: tf.Scalar): StepScalars {
    const { beta1, beta2, epsilon, clipNorm } = this.#hyper;
    const plain = { gradientScale: tf.scalar(1 - beta1), squareScale: tf.scalar(1 - beta2) };
    const scales = clipNorm === Infinity ? plain : clippedScales(norm, clipNorm, plain);
    return {
      ...scales,
      beta1: tf.scalar(beta1),
      beta2: tf.scalar(beta2),
      epsilon: tf.scalar(epsilon * Math.sqrt(1 - beta2 ** this.#step)),
    };
  }

  #updateBucket(
    bucket: Bucket,
    gradient: tf.Tensor,
    square: tf.Tensor,
    scalars: StepScalars,
    learningRate: number,
  ): void {
    const { beta1, beta2, weightDecay } = this.#hyper;
    const rate = learningRate * bucket.learningRateMultiplier;
    const stepSize = (rate * Math.sqrt(1 - beta2 ** this.#step)) / (1 - beta1 ** this.#step);
    const m = tf.add(tf.mul(bucket.m, scalars.beta1), tf.mul(gradient, scalars.gradientScale));
    const v = tf.add(tf.mul(bucket.v, scalars.beta2), tf.mul(square, scalars.squareScale));
    const change = tf.div(tf.mul(m, tf.scalar(stepSize)), tf.add(tf.sqrt(v), scalars.epsilon));
    const weights = joinBucket(bucket, (member) => member.variable);
    const decayed = weightDecay > 0 && bucket.decays ? tf.mul(weights, tf.scalar(1 - rate * weightDecay)) : weights;
    assignBucket(bucket, tf.sub(decayed, change));
    bucket.m.assign(m);
    bucket.v.assign(v);
  }

  /** Reads the moments; the values are exact. */
  async state(): Promise<OptimizerState> {
    const moments: Record<string, { m: HostTensor; v: HostTensor }> = {};
    for (const bucket of this.#buckets) {
      const m = (await bucket.m.data()) as Float32Array;
      const v = (await bucket.v.data()) as Float32Array;
      let begin = 0;
      for (const { name, variable, size } of bucket.members) {
        const { shape } = variable;
        const part = (values: Float32Array) => ({ shape, values: values.slice(begin, begin + size) });
        moments[name] = { m: part(m), v: part(v) };
        begin += size;
      }
    }
    return { step: this.#step, moments };
  }

  /** Takes over a `state` of the same parameters. */
  restore(state: OptimizerState): void {
    for (const bucket of this.#buckets) {
      restoreMoment(bucket, bucket.m, (name) => defined(state.moments[name], `moments of ${name}`).m);
      restoreMoment(bucket, bucket.v, (name) => defined(state.moments[name], `moments of ${name}`).v);
    }
    this.#step = state.step;
  }

  dispose(): void {
    for (const { m, v } of this.#buckets) tf.dispose([m, v]);
  }
}

function checkedHyperparameters(options: AdamWOptions): Hyperparameters {
  const hyper = {
    beta1: options.beta1 ?? DEFAULTS.beta1,
    beta2: options.beta2 ?? DEFAULTS.beta2,
    epsilon: options.epsilon ?? DEFAULTS.epsilon,
    weightDecay: options.weightDecay ?? DEFAULTS.weightDecay,
    clipNorm: options.clipNorm ?? DEFAULTS.clipNorm,
  };
  assert(hyper.beta1 >= 0 && hyper.beta1 < 1, `beta1: expected [0, 1), got ${hyper.beta1}`);
  assert(hyper.beta2 >= 0 && hyper.beta2 < 1, `beta2: expected [0, 1), got ${hyper.beta2}`);
  assert(hyper.epsilon > 0, `epsilon: expected more than 0, got ${hyper.epsilon}`);
  assert(hyper.weightDecay >= 0, `weightDecay: expected at least 0, got ${hyper.weightDecay}`);
  assert(hyper.clipNorm > 0, `clipNorm: expected more than 0, got ${hyper.clipNorm}`);
  return hyper;
}

/** Both scales times c and c², with c = min(1, clip / (norm + 1e-6)). */
function clippedScales(
  norm: tf.Scalar,
  clipNorm: number,
  plain: Pick<StepScalars, 'gradientScale' | 'squareScale'>,
): Pick<StepScalars, 'gradientScale' | 'squareScale'> {
  const ratio = tf.div(tf.scalar(clipNorm), tf.add(norm, tf.scalar(CLIP_EPSILON)));
  const clip = tf.minimum(ratio, tf.scalar(1));
  const gradientScale: tf.Scalar = tf.mul(plain.gradientScale, clip);
  const squareScale: tf.Scalar = tf.mul(plain.squareScale, tf.square(clip));
  return { gradientScale, squareScale };
}

function gradientOf(gradients: Readonly<Record<string, tf.Tensor>>, name: string): tf.Tensor {
  return defined(gradients[name], `gradient of "${name}" (does the loss depend on it?)`);
}

/** The tensors of a bucket's members as one: [sum of sizes], or a single member's own tensor. */
function joinBucket(bucket: Bucket, tensorOf: (member: Member) => tf.Tensor): tf.Tensor {
  const [first] = bucket.members;
  if (bucket.members.length === 1) return tensorOf(defined(first, 'member'));
  return tf.concat1d(bucket.members.map((member) => tf.reshape(tensorOf(member), [member.size]) as tf.Tensor1D));
}

/** Gives each member its part of the joined `weights`. */
function assignBucket({ members }: Bucket, weights: tf.Tensor): void {
  const sizes = members.map(({ size }) => size);
  const parts = members.length === 1 ? [weights] : tf.split(weights, sizes);
  members.forEach(({ variable }, index) => {
    variable.assign(tf.reshape(defined(parts[index], 'part'), variable.shape));
  });
}

function restoreMoment(bucket: Bucket, moment: tf.Variable, saved: (name: string) => HostTensor): void {
  const values = new Float32Array(moment.size);
  let begin = 0;
  for (const { name, size } of bucket.members) {
    const tensor = saved(name);
    assert(
      tensor.values.length === size,
      () => `moments of ${name}: ${tensor.values.length} values instead of ${size}`,
    );
    values.set(tensor.values, begin);
    begin += size;
  }
  tf.tidy(() => moment.assign(tf.tensor(values, moment.shape)));
}

/** Large parameters each get a bucket; small ones share one with those of their group. */
function createBuckets(
  parameters: Readonly<Record<string, tf.Variable>>,
  { groupOf = () => ({}), bucketBelow = DEFAULT_BUCKET_BELOW }: AdamWOptions,
): readonly Bucket[] {
  const buckets = new Map<string, { multiplier: number; decays: boolean; members: Member[] }>();
  for (const [name, variable] of Object.entries(parameters)) {
    assert(variable.dtype === 'float32', `${name}: expected float32, got ${variable.dtype}`);
    const group = groupOf(name, variable.shape);
    const multiplier = group.learningRateMultiplier ?? 1;
    const decays = group.weightDecay ?? variable.rank >= 2;
    const key = variable.size < bucketBelow ? `${multiplier} ${decays}` : `alone ${name}`;
    const bucket = buckets.get(key) ?? { multiplier, decays, members: [] };
    bucket.members.push({ name, variable, size: variable.size });
    buckets.set(key, bucket);
  }
  assert(buckets.size > 0, 'an optimizer needs at least one parameter');
  return [...buckets.values()].map(({ multiplier, decays, members }) => {
    const [only] = members.length === 1 ? members : [];
    const shape = only?.variable.shape ?? [members.reduce((sum, { size }) => sum + size, 0)];
    return { members, shape, learningRateMultiplier: multiplier, decays, m: zeros(shape), v: zeros(shape) };
  });
}

/** A variable of zeros that no gradient flows into. */
function zeros(shape: readonly number[]): tf.Variable {
  return tf.tidy(() => tf.variable(tf.zeros([...shape]), false));
}
