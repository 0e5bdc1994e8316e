/**
 * Nothing in this file knows of a model: it turns a loss, batches and a validation into trained weights.
 *
 * One step is one graph (gradients, update, assignment) and one read of two numbers at its end, so that a recording
 * backend runs one session a step. Everything random is drawn from a state that is saved, so that a run that was
 * interrupted, in the middle of an epoch too, goes on to the weights of an uninterrupted run bit for bit.
 * Early stopping as in Prechelt 1998, with patience counted in epochs.
 */
import * as tf from '@tensorflow/tfjs-core';
import { assert } from '../shared/assert.js';
import { UserError } from '../shared/errors.js';
import { writeFileAtomically } from '../shared/files.js';
import '../shared/gradients.js';
import { startProgress } from '../shared/progress.js';
import { counterUniform, Random } from '../shared/random.js';
import { MovingAverage } from './moving-average.js';
import { AdamW, type AdamWOptions } from './optimizers.js';
import { assignWeights, type HostTensors, readTensors, type TrainableParameters } from './parameters.js';
import type { Schedule } from './schedule.js';
import { explainWriteErrors } from './system-errors.js';
import {
  bestOf,
  EMPTY_SUMS,
  epochsWithoutImprovement,
  type EpochRecord,
  type EpochSums,
  type TrainingPosition,
  type TrainingState,
} from './training-state.js';

/** What a loss may use besides batch and parameters. */
export interface StepContext {
  /** Steps made before this one since the start of training. */
  readonly step: number;
  /** Counts from 0. */
  readonly epoch: number;
  /** An int32 scalar tensor that differs from step to step: the seed of dropout masks. */
  readonly dropoutSeed: tf.Scalar;
}

/** Which batches are asked for. */
export interface BatchRequest {
  /** Counts from 0. */
  readonly epoch: number;
  /** Leave out this many batches at the start of the epoch: they were trained on before an interruption. */
  readonly skip: number;
  /** The only source of chance: the same for an epoch however often it is begun. */
  readonly random: Random;
}

export interface Validation {
  /** Higher is better. */
  readonly score: number;
  /** Other numbers for the log. */
  readonly metrics?: Readonly<Record<string, number>>;
}

export interface FitOptions<Batch> {
  /** The weights to train, changed in place. Frozen ones stay with the caller. */
  readonly parameters: TrainableParameters;
  readonly optimizer?: AdamWOptions;
  readonly learningRate: Schedule;
  readonly epochs: number;
  /** Return after so many epochs in all though more are planned, as if interrupted; `resume` goes on. */
  readonly stopAfter?: number;
  /** Validate and save a moving average of the weights with this decay (see `MovingAverage`). Default 0: none. */
  readonly averageDecay?: number;
  readonly seed: number;
  /**
   * The batches of one epoch. Order and content may depend on `request.epoch` and `request.random` alone, and after
   * `skip` batches they must go on as if those had been given. Reading ahead is the caller's affair.
   */
  readonly batches: (request: BatchRequest) => AsyncIterable<Batch> | Iterable<Batch>;
  /** For the progress bar; without it there is none. */
  readonly stepsPerEpoch?: number;
  /** A scalar float32 tensor; runs inside `tf.tidy` and must not read values. */
  readonly loss: (batch: Batch, parameters: TrainableParameters, context: StepContext) => tf.Tensor;
  /** The weight of a batch in the epoch's mean loss, and what tokens/s counts. Default 1. */
  readonly countTokens?: (batch: Batch) => number;
  /** Called after each epoch, with the number of epochs done. Throwing is fine once `signal` is aborted. */
  readonly validate: (epochsDone: number, signal: AbortSignal | undefined) => Promise<Validation>;
  /** Stop after so many epochs in a row without a better score. Default: never. */
  readonly patience?: number;
  /** Saves the weights as they are now, which are the best so far. */
  readonly saveBest?: (record: EpochRecord) => Promise<void>;
  /** Saves what `resume` takes: after each epoch, when interrupted, and every `saveEverySteps` steps. */
  readonly saveState?: (state: TrainingState) => Promise<void>;
  readonly saveEverySteps?: number;
  readonly resume?: TrainingState;
  /** What goes on from batch to batch besides the weights, such as the state of a model that reads on. Default: nothing. */
  readonly carried?: CarriedTensors;
  /** A JSON line an epoch goes here. */
  readonly logFile?: string;
  /** Told of each epoch once it is saved; what it throws ends the training. */
  readonly onEpoch?: (record: EpochRecord) => void;
  /** Aborting it finishes the step under way, saves the state and returns. */
  readonly signal?: AbortSignal;
}

