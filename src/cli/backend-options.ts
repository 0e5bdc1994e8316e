/** The options that say what computes, shared by all commands, and the choice of the backend. */
import * as tf from '@tensorflow/tfjs-core';
import { BACKEND_NAME, configureBackend, DEVICES, type Device } from '../backend/index.js';
import { messageOf, systemCodeOf, UserError } from '../shared/errors.js';
import { countUpTo } from '../shared/rules.js';
import { checkNumbers } from './commands/training-options.js';

const BACKENDS = ['onnxruntime', 'tensorflow', 'cpu'] as const;
export type BackendChoice = (typeof BACKENDS)[number];

export const backendOptions = {
  backend: {
    choices: BACKENDS,
    default: 'onnxruntime' as BackendChoice,
    describe: 'What computes; tensorflow needs the optional package @tensorflow/tfjs-node',
  },
  device: {
    choices: DEVICES,
    default: 'cpu' as Device,
    describe: 'Device of ONNX Runtime',
  },
  threads: {
    type: 'number',
    requiresArg: true,
    describe: 'Threads of ONNX Runtime (default: one for each available core)',
  },
} as const;

export interface BackendArguments {
  readonly backend: BackendChoice;
  readonly device: Device;
  readonly threads: number | undefined;
}

/** More would only exhaust the machine. */
const MOST_THREADS = 1024;

/** Loads a module by name; tests give their own. */
export type ModuleLoader = (name: string) => Promise<unknown>;

const importModule: ModuleLoader = (name) => import(name) as Promise<unknown>;

/** Selects the backend. Throws UserError when it is not installed or an option does not fit it. */
export async function selectBackend(
  { backend, device, threads }: BackendArguments,
  load: ModuleLoader = importModule,
): Promise<void> {
  checkNumbers({ threads: { rule: countUpTo(MOST_THREADS) } }, { threads });
  if (backend !== 'onnxruntime' && device !== 'cpu') {
    throw new UserError(`--device ${device}: only the backend onnxruntime has devices`, { exitCode: 2 });
  }
  if (backend !== 'onnxruntime' && threads !== undefined) {
    throw new UserError(`--threads: the backend ${backend} takes no number of threads`, { exitCode: 2 });
  }
  switch (backend) {
    case 'onnxruntime':
      await activate(BACKEND_NAME);
      configureBackend({ device, ...(threads === undefined ? {} : { threads }) });
      return;
    case 'cpu':
      await load('@tensorflow/tfjs-backend-cpu');
      await activate('cpu');
      // Its advice to install a faster backend is no news to who chose this one.
      (tf.backend() as { firstUse?: boolean }).firstUse = false;
      return;
    case 'tensorflow':
      await loadTensorFlow(load);
      await activate('tensorflow');
      return;
  }
}

async function activate(name: string): Promise<void> {
  if (!(await tf.setBackend(name))) throw new UserError(`--backend ${name}: TensorFlow.js could not start it`);
}

/** tfjs-node calls functions of `util` that Node 23 removed. */
async function restoreUtil(): Promise<void> {
  const { default: util } = (await import('node:util')) as unknown as { default: Record<string, unknown> };
  util['isNullOrUndefined'] ??= (value: unknown) => value === null || value === undefined;
  util['isArray'] ??= Array.isArray;
}

async function loadTensorFlow(load: ModuleLoader): Promise<void> {
  await restoreUtil();
  try {
    await load('@tensorflow/tfjs-node');
  } catch (error) {
    const missing = systemCodeOf(error) === 'ERR_MODULE_NOT_FOUND' || systemCodeOf(error) === 'MODULE_NOT_FOUND';
    const found = missing ? 'the package @tensorflow/tfjs-node is not installed' : messageOf(error);
    throw new UserError(
      `--backend tensorflow: ${found} (npm install @tensorflow/tfjs-node, with a network; or leave the option out)`,
      { exitCode: missing ? 2 : 1, cause: error },
    );
  }
}
