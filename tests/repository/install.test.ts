/** What `npm ci` may not run: the install script of onnxruntime-node, which downloads, and fails where there is no network. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

function read<Contents>(name: string): Contents {
  return JSON.parse(readFileSync(new URL(`../../${name}`, import.meta.url), 'utf8')) as Contents;
}

test('npm does not run the install script of onnxruntime-node, whatever its version', () => {
  const { allowScripts } = read<{ allowScripts: Readonly<Record<string, boolean>> }>('package.json');
  expect(allowScripts['onnxruntime-node']).toBe(false);
  // Versions of npm that know no allowScripts run the scripts of packages with this mark. An update of the package brings it
  // back: delete the line in the lock file.
  const { packages } = read<{ packages: Readonly<Record<string, object>> }>('package-lock.json');
  expect(packages['node_modules/onnxruntime-node']).toBeDefined();
  expect(packages['node_modules/onnxruntime-node']).not.toHaveProperty('hasInstallScript');
});
