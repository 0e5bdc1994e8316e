/**
 * A recurrent cell over all time steps as one function with one hand-written gradient: back-propagation through time
 * (Werbos 1990). What a tape would record step by step is the same; here the gradient of the recurrent kernel is one
 * product of all steps instead of a sum of small ones, and what the forward pass multiplied is not multiplied again.
 */
import * as tf from '@tensorflow/tfjs-core';
import { splitEvenly } from './split.js';

/** [hidden] of `rnn` and `gru`, [hidden, cell] of `lstm`: each [batch, hiddenSize]. The first is the cell's output. */
export type CellState = readonly tf.Tensor[];

/** What one step computes, and what its gradient needs again. */
export interface RecurrenceStep {
  /** After the step; the first is the output. */
  readonly state: CellState;
  readonly saved: readonly tf.Tensor[];
}

/** Gradients of one step's inputs. */
export interface RecurrenceGradients {
  /** Of what the input contributes to the gates: [batch, gates·hidden]. */
  readonly projected: tf.Tensor;
  /** Of what the hidden state contributes by way of the recurrent kernel: [batch, gates·hidden]. */
  readonly recurrent: tf.Tensor;
  /** Of the state before, without the way through the recurrent kernel; undefined for zero. */
  readonly state: readonly (tf.Tensor | undefined)[];
}

/** The equations of a cell between its matrix products, and their derivatives. */
export interface Recurrence {
  /** `projected` and `recurrent` [batch, gates·hidden] are what input and hidden state contribute to the gates. */
  advance(projected: tf.Tensor, recurrent: tf.Tensor, state: CellState): RecurrenceStep;
  /** From the gradients of the state after the step (the first is always there) and what `advance` saved. */
  retreat(
    gradients: readonly [tf.Tensor, ...(tf.Tensor | undefined)[]],
    saved: readonly tf.Tensor[],
  ): RecurrenceGradients;
}

export interface RecurrenceInputs {
  /** [time·batch, gates·hidden]. */
  readonly projected: tf.Tensor;
  readonly time: number;
  /** [hidden, gates·hidden]. */
  readonly kernel: tf.Tensor;
  /** Added to the product with the kernel: [gates·hidden]. */
  readonly bias?: tf.Tensor;
  /** Before the first step; each [batch, hidden]. */
  readonly state: CellState;
}

/** Runs `recurrence` over time: the outputs of all steps, [time·batch, hidden], and the last state. */
export function runRecurrence(
  recurrence: Recurrence,
  { projected, time, kernel, bias, state }: RecurrenceInputs,
): { readonly outputs: tf.Tensor; readonly state: CellState } {
  const biases = bias === undefined ? [] : [bias];
  const run = tf.customGrad((...inputs) => {
    const tensors = inputs.slice(0, -1) as tf.Tensor[];
    const save = inputs.at(-1) as tf.GradSaveFunc;
    const start = tensors.slice(2 + biases.length);
    const steps = forward(recurrence, tensors, time, start);
    const hidden = steps.map((step) => step.state[0] as tf.Tensor);
    const last = (steps.at(-1) as RecurrenceStep).state;
    const before = tf.concat([start[0] as tf.Tensor, ...hidden.slice(0, -1)], 0); // [time·batch, hidden]
    const eachSaves = steps[0]?.saved.length ?? 0;
    save([tensors[1] as tf.Tensor, before, ...steps.flatMap(({ saved }) => saved)]);
    return {
      // One tensor is all that a function with a gradient may give: outputs, then the rest of the last state.
      value: tf.concat([...hidden, ...last.slice(1)], 0),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        backward(recurrence, dy, saved, { time, eachSaves, states: start.length, withBias: biases.length > 0 }),
    };
  });
  const all = run(projected, kernel, ...biases, ...state);
  const [batch = 0, hiddenSize = 0] = (state[0] as tf.Tensor).shape;
  if (state.length === 1) return { outputs: all, state: [tf.slice(all, [(time - 1) * batch, 0], [batch, hiddenSize])] };
  const part = (index: number): tf.Tensor => tf.slice(all, [(time - 1 + index) * batch, 0], [batch, hiddenSize]);
  return { outputs: tf.slice(all, [0, 0], [time * batch, hiddenSize]), state: state.map((_, index) => part(index)) };
}

/** `tensors`: projected, kernel, and a bias if there is one. */
function forward(
  recurrence: Recurrence,
  [projected, kernel, ...rest]: readonly tf.Tensor[],
  time: number,
  start: CellState,
): RecurrenceStep[] {
  const bias = rest.length > start.length ? rest[0] : undefined;
  let current = start;
  return splitEvenly(projected as tf.Tensor, time, 0).map((step) => {
    const product = tf.matMul(current[0] as tf.Tensor, kernel as tf.Tensor); // [batch, gates·hidden]
    const advanced = recurrence.advance(step, bias === undefined ? product : tf.add(product, bias), current);
    current = advanced.state;
    return advanced;
  });
}

interface Layout {
  readonly time: number;
  /** Tensors that a step saves. */
  readonly eachSaves: number;
  /** Tensors of a state. */
  readonly states: number;
  readonly withBias: boolean;
}

/** The gradients of projected, kernel, bias and state. */
function backward(
  recurrence: Recurrence,
  dy: tf.Tensor,
  [kernel, before, ...saved]: readonly tf.Tensor[],
  { time, eachSaves, states, withBias }: Layout,
): tf.Tensor[] {
  const parts = splitEvenly(dy, time + states - 1, 0);
  let gradients: readonly (tf.Tensor | undefined)[] = [undefined, ...parts.slice(time)];
  const projected: tf.Tensor[] = [];
  const recurrent: tf.Tensor[] = [];
  for (let step = time - 1; step >= 0; step--) {
    const [later, ...rest] = gradients;
    const output = parts[step] as tf.Tensor;
    const hidden = later === undefined ? output : tf.add(output, later);
    const retreated = recurrence.retreat([hidden, ...rest], saved.slice(step * eachSaves, (step + 1) * eachSaves));
    projected.unshift(retreated.projected);
    recurrent.unshift(retreated.recurrent);
    const through = tf.matMul(retreated.recurrent, kernel as tf.Tensor, false, true); // [batch, hidden]
    const [direct, ...others] = retreated.state;
    gradients = [direct === undefined ? through : tf.add(direct, through), ...others];
  }
  const dProjected = tf.concat(projected, 0); // [time·batch, gates·hidden]
  const shared = recurrent.every((tensor, step) => tensor === projected[step]);
  const dRecurrent = shared ? dProjected : tf.concat(recurrent, 0);
  const dKernel = tf.matMul(before as tf.Tensor, dRecurrent, true, false); // [hidden, gates·hidden]
  return [dProjected, dKernel, ...(withBias ? [tf.sum(dRecurrent, 0)] : []), ...(gradients as tf.Tensor[])];
}
