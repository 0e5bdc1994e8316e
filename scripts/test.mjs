/**
 * `npm test`: lint, types, the build, the unit tests and TensorFlow.js's operator tests, one after the other. The last
 * line counts them: `N passed, N failed`, where a failed lint or type check is one failure.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'looksay-results-'));
const results = join(folder, 'vitest.json');
let passed = 0;
let failed = 0;

function run(command, args, options = {}) {
  console.log(`\n> ${[command, ...args].join(' ')}`);
  return spawnSync(command, args, { stdio: 'inherit', encoding: 'utf8', maxBuffer: 2 ** 28, ...options });
}

/** A step that passes or fails as a whole. */
function check(name) {
  const { status } = run('npm', ['run', '--silent', name]);
  if (status === 0) passed++;
  else failed++;
}

for (const name of ['lint', 'typecheck', 'build']) check(name);

const { status } = run('npx', ['vitest', 'run', '--reporter=dot', '--reporter=json', `--outputFile.json=${results}`]);
try {
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(results, 'utf8'));
  passed += numPassedTests;
  failed += numFailedTests;
  // A file that could not be loaded has no tests to count.
  if (status !== 0 && numFailedTests === 0) failed++;
} catch {
  failed++;
}
rmSync(folder, { recursive: true, force: true });

const operators = run('npm', ['run', '--silent', 'test:operators'], { stdio: ['ignore', 'pipe', 'inherit'] });
process.stdout.write(operators.stdout ?? '');
const counted = /^(\d+) passed, (\d+) failed$/m.exec(operators.stdout ?? '');
passed += Number(counted?.[1] ?? 0);
failed += Number(counted?.[2] ?? 0);
if (operators.status !== 0 && Number(counted?.[2] ?? 0) === 0) failed++;

console.log(`\n${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
