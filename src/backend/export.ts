/**
 * `exportOnnx(fn, inputs, path)`: traces a TensorFlow.js function as `compile` does, and saves it as a standard `.onnx`
 * file (opset 21) with the tensors that it captures as weights: it runs in Python, in a browser or on a phone.
 */
import * as tf from '@tensorflow/tfjs-core';
import { UserError } from '../shared/errors.js';
import { writeFileAtomically } from '../shared/files.js';
import { OnnxRuntimeBackend } from './backend.js';
import { inputName, lowerToModel } from './graph/lower.js';
import { type ModelOfBatch, withSymbolicBatch } from './graph/symbolic.js';
import { sizeOf, type TensorSpec } from './graph/types.js';
import { encodeModel, type OnnxModel } from './onnx/protobuf.js';
import { traceFunction, type TensorFunction } from './trace.js';

/** An input of an exported model. */
export interface ExportedInput {
  readonly name: string;
  /** Default float32. */
  readonly dtype?: 'float32' | 'int32' | 'bool';
  /** The first dimension is the batch, of any size, where it is given as 'batch'. */
  readonly shape: readonly (number | 'batch')[];
}

/** What an exported function is called by outside. */
export interface ExportOptions {
  /** The names of the function's results, in their order. */
  readonly outputNames: readonly string[];
}

/** Two batch sizes to trace at: large primes, which no other number of a model is likely to be a multiple of. */
const TRACED_BATCHES = [1009, 1013] as const;

/**
 * Saves `fn` to `path`, all of it or nothing.
 *
 * @example
 * await exportOnnx((x) => tf.softmax(tf.matMul(x as tf.Tensor2D, weights)), [{ name: 'x', shape: ['batch', 784] }], 'digits.onnx', {
 *   outputNames: ['probabilities'],
 * });
 *
 * @throws UserError on another backend than `onnxruntime`, or if the function does not work alike for every batch size;
 * the system's error if the file cannot be written
 */
export async function exportOnnx(
  fn: TensorFunction,
  inputs: readonly ExportedInput[],
  path: string,
  { outputNames }: ExportOptions,
): Promise<void> {
  const backend = tf.backend();
  if (!(backend instanceof OnnxRuntimeBackend)) {
    throw new UserError(`${path}: only the backend onnxruntime writes .onnx files, found ${tf.getBackend()}`);
  }
  requireNames([...inputs.map(({ name }) => name), ...outputNames]);
  const [one, other] = TRACED_BATCHES;
  const at = (batch: number): ModelOfBatch => ({ batch, model: named(backend, fn, { inputs, outputNames, batch }) });
  const fixed = inputs.every(({ shape }) => shape.every((dimension) => dimension !== 'batch'));
  const model = fixed ? at(one).model : withSymbolicBatch(at(one), at(other), { computes: true });
  if (model === undefined) {
    throw new UserError(
      `${path}: the function does not work alike for every batch size (give the inputs a first dimension of fixed size; ` +
        'of a model of tf.layers export apply, for predict cuts its input into pieces)',
    );
  }
  await writeFileAtomically(path, encodeModel(model));
}

/** The function lowered for one batch size, its inputs and outputs by the names asked for. */
function named(
  backend: OnnxRuntimeBackend,
  fn: TensorFunction,
  { inputs, outputNames, batch }: ExportOptions & { readonly inputs: readonly ExportedInput[]; readonly batch: number },
): OnnxModel {
  const specs = inputs.map(({ dtype = 'float32', shape }): TensorSpec => {
    return { dtype, shape: shape.map((dimension) => (dimension === 'batch' ? batch : dimension)) };
  });
  const empty = specs.findIndex(({ shape }) => sizeOf(shape) === 0);
  if (empty >= 0) throw new UserError(`${inputs[empty]?.name}: expected a shape without zeros to export`);
  const { cut, lowering, inputOfSource, outputs } = traceFunction(backend, fn, specs);
  if (outputs.length !== outputNames.length) {
    throw new UserError(`outputNames: expected ${outputs.length}, one for each result, found ${outputNames.length}`);
  }
  const model = lowerToModel(cut, lowering);
  const names = new Map<string, string>();
  inputOfSource.forEach((input, source) => {
    if (input !== undefined) names.set(inputName(source), inputs[input]?.name as string);
  });
  model.outputs.forEach(({ name }, index) => names.set(name, outputNames[index] as string));
  return renamed(model, names);
}

/** Throws UserError unless each name of an input or output is one that nothing else has. */
function requireNames(names: readonly string[]): void {
  const wrong = names.find((name, index) => name === '' || names.indexOf(name) !== index);
  if (wrong === undefined) return;
  const found = wrong === '' ? 'an empty one' : `"${wrong}" twice`;
  throw new UserError(`names of inputs and outputs: expected different ones, found ${found}`);
}

function renamed(model: OnnxModel, names: ReadonlyMap<string, string>): OnnxModel {
  const inner = [...model.nodes.flatMap(({ outputs }) => outputs), ...model.initializers.map(({ name }) => name)];
  const chosen = new Set(names.values());
  const taken = inner.find((name) => chosen.has(name) && !names.has(name));
  if (taken !== undefined) throw new UserError(`"${taken}": is the name of a value inside the model; choose another`);
  const rename = (name: string): string => names.get(name) ?? name;
  return {
    ...model,
    nodes: model.nodes.map((node) => ({
      ...node,
      inputs: node.inputs.map(rename),
      outputs: node.outputs.map(rename),
    })),
    inputs: model.inputs.map((value) => ({ ...value, name: rename(value.name) })),
    outputs: model.outputs.map((value) => ({ ...value, name: rename(value.name) })),
  };
}
