/** What all ways of decoding share. Nothing here knows of a model: a step function stands for it. */
import type * as tf from '@tensorflow/tfjs-core';

/** Where a model stands. `perRow` tensors may be gathered at will along their first axis. */
export interface DecodingState {
  /** Each [rows, …], where rows = images · k, those of an image beside each other. */
  readonly perRow: readonly tf.Tensor[];
  /** Each [images, …] (or of any shape): the same at every step. */
  readonly perImage: readonly tf.Tensor[];
}

/** What a step gives. */
export interface DecodedStep {
  /** Of the next token: [rows, vocabulary]. */
  readonly logits: tf.Tensor;
  /** Its `perImage` is not looked at. */
  readonly state: DecodingState;
  /** Where the model looked: [rows, positions]. */
  readonly attention?: tf.Tensor;
}

/**
 * One step of a model: feeds `tokens` (int32, [rows]). It may not read values, nor depend on anything that changes other
 * than its arguments.
 */
export type DecodingStep = (tokens: tf.Tensor, state: DecodingState) => DecodedStep;

/** A function from tensors to tensors. */
export type TensorsFunction = (...inputs: tf.Tensor[]) => tf.Tensor[];

/** Makes a function that runs faster and gives the same; `dispose` gives its resources back. */
export type Compile = (fn: TensorsFunction) => TensorsFunction & { dispose(): void };

/** What all ways of decoding are told: the model as a step, and which sequences it may give. */
export interface DecodingOptions {
  readonly step: DecodingStep;
  /** The token that is fed first. */
  readonly startId: number;
  /** The token that ends a sequence. */
  readonly endId: number;
  /** Tokens that are never chosen; typically padding, start and unknown. Probabilities are not renormalised. */
  readonly suppressedIds?: readonly number[];
  /** Tokens without END, at least 1. A sequence that has so many is ended, at the cost of END's log-probability. */
  readonly maximumLength: number;
  /** END is not chosen before so many tokens. Default 0. */
  readonly minimumLength?: number;
  /** No sequence of so many tokens comes twice in a result (Paulus et al. 2018); 0, the default, allows all. */
  readonly noRepeatNgram?: number;
  /** Whether candidates carry the attention's weights, when the model gives any. Default false. */
  readonly attention?: boolean;
  /** Compiles the step together with its top-k, once for each batch size. Default: runs it as it is. */
  readonly compile?: Compile;
}

/** A sequence that was found. */
export interface Candidate {
  /** Without START and END. */
  readonly tokens: readonly number[];
  /** The natural logarithm of the probability that the model gives to the tokens and END. */
  readonly logProbability: number;
  /** What candidates are ranked by; `logProbability`, unless there are costs or a length penalty. */
  readonly score: number;
  /** With the option `attention`: for each token the weights [positions] of the step that chose it. */
  readonly attention?: readonly Float32Array[];
}

/** A way of decoding, bound to a model. It may be used for any number of batches. */
export interface SequenceDecoder {
  /**
   * The candidates of each image, best first. `start` has one row an image and stays with the caller.
   * One batch at a time.
   */
  decode(start: DecodingState, images: number): Promise<Candidate[][]>;
  dispose(): void;
}