/** Tensors that the caller carries on from batch to batch, saved and given back with the rest of the state. */
export interface CarriedTensors {
  read(): Promise<HostTensors>;
  restore(tensors: HostTensors): void;
}

/** How a training ended: with its last epoch, by `patience`, or before, by its signal or `stopAfter`: `resume` goes on. */
export type TrainingEnding = 'completed' | 'stopped early' | 'interrupted';

export interface FitResult {
  readonly ending: TrainingEnding;
  readonly history: readonly EpochRecord[];
  readonly best: EpochRecord | undefined;
  /** Steps made since the start of training. */
  readonly steps: number;
}

/** A run under way. */
interface Run<Batch> {
  readonly options: FitOptions<Batch>;
  readonly optimizer: AdamW;
  readonly average: MovingAverage | undefined;
}

/**
 * Trains until `epochs` are done, the score stops getting better, or `signal` is aborted.
 * Throws `UserError` if loss or gradients stop being finite (nothing is saved then: the last good state stays on disk),
 * or if a file cannot be written.
 */
export async function fit<Batch>(options: FitOptions<Batch>): Promise<FitResult> {
  const { resume, epochs, parameters, seed, averageDecay = 0, stopAfter = Infinity } = options;
  const optimizer = new AdamW(parameters, options.optimizer);
  const average = averageDecay === 0 ? undefined : new MovingAverage(parameters, averageDecay);
  try {
    const run = { options, optimizer, average };
    let position: TrainingPosition = { epoch: 0, sums: EMPTY_SUMS, random: new Random(seed).state, history: [] };
    if (resume !== undefined) {
      position = resume.position;
      restore(run, resume);
    }
    while (position.epoch < epochs && !isPatienceOver(position, options)) {
      if (position.epoch >= stopAfter) return resultOf('interrupted', run, position);
      const next = await runEpoch(run, position);
      if (next === 'interrupted') return resultOf('interrupted', run, position);
      position = next;
      if (isAborted(options) && position.epoch < epochs) return resultOf('interrupted', run, position);
    }
    return resultOf(isPatienceOver(position, options) ? 'stopped early' : 'completed', run, position);
  } finally {
    optimizer.dispose();
    average?.dispose();
  }
}

function restore<Batch>({ options, optimizer, average }: Run<Batch>, state: TrainingState): void {
  assignWeights(options.parameters, state.parameters);
  optimizer.restore(state.optimizer);
  if (state.averages !== undefined) average?.restore(state.averages);
  if (state.carried !== undefined) options.carried?.restore(state.carried);
}

/** A call, because the compiler believes that a property stays as it was. */
function isAborted<Batch>({ signal }: FitOptions<Batch>): boolean {
  return signal?.aborted === true;
}

function isPatienceOver<Batch>({ history }: TrainingPosition, { patience = Infinity }: FitOptions<Batch>): boolean {
  return epochsWithoutImprovement(history) >= patience;
}

function resultOf<Batch>(ending: TrainingEnding, { optimizer }: Run<Batch>, { history }: TrainingPosition): FitResult {
  return { ending, history, best: bestOf(history), steps: optimizer.step };
}

