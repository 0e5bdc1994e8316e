import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { defineConfig } from 'vitest/config';
import { buildKernel } from './scripts/build-kernel.mjs';

/** TensorFlow.js's gradients come as modules that Node cannot load as they are (see src/shared/gradients.ts). */
function bundledGradients(): string {
  const bundle = fileURLToPath(new URL('node_modules/.cache/looksay/gradients.mjs', import.meta.url));
  if (!existsSync(bundle)) {
    buildSync({
      entryPoints: ['node_modules/@tensorflow/tfjs-core/dist/register_all_gradients.js'],
      bundle: true,
      format: 'esm',
      platform: 'node',
      ignoreAnnotations: true,
      outfile: bundle,
    });
  }
  return bundle;
}

/** The WebAssembly of word2vec, from its source as it is now. */
async function builtKernel(): Promise<string> {
  const kernel = fileURLToPath(new URL('node_modules/.cache/looksay/word2vec-kernel.mjs', import.meta.url));
  await buildKernel(kernel);
  return kernel;
}

// Native sessions live in the process: forks keep one test file's crash out of another's.
export default defineConfig(async () => ({
  resolve: { alias: { '#tfjs-gradients': bundledGradients(), '#word2vec-kernel': await builtKernel() } },
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: ['tests/global-setup.ts'],
    setupFiles: ['src/shared/gradients.ts'],
    // Some tests use ONNX Runtime without looksay's backend: see src/backend/runtime/telemetry.ts.
    env: { ORT_DISABLE_TELEMETRY: '1' },
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
}));
