/** Which frames come out, and that they look as they should, whatever the file is like. */
import { readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type DecodedVideo,
  decodeVideo,
  evenTimes,
  type Sampler,
  type VideoFrame,
} from '../../../src/media/video/index.js';
import { H264, makeClip, NUMBERED, numberOf, RISING, variableRate } from '../../helpers/clips.js';
import { temporaryFolder } from '../../helpers/tiny-captioner.js';

const SQUASH = { size: 16, fit: 'squash', kernel: 'cubic' } as const;
const LOSSLESS = ['-c:v', 'ffv1'];
const MPEG2 = ['-c:v', 'mpeg2video', '-q:v', '4'];

let folder: string;

beforeAll(async () => {
  folder = await temporaryFolder();
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const even =
  (count: number): Sampler =>
  (span) =>
    evenTimes(span, count);

const decode = (path: string, count = 4): Promise<DecodedVideo> => decodeVideo(path, SQUASH, even(count));

/** RGB of the pixel in the middle. */
function middle({ pixels }: VideoFrame): number[] {
  const at = (SQUASH.size * (SQUASH.size / 2) + SQUASH.size / 2) * 3;
  return [...pixels.subarray(at, at + 3)];
}

const reds = ({ frames }: DecodedVideo): number[] => frames.map((frame) => Math.round((middle(frame)[0] ?? 0) / 20));

/** A path inside the folder. */
const at = (name: string): string => join(folder, name);

/** An MP4 of one track whose last frame is shown up to `seconds`. */
function lastingTo(bytes: Buffer, seconds: number): Buffer {
  const lasting = Buffer.from(bytes);
  const place = (box: string, offset: number): number => lasting.indexOf(box) + offset;
  const movie = lasting.readUInt32BE(place('mvhd', 16));
  const media = lasting.readUInt32BE(place('mdhd', 16));
  const table = lasting.readUInt32BE(place('stts', 8)); // of runs of frames: how many, how long each
  const added = Math.round(seconds * media) - lasting.readUInt32BE(place('mdhd', 20));
  const lastRun = place('stts', 12 + 8 * (table - 1));
  expect(lasting.readUInt32BE(lastRun)).toBe(1);
  lasting.writeUInt32BE(lasting.readUInt32BE(lastRun + 4) + added, lastRun + 4);
  lasting.writeUInt32BE(seconds * media, place('mdhd', 20));
  for (const duration of [place('mvhd', 20), place('tkhd', 24), place('elst', 12)]) {
    lasting.writeUInt32BE(seconds * movie, duration);
  }
  return lasting;
}

describe('the frames', () => {
  test('are the nearest to the middles of equal parts, with their times', async () => {
    const clip = await decode(makeClip(at('rising.mkv'), { source: RISING(1), output: LOSSLESS }), 5);
    expect(reds(clip)).toEqual([1, 3, 5, 7, 9]);
    expect(clip.frames.map(({ time }) => Number(time.toFixed(2)))).toEqual([0.1, 0.3, 0.5, 0.7, 0.9]);
    expect(clip).toMatchObject({ duration: 1 });
    expect(clip.partial).toBeUndefined();
  });

  test('repeat when the clip has fewer than are asked for', async () => {
    const clip = await decode(makeClip(at('three.mkv'), { source: RISING(0.3), output: LOSSLESS }), 6);
    expect(reds(clip)).toEqual([0, 0, 1, 1, 2, 2]);
    expect(clip.partial).toBeUndefined();
  });

  test('of one frame alone are that frame', async () => {
    const path = makeClip(at('one.mkv'), { source: RISING(1), output: [...LOSSLESS, '-frames:v', '1'] });
    const clip = await decode(path, 3);
    expect(reds(clip)).toEqual([0, 0, 0]);
    expect(clip.partial).toBeUndefined();
  });

  test('in any order come in that order', async () => {
    const path = makeClip(at('order.mkv'), { source: RISING(1), output: LOSSLESS });
    const clip = await decodeVideo(path, SQUASH, () => [0.55, 0.15, 0.55, 0.05]);
    expect(reds(clip)).toEqual([5, 1, 5, 0]);
  });

  test.skipIf(process.platform === 'win32')(
    'of a file whose name has lines that are numbers are no others',
    async () => {
      const path = makeClip(at('line\n1.500000\n0.500000\nend.mkv'), { source: RISING(1), output: LOSSLESS });
      const clip = await decode(path, 5);
      expect(reds(clip)).toEqual([1, 3, 5, 7, 9]);
      expect(clip.frames[0]?.time).toBeCloseTo(0.1, 2);
    },
  );

  test('late in a clip are reached without decoding what comes before', async () => {
    const path = makeClip(at('late.mkv'), { source: RISING(12), output: [...LOSSLESS, '-g', '5'] });
    const clip = await decodeVideo(path, SQUASH, () => [11.01, 11.21]);
    expect(reds(clip)).toEqual([110 % 12, 112 % 12]);
    expect(clip.frames[0]?.time).toBeCloseTo(11, 1);
  });

  // MPEG-TS and MPEG-PS have no index; MPEG-PS does not say when each frame is shown.
  test.each([
    ['mp4', H264, 120],
    ['ts', H264, 120],
    ['mpg', MPEG2, 120],
    ['ts', [...H264, '-x264-params', 'keyint=infinite:scenecut=0'], 120], // nowhere to seek to
  ])('far apart in .%s (%j) are those of their times', async (extension, codec, seconds) => {
    const path = at(`far.${extension}`);
    const clip = await decode(
      makeClip(path, { source: NUMBERED(120), output: [...codec.slice(0, 2), '-g', '250', ...codec.slice(2)] }),
      6,
    );
    expect(clip.partial).toBeUndefined();
    expect(clip.duration).toBeGreaterThan(seconds - 0.5);
    clip.frames.forEach((frame, index) => {
      const asked = ((index + 0.5) * clip.duration) / 6;
      expect(frame.time).toBeGreaterThan(asked - 0.05);
      expect(frame.time).toBeLessThanOrEqual(asked + 0.005);
      expect(numberOf(frame) / 25).toBeCloseTo(frame.time, 2);
    });
  });

  test('after some time of an MPEG-TS are those of their times', async () => {
    const path = makeClip(at('after.ts'), { source: NUMBERED(60), output: [...H264, '-g', '250'] });
    const { frames } = await decodeVideo(path, SQUASH, () => [38.5, 41.26]);
    expect(frames.map((frame) => numberOf(frame) / 25)).toEqual([38.48, 41.24]);
  });

  test('of a variable frame rate are chosen by time, not by number', async () => {
    // Ten frames in the first second, then one a second.
    const source = `${RISING(1.3)},setpts='if(lt(N,10),N*0.1,N-9)/TB'`;
    const path = makeClip(at('vfr.mkv'), { source, output: [...LOSSLESS, ...variableRate()] });
    const clip = await decodeVideo(path, SQUASH, () => [0.5, 1, 2, 3]);
    expect(reds(clip)).toEqual([5, 10, 11, 12].map((red) => red % 12));
  });

  test.each(['mkv', 'mp4'])('shown over gaps are the ones before them (%s)', async (extension) => {
    // Frames 0 to 9 in the first second, then one at 1, 21, 41 and 61 seconds.
    const source = `${NUMBERED(1.4, 10)},setpts='if(lt(N,10),N*0.1,1+(N-10)*20)/TB'`;
    const path = makeClip(at(`gaps.${extension}`), { source, output: [...H264, ...variableRate()] });
    const clip = await decodeVideo(path, SQUASH, () => [0.95, 5, 7, 20.5, 21, 40]);
    expect(clip.frames.map(numberOf)).toEqual([9, 10, 10, 10, 11, 11]);
    expect(clip.frames.map(({ time }) => Number(time.toFixed(2)))).toEqual([0.9, 1, 1, 1, 21, 21]);
    const apart = await decodeVideo(path, SQUASH, () => [10, 30, 55]);
    expect(apart.frames.map(numberOf)).toEqual([10, 11, 12]);
  });

  test('a moment after where decoding starts are not taken for those of later seconds', async () => {
    const path = makeClip(at('moment.mp4'), {
      source: RISING(5),
      output: ['-c:v', 'libx264rgb', '-qp', '0', '-g', '5', '-video_track_timescale', '90000'],
    });
    const clip = await decodeVideo(path, SQUASH, () => [3.99995, 4.15]);
    expect(reds(clip)).toEqual([40 % 12, 41 % 12]);
    expect(clip.frames[0]?.time).toBeCloseTo(4, 3);
  });

  const SOUND = ['-f', 'lavfi', '-i', 'sine=d=5'];

  test.each([
    ['mp4', ['-c:v', 'libx264rgb', '-qp', '0', '-c:a', 'aac'], SOUND, 3],
    ['mkv', [...LOSSLESS, '-c:a', 'aac'], SOUND, 3],
    ['mov', ['-c:v', 'qtrle'], [], 0],
    ['mkv', LOSSLESS, [], 0],
  ])('that begin late (%s, %j, %j) are those there are, over all of them', async (extension, output, input, from) => {
    const path = makeClip(at(`begins-${from}.${extension}`), {
      source: RISING(2),
      output: ['-vf', 'setpts=PTS+3/TB', ...output],
      input,
    });
    const clip = await decode(path, 4);
    expect(reds(clip)).toEqual([2, 7, 12 % 12, 17 % 12]);
    expect(clip.partial).toBeUndefined();
    expect(clip.duration).toBeCloseTo(2, 1);
    expect(clip.frames[0]?.time).toBeCloseTo(from + 0.2, 1);
  });

  // In these ffmpeg counts from the first of the pictures, unless it seeks.
  test.each([
    ['ts', [...H264, '-c:a', 'aac']],
    ['mpg', [...MPEG2, '-c:a', 'mp2']],
  ])('that begin later than the sound of a .%s are those there are', async (extension, output) => {
    const path = makeClip(at(`later.${extension}`), {
      source: NUMBERED(12),
      output: ['-vf', 'setpts=PTS+3/TB', ...output],
      input: ['-f', 'lavfi', '-i', 'sine=d=15'],
    });
    const clip = await decode(path, 4);
    expect(Math.abs(clip.duration - 12)).toBeLessThan(0.1);
    [1.5, 4.5, 7.5, 10.5].forEach((time, index) =>
      expect(Math.abs(numberOf(clip.frames[index] as VideoFrame) / 25 - time)).toBeLessThan(0.1),
    );
    const sought = await decodeVideo(path, SQUASH, ({ from }) => [from + 10.5]);
    expect(Math.abs(numberOf(sought.frames[0] as VideoFrame) / 25 - 10.5)).toBeLessThan(0.1);
  });

  test('of which the last is shown for long are whole', async () => {
    const source = `${NUMBERED(0.3, 10)},setpts='if(eq(N,2),0.4,N*0.1)/TB'`;
    const path = makeClip(at('still.mp4'), { source, output: [...H264, ...variableRate()] });
    writeFileSync(path, lastingTo(readFileSync(path), 8));
    const clip = await decode(path, 4);
    expect(clip.partial).toBeUndefined();
    expect(clip.duration).toBeCloseTo(8, 2);
    expect(clip.frames.map(numberOf)).toEqual([2, 2, 2, 2]);
    expect((await decodeVideo(path, SQUASH, () => [0.05, 0.15, 7])).frames.map(numberOf)).toEqual([0, 1, 2]);
  });

  describe('whose sound is longer', () => {
    const longer = (extension: string, ...output: string[]): string =>
      makeClip(at(`sound.${extension}`), {
        source: NUMBERED(4),
        input: ['-f', 'lavfi', '-i', 'sine=d=12'],
        output: [...output, '-b:a', '64k'],
      });

    test.each([
      ['mkv', [...H264, '-c:a', 'aac']],
      ['mp4', [...H264, '-c:a', 'aac']],
      ['flv', [...H264, '-c:a', 'aac']],
      ['mpg', [...MPEG2, '-c:a', 'mp2']],
    ])('are asked for up to the last of them (%s)', async (extension, codecs) => {
      const clip = await decode(longer(extension, ...codecs), 4);
      expect(clip.partial).toBeUndefined();
      expect(Math.abs(clip.duration - 4)).toBeLessThan(0.1);
      [0.5, 1.5, 2.5, 3.5].forEach((time, index) =>
        expect(Math.abs(numberOf(clip.frames[index] as VideoFrame) / 25 - time)).toBeLessThan(0.1),
      );
    });

    test('are not taken for all of them when the file is cut short', async () => {
      const bytes = readFileSync(longer('mkv', ...H264, '-c:a', 'aac'));
      writeFileSync(at('half.mkv'), bytes.subarray(0, bytes.length / 2));
      expect((await decode(at('half.mkv'), 12)).partial).toMatch(/^is cut short: only \d\.\d of 12\.0 seconds/);
    });
  });

  test('of a bare stream are seen to its end, whatever their rate', async () => {
    const path = makeClip(at('bare.h264'), {
      source: RISING(24),
      output: ['-c:v', 'libx264rgb', '-qp', '0', '-f', 'h264'],
    });
    const clip = await decode(path, 4);
    expect(clip.partial).toBeUndefined();
    expect(reds(clip)).toEqual([30, 90, 150, 210].map((red) => red % 12));
  });

  test('of a thousand a second are as many as asked for', async () => {
    const path = makeClip(at('fast.mkv'), { source: 'testsrc=s=32x32:r=1000:d=0.5', output: LOSSLESS });
    const clip = await decode(path, 5);
    expect(clip.frames.map(({ time }) => Number(time.toFixed(2)))).toEqual([0.05, 0.15, 0.25, 0.35, 0.45]);
  });
});

describe('pictures', () => {
  const sides = 'color=red:s=64x48:r=5:d=1,drawbox=x=0:y=0:w=32:h=48:c=blue:t=fill';

  test('are turned as the file says', async () => {
    const plain = makeClip(at('plain.mp4'), { source: sides });
    const turned = at('turned.mp4');
    // A quarter turn, written into the header's matrix.
    const bytes = readFileSync(plain);
    const identity = Buffer.from('00010000000000000000000000000000000100000000000000000000000000004000000000', 'hex');
    const quarter = Buffer.from('0000000000010000000000000ffff0000000000000000000000000000000000040000000', 'hex');
    const track = bytes.indexOf('tkhd');
    const matrix = bytes.indexOf(identity.subarray(0, 16), track);
    quarter.copy(bytes, matrix, 0, 0);
    bytes.writeInt32BE(0, matrix);
    bytes.writeInt32BE(0x10000, matrix + 4);
    bytes.writeInt32BE(-0x10000, matrix + 12);
    bytes.writeInt32BE(0, matrix + 16);
    writeFileSync(turned, bytes);
    const [frame] = (await decode(turned)).frames as [VideoFrame];
    const top = [...frame.pixels.subarray(8 * 3, 8 * 3 + 3)];
    const bottom = [...frame.pixels.subarray((15 * 16 + 8) * 3, (15 * 16 + 8) * 3 + 3)];
    expect(top[2]).toBeGreaterThan(200);
    expect(bottom[0]).toBeGreaterThan(200);
  });

  test.each([
    ['squash', [0, 0]],
    ['crop', [0, 0]],
    ['pad', [128, 128]],
  ] as const)('that are wide are fitted by "%s"', async (fit, corner) => {
    const path = makeClip(at(`wide-${fit}.mkv`), { source: 'color=red:s=65x33:r=5:d=1', output: LOSSLESS });
    const { frames } = await decodeVideo(path, { ...SQUASH, fit }, even(2));
    expect(frames[0]?.pixels).toHaveLength(16 * 16 * 3);
    expect(middle(frames[0] as VideoFrame)[0]).toBeGreaterThan(245);
    expect([...(frames[0] as VideoFrame).pixels.subarray(1, 3)]).toEqual(corner);
  });

  test('that are transparent lie on white', async () => {
    const path = makeClip(at('alpha.mov'), {
      source: 'color=red@0.0:s=32x32:r=5:d=1,format=rgba',
      output: ['-c:v', 'qtrle', '-pix_fmt', 'argb'],
    });
    expect(middle((await decode(path)).frames[0] as VideoFrame)).toEqual([255, 255, 255]);
  });

  test('of ten bits have the colours of eight', async () => {
    const source = 'color=0x4080c0:s=32x32:r=5:d=1';
    const path = makeClip(at('ten.mkv'), { source, output: [...LOSSLESS, '-pix_fmt', 'yuv444p10le'] });
    const pixel = middle((await decode(path)).frames[0] as VideoFrame);
    [0x40, 0x80, 0xc0].forEach((value, channel) => expect(Math.abs((pixel[channel] ?? 0) - value)).toBeLessThan(6));
  });

  test('of high dynamic range are mapped to the ordinary one', async () => {
    // 58 % of PQ's scale is paper white (ITU-R BT.2408).
    const path = makeClip(at('hdr.mkv'), {
      source:
        'color=0x949494:s=32x32:r=5:d=1,scale=out_color_matrix=bt2020,format=yuv420p10le,' +
        'setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc',
      output: [
        ...['-c:v', 'libx265', '-x265-params', 'lossless=1:log-level=none'],
        ...['-color_primaries', 'bt2020', '-color_trc', 'smpte2084', '-colorspace', 'bt2020nc'],
      ],
    });
    const pixel = middle((await decode(path)).frames[0] as VideoFrame);
    expect(Math.min(...pixel)).toBeGreaterThan(215);
  });

  test('that are interlaced have no comb', async () => {
    // A bar that jumps between the two fields of a frame.
    const source = "color=black:s=64x64:r=50:d=1,geq=lum='if(lt(mod(X-N*8,64),16),235,16)':cb=128:cr=128,interlace";
    const path = makeClip(at('fields.mkv'), {
      source,
      output: ['-c:v', 'mpeg2video', '-flags', '+ildct+ilme', '-q:v', '2', '-pix_fmt', 'yuv420p'],
    });
    const { frames } = await decodeVideo(path, { ...SQUASH, size: 64 }, even(3));
    const { pixels } = frames[1] as VideoFrame;
    const row = (y: number): number[] => Array.from({ length: 64 }, (_, x) => pixels[(y * 64 + x) * 3] as number);
    const [upper, lower] = [row(30), row(31)];
    const comb = upper.reduce((sum, value, x) => sum + Math.abs(value - (lower[x] as number)), 0) / 64;
    expect(comb).toBeLessThan(25);
  });

  test.each(['1x1', '3x5', '7680x4320'])('of %s become the square', async (size) => {
    const [width, height] = size.split('x');
    const path = makeClip(at(`size-${size}.mkv`), {
      source: `color=red:s=7680x4320:r=5:d=0.4,format=yuv444p,crop=${width}:${height}:exact=1`,
      output: ['-c:v', 'ffv1', '-pix_fmt', 'yuv444p'],
    });
    expect(middle((await decode(path, 2)).frames[0] as VideoFrame)[0]).toBeGreaterThan(245);
  });
});