/** Goes on from `position` to the end of its epoch; 'interrupted' if the state was saved before that. */
async function runEpoch<Batch>(run: Run<Batch>, position: TrainingPosition): Promise<TrainingPosition | 'interrupted'> {
  const { options } = run;
  const random = Random.fromState(position.random);
  const epochRandom = new Random(random.nextInt32());
  const stepsDone = await runSteps(run, position, epochRandom);
  if (isAborted(options)) {
    await saveState(run, stepsDone);
    return 'interrupted';
  }
  const record = await withAverages(run, () => judge(run, stepsDone));
  if (record === 'aborted') {
    await saveState(run, stepsDone);
    return 'interrupted';
  }
  const history = [...stepsDone.history, record];
  const next = { epoch: stepsDone.epoch + 1, sums: EMPTY_SUMS, random: random.state, history };
  await saveState(run, next);
  await writeLog(options.logFile, history);
  options.onEpoch?.(record);
  return next;
}

/** Runs `work` with the weights that are validated and saved. */
function withAverages<Batch, T>({ average }: Run<Batch>, work: () => Promise<T>): Promise<T> {
  return average === undefined ? work() : average.during(work);
}

/** Validates the epoch that was just trained, and saves its weights if they are the best so far. */
async function judge<Batch>(run: Run<Batch>, done: TrainingPosition): Promise<EpochRecord | 'aborted'> {
  const validation = await validateUnlessAborted(run.options, done.epoch + 1);
  if (validation === 'aborted') return validation;
  const record = recordOf(run, done, validation);
  if (record.best) await run.options.saveBest?.(record);
  return record;
}

/** The steps that are left of the epoch, or fewer if the signal is aborted. */
async function runSteps<Batch>(run: Run<Batch>, position: TrainingPosition, random: Random): Promise<TrainingPosition> {
  const { options } = run;
  const { epoch } = position;
  let current = position;
  if (isAborted(options)) return current;
  const progress = startProgress(`epoch ${epoch + 1}/${options.epochs}`, options.stepsPerEpoch ?? 0);
  progress.advance(position.sums.steps);
  try {
    let begin = performance.now();
    for await (const batch of options.batches({ epoch, skip: position.sums.steps, random })) {
      const step = await runStep(run, current, batch);
      const now = performance.now();
      const sums = addStep(current.sums, step, (now - begin) / 1000);
      begin = now;
      current = { ...current, sums };
      progress.advance(1, describeProgress(sums));
      if (isAborted(options)) break;
      if (run.optimizer.step % (options.saveEverySteps ?? Infinity) === 0) await saveState(run, current);
    }
  } finally {
    progress.stop();
  }
  assert(current.sums.steps > 0, `epoch ${epoch + 1} had no batches`);
  return current;
}

interface StepOutcome {
  readonly loss: number;
  readonly gradientNorm: number;
  readonly tokens: number;
  readonly learningRate: number;
}

/** One update of the weights, and the one read that makes a recording backend run it. */
async function runStep<Batch>(
  { options, optimizer, average }: Run<Batch>,
  position: TrainingPosition,
  batch: Batch,
): Promise<StepOutcome> {
  const { epoch } = position;
  const { step } = optimizer;
  const scores = position.history.map(({ score }) => score);
  const learningRate = options.learningRate(step, scores);
  const report = tf.tidy(() => {
    const context = { step, epoch, dropoutSeed: tf.scalar(dropoutSeedOf(options.seed, step), 'int32') };
    const { loss, gradients } = lossAndGradients(options, batch, context);
    const norm = optimizer.update(gradients, learningRate);
    average?.update(optimizer.step);
    return tf.concat1d([tf.reshape(loss, [1]), tf.reshape(norm, [1])]);
  });
  const [loss = NaN, gradientNorm = NaN] = await report.data();
  report.dispose();
  if (!Number.isFinite(loss) || !Number.isFinite(gradientNorm)) throw divergence(position, step, loss, learningRate);
  return { loss, gradientNorm, tokens: options.countTokens?.(batch) ?? 1, learningRate };
}

