/** What the package ships for clips: sample clips, and a classifier that says how the shapes in them move. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { run } from '../cli/run.js';

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url));

test('the shipped classifier of shapes names the movement in every sample clip', async () => {
  const clips = readdirSync(path('datasets/samples/clips')).filter((name) => name.endsWith('.mp4'));
  const argv = [
    'classify',
    path('datasets/samples/clips'),
    '--checkpoint',
    path('checkpoints/shapes'),
    '--format',
    'jsonl',
  ];
  const { code, out } = await run(argv);
  expect(code).toBe(0);
  const said = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { video: string; label: string });
  expect(said).toHaveLength(clips.length);
  for (const { video, label } of said) expect(video).toMatch(new RegExp(`${label}_g\\d+\\.mp4$`));
});
