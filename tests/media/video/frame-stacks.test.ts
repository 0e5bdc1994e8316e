/** Frames stacked with their neighbours: which times stand in which channel, and what changes look like. */
import { expect, test } from 'vitest';
import type { ImagePreprocessing } from '../../../src/media/image.js';
import { decodeFrames, decodeVideo, evenTimes, mostFrames } from '../../../src/media/video/index.js';
import { risingClip } from '../../helpers/clips.js';

const PLAIN = { size: 16, fit: 'squash', kernel: 'cubic' } as const;

const made = risingClip();

/** Grey of the pixel in the middle of each of the ten frames of the clip. */
async function greys(): Promise<readonly number[]> {
  const { frames } = await decodeVideo(made.clip, PLAIN, (span) => evenTimes(span, 10));
  return frames.map(({ pixels }) => {
    const [red = 0, green = 0, blue = 0] = pixels.subarray(8 * 16 * 3 + 8 * 3);
    return Math.floor(0.299 * red + 0.587 * green + 0.114 * blue + 0.5);
  });
}

/** The three channels of the pixel in the middle of each frame. */
async function stacks(kind: 'times' | 'changes', times: readonly number[]): Promise<readonly (readonly number[])[]> {
  const { frames } = await decodeFrames(made.clip, { ...PLAIN, stack: { kind, gap: 0.1 } }, () => times);
  return frames.map(({ pixels }) => [...pixels.subarray(8 * 16 * 3 + 8 * 3, 8 * 16 * 3 + 8 * 3 + 3)]);
}

test('without a stack frames are those of decodeVideo', async () => {
  const sampler = (): readonly number[] => [0.15, 0.55];
  expect(await decodeFrames(made.clip, PLAIN, sampler)).toEqual(await decodeVideo(made.clip, PLAIN, sampler));
});

test('times: the frame before, the frame, and the one after; at the ends the first and the last', async () => {
  const grey = await greys();
  expect(new Set(grey).size).toBe(10);
  expect(await stacks('times', [0.05, 0.35, 0.55, 0.95])).toEqual([
    [grey[0], grey[0], grey[1]],
    [grey[2], grey[3], grey[4]],
    [grey[4], grey[5], grey[6]],
    [grey[8], grey[9], grey[9]],
  ]);
});

test('changes: how grey goes on from one to the next, around 128', async () => {
  const grey = await greys();
  const change = (from: number, to: number): number => 128 + (grey[to] ?? 0) - (grey[from] ?? 0);
  expect(await stacks('changes', [0.45, 0.95])).toEqual([
    [change(3, 4), change(4, 5), change(3, 5)],
    [change(8, 9), 128, change(8, 9)],
  ]);
});

test('the most frames that can be asked for can be decoded, one more cannot', async () => {
  const choices: readonly ImagePreprocessing[] = [PLAIN, { ...PLAIN, stack: { kind: 'times', gap: 0.1 } }];
  for (const preprocessing of choices) {
    const most = mostFrames(preprocessing);
    const { frames } = await decodeFrames(made.clip, preprocessing, (span) => evenTimes(span, most));
    expect(frames).toHaveLength(most);
    await expect(decodeFrames(made.clip, preprocessing, (span) => evenTimes(span, most + 1))).rejects.toThrow(
      'expected 1 to',
    );
  }
});