function lossAndGradients<Batch>(
  { parameters, loss }: FitOptions<Batch>,
  batch: Batch,
  context: StepContext,
): { readonly loss: tf.Scalar; readonly gradients: Readonly<Record<string, tf.Tensor>> } {
  const { value, grads } = tf.variableGrads(
    () => loss(batch, parameters, context) as tf.Scalar,
    Object.values(parameters),
  );
  const gradients: Record<string, tf.Tensor> = {};
  for (const [name, variable] of Object.entries(parameters)) {
    const gradient = grads[variable.name];
    if (gradient !== undefined) gradients[name] = gradient;
  }
  return { loss: value, gradients };
}

/** A 24-bit integer from a hash of seed and step. */
function dropoutSeedOf(seed: number, step: number): number {
  return Math.floor(counterUniform(seed, step) * 2 ** 24);
}

function divergence({ epoch, sums }: TrainingPosition, step: number, loss: number, learningRate: number): UserError {
  const found = Number.isFinite(loss) ? 'the gradients are not finite' : `the loss is ${loss}`;
  return new UserError(
    `training step ${step + 1} (epoch ${epoch + 1}, batch ${sums.steps + 1}): ${found} at learning rate ` +
      `${learningRate} (start again with a lower learning rate, or clip the gradients' norm; what was saved before is ` +
      'untouched)',
  );
}

function addStep(sums: EpochSums, step: StepOutcome, seconds: number): EpochSums {
  return {
    steps: sums.steps + 1,
    loss: sums.loss + step.loss * step.tokens,
    gradientNorm: sums.gradientNorm + step.gradientNorm,
    tokens: sums.tokens + step.tokens,
    seconds: sums.seconds + seconds,
    learningRate: step.learningRate,
  };
}

function describeProgress({ loss, tokens, seconds }: EpochSums): string {
  return `loss ${(loss / tokens).toFixed(3)}, ${Math.round(tokens / seconds)} tokens/s`;
}

async function validateUnlessAborted<Batch>(
  { validate, signal }: FitOptions<Batch>,
  epochsDone: number,
): Promise<(Validation & { readonly seconds: number }) | 'aborted'> {
  const begin = performance.now();
  try {
    const validation = await validate(epochsDone, signal);
    return { ...validation, seconds: (performance.now() - begin) / 1000 };
  } catch (error) {
    if (signal?.aborted === true) return 'aborted';
    throw error;
  }
}

function recordOf<Batch>(
  { optimizer }: Run<Batch>,
  { epoch, sums, history }: TrainingPosition,
  validation: Validation & { readonly seconds: number },
): EpochRecord {
  const { score, metrics = {}, seconds } = validation;
  assert(Number.isFinite(score), `the validation score after epoch ${epoch + 1} is ${score}`);
  return {
    epoch: epoch + 1,
    step: optimizer.step,
    loss: sums.loss / sums.tokens,
    gradientNorm: sums.gradientNorm / sums.steps,
    learningRate: sums.learningRate,
    score,
    metrics,
    best: score > (bestOf(history)?.score ?? -Infinity),
    tokens: sums.tokens,
    trainingSeconds: sums.seconds,
    validationSeconds: seconds,
  };
}

async function saveState<Batch>(run: Run<Batch>, position: TrainingPosition): Promise<void> {
  const { options, optimizer, average } = run;
  if (options.saveState === undefined) return;
  const parameters = await readTensors(options.parameters);
  const averages = await average?.state();
  const carried = await options.carried?.read();
  await options.saveState({
    position,
    parameters,
    optimizer: await optimizer.state(),
    ...(averages === undefined ? {} : { averages }),
    ...(carried === undefined ? {} : { carried }),
  });
}

/** The whole log, so that a resumed run never repeats or loses a line. */
async function writeLog(path: string | undefined, history: readonly EpochRecord[]): Promise<void> {
  if (path === undefined) return;
  const text = history.map((record) => `${JSON.stringify(record)}\n`).join('');
  await explainWriteErrors(path, () => writeFileAtomically(path, text));
}
