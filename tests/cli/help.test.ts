/** The help of every command, as it is printed: what changes here changes what users read. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { run } from './run.js';

test.each([
  '--help',
  'caption --help',
  'classify --help',
  'train caption --help',
  'train video --help',
  'train text --help',
  'train words --help',
  'generate --help',
  'words --help',
  'words similar --help',
  'words analogy --help',
  'words evaluate --help',
  'words plot --help',
  'evaluate caption --help',
  'evaluate video --help',
  'evaluate text --help',
  'train sentiment --help',
  'evaluate sentiment --help',
  'sentiment --help',
  'prepare --help',
  'encoder list --help',
  'encoder import --help',
  'encoder export --help',
  'cache list --help',
  'cache clear --help',
])('looksay %s', async (line) => {
  const { code, out, err } = await run(line.split(' '));
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatchSnapshot();
});

test('looksay --version', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  expect(await run(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
});
