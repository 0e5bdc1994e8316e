import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { defineConfig } from 'vitest/config';

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

// Native sessions live in the process: forks keep one test file's crash out of another's.
export default defineConfig({
  resolve: { alias: { '#tfjs-gradients': bundledGradients() } },
  test: {
    include: ['tests/**/*.test.ts'],
    setupFiles: ['src/shared/gradients.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
