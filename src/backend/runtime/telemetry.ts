/**
 * Keeps ONNX Runtime from reporting to its makers. From 1.29 on its builds for Linux and macOS send what models are run
 * to a collector and keep a device's number in the user's cache folder, unless the environment says otherwise before
 * the first session (microsoft/onnxruntime pull request 27379). looksay uploads nothing, so it says otherwise.
 */
import { isMainThread } from 'node:worker_threads';
import { UserError } from '../../shared/errors.js';

const VARIABLE = 'ORT_DISABLE_TELEMETRY';

/** The environment that native code sees: `process.env` of a worker thread is a copy, of which native code learns nothing. */
function nativeEnvironment(): Readonly<Record<string, string | undefined>> {
  // Without it a report looks up the names of whom the process talks to; @types/node does not have it yet.
  const report = process.report as typeof process.report & { excludeNetwork: boolean };
  const { excludeNetwork } = report;
  report.excludeNetwork = true;
  try {
    const { environmentVariables = {} } = report.getReport() as {
      environmentVariables?: Readonly<Record<string, string>>;
    };
    return environmentVariables;
  } finally {
    report.excludeNetwork = excludeNetwork;
  }
}

/** Asks ONNX Runtime not to report. From a worker thread that does not reach it: see `ensureTelemetryOff`. */
export function turnTelemetryOff(): void {
  process.env[VARIABLE] = '1';
}

/**
 * To be called before ONNX Runtime's library is first used.
 * @throws UserError in a worker thread whose process has not turned telemetry off.
 */
export function ensureTelemetryOff(): void {
  turnTelemetryOff();
  if (isMainThread || nativeEnvironment()[VARIABLE] === '1') return;
  throw new UserError(
    `ONNX Runtime would report to its makers from this worker thread, and only the main thread can turn that off ` +
      `(import looksay in the main thread before the worker starts, or start the program with ${VARIABLE}=1)`,
  );
}
