/**
 * What npm runs after an install in a clone: builds `dist`, so that `npx looksay` works right away. Where the build tools
 * were left out (`npm ci --omit=dev`), it says so instead of failing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function hasBuildTools() {
  try {
    createRequire(import.meta.url).resolve('typescript');
    return true;
  } catch {
    return false;
  }
}

if (hasBuildTools()) {
  const { status } = spawnSync('npm run --silent build', { cwd: root, stdio: 'inherit', shell: true });
  process.exitCode = status ?? 1;
} else if (!existsSync(new URL('../dist/cli/main.js', import.meta.url))) {
  console.error('looksay: not built, for its build tools were left out; `npm ci && npm run build` installs and builds');
}
