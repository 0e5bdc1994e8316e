/**
 * The one file that touches ONNX Runtime. Its native sessions run synchronously; the public API only defers the call.
 * That inner class is reachable because `onnxruntime-node` has no `exports` map, so its version is pinned exactly and
 * what is found there is checked; should it change, sessions still run through the public asynchronous API, and
 * synchronous reads say what is wrong.
 */
import { createRequire } from 'node:module';
import { Tensor } from 'onnxruntime-common';
import { UserError, messageOf } from '../../shared/errors.js';
import type { ElementType, HostValues, NativeTensor } from '../graph/types.js';
import { ensureTelemetryOff, turnTelemetryOff } from './telemetry.js';

// At once, so that worker threads started later inherit it, and other users of ONNX Runtime in this process have it too.
turnTelemetryOff();

/** See `DEVICES`. */
export type Device = 'cpu' | 'cuda' | 'coreml' | 'dml' | 'webgpu';
/** The execution providers of ONNX Runtime that can be asked for. */
export const DEVICES: readonly Device[] = ['cpu', 'cuda', 'coreml', 'dml', 'webgpu'];

export interface SessionSettings {
  readonly device: Device;
  readonly threads: number;
  readonly optimization: 'disabled' | 'basic' | 'extended' | 'all';
  /** Whether the session keeps an arena: faster for large values, never given back. */
  readonly arena: boolean;
}

export interface NativeSession {
  /** Runs on `feeds`; outputs are written into the tensors of `fetches`, or new ones where it has null. */
  run(
    feeds: Readonly<Record<string, NativeTensor>>,
    fetches: Readonly<Record<string, NativeTensor | null>>,
  ): Record<string, NativeTensor>;
  dispose(): void;
}

interface RawSession {
  loadModel(buffer: ArrayBufferLike, offset: number, length: number, options: object): void;
  run(feeds: object, fetches: object, options: object): Record<string, NativeTensor>;
  dispose(): void;
}

interface NativeModule {
  readonly Session: new () => RawSession;
}

let nativeModule: NativeModule | undefined;

function loadNative(): NativeModule {
  if (nativeModule !== undefined) return nativeModule;
  ensureTelemetryOff();
  const require = createRequire(import.meta.url);
  try {
    const found = require('onnxruntime-node/dist/binding') as {
      binding?: { InferenceSession?: new () => RawSession };
      initOrt?: () => void;
    };
    const Session = found.binding?.InferenceSession;
    if (typeof Session !== 'function' || typeof found.initOrt !== 'function') {
      throw new Error('its native session class is not where this version of looksay expects it');
    }
    found.initOrt();
    nativeModule = { Session };
    return nativeModule;
  } catch (error) {
    throw new UserError(
      `onnxruntime-node: cannot be used on ${process.platform} ${process.arch}: ${messageOf(error)} ` +
        '(reinstall with npm ci, or choose another backend with --backend tensorflow or --backend cpu)',
      { cause: error },
    );
  }
}

function optionsOf(settings: SessionSettings): object {
  return {
    executionProviders: settings.device === 'cpu' ? ['cpu'] : [settings.device, 'cpu'],
    graphOptimizationLevel: settings.optimization,
    intraOpNumThreads: settings.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    enableCpuMemArena: settings.arena,
    enableMemPattern: false,
    logSeverityLevel: 3,
    // Spinning threads of idle sessions take the cores from the session that runs, and from image decoding.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  };
}

/**
 * Loads `model` into a native session.
 * @throws UserError when the device is not available, Error when the model is refused (a defect of a lowering).
 */
export function createSession(model: Uint8Array, settings: SessionSettings): NativeSession {
  const { Session } = loadNative();
  const session = new Session();
  try {
    session.loadModel(model.buffer, model.byteOffset, model.byteLength, optionsOf(settings));
  } catch (error) {
    if (settings.device === 'cpu') throw error;
    throw new UserError(
      `--device ${settings.device}: not available here: ${messageOf(error)} (use --device cpu, or install what ` +
        `ONNX Runtime needs for ${settings.device})`,
      { cause: error },
    );
  }
  return {
    run(feeds, fetches) {
      const results = session.run(feeds, fetches, {});
      if (results instanceof Promise) {
        throw new Error('onnxruntime-node: this version runs asynchronously only; install the version looksay pins');
      }
      return results;
    },
    dispose: () => session.dispose(),
  };
}

/** Wraps host values for feeding; they are not copied. */
export function nativeTensor(type: ElementType, values: HostValues, shape: readonly number[]): NativeTensor {
  return new Tensor(type, values as never, shape) as unknown as NativeTensor;
}
