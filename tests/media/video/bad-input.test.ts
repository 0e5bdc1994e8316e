/** Files that are no clip, or only half of one: each ends in a clear error or says what is missing. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  type DecodedVideo,
  decodeVideo,
  evenTimes,
  expandVideoPaths,
  findTool,
  probeVideo,
  VideoError,
} from '../../../src/media/video/index.js';
import { UserError } from '../../../src/shared/errors.js';
import { H264, makeClip, NUMBERED, numberOf, RISING } from '../../helpers/clips.js';
import { temporaryFolder } from '../../helpers/tiny-captioner.js';

const SMALL = { size: 8, fit: 'squash', kernel: 'cubic' } as const;

let folder: string;
let clip: string;

beforeAll(async () => {
  folder = await temporaryFolder();
  clip = makeClip(join(folder, 'clip.mp4'));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

const at = (name: string): string => join(folder, name);
const decode = (path: string, timeout = 60, signal?: AbortSignal): Promise<DecodedVideo> =>
  decodeVideo(path, SMALL, (span) => evenTimes(span, 4), { timeout, ...(signal === undefined ? {} : { signal }) });

function written(name: string, content: string | Uint8Array): string {
  writeFileSync(at(name), content);
  return at(name);
}

describe('no clip at all', () => {
  test('sound alone', async () => {
    const path = makeClip(at('sound.mp4'), { source: 'sine=d=1', output: ['-c:a', 'aac'] });
    await expect(decode(path)).rejects.toThrow(`${path}: has no video (audio only)`);
  });

  test('a song with a cover picture', async () => {
    const cover = makeClip(at('cover.png'), { source: 'color=red:s=16x16', output: ['-frames:v', '1'] });
    const path = makeClip(at('song.mp4'), {
      source: 'sine=d=1',
      input: ['-i', cover],
      output: ['-map', '0', '-map', '1', '-c:a', 'aac', '-c:v', 'copy', '-disposition:v', 'attached_pic'],
    });
    await expect(decode(path)).rejects.toThrow('audio only');
  });

  test.each(['jpg', 'png', 'webp'])('a picture (%s)', async (format) => {
    const path = at(`picture.${format}`);
    await sharp({ create: { width: 16, height: 16, channels: 3, background: 'red' } }).toFile(path);
    await expect(decode(path)).rejects.toThrow(`${path}: is a picture, no video`);
  });

  test.each([
    ['zero bytes', 'zero.mp4', '', 'is empty (0 bytes)'],
    ['text', 'text.mp4', 'hello\n', 'is text, no video'],
    ['noise', 'noise.mp4', Uint8Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251), 'is damaged'],
    ['a picture under a wrong name whose data are gone', 'x.mp4', Buffer.from('89504e470d0a1a0a', 'hex'), 'x.mp4: '],
  ])('%s', async (_, name, content, reason) => {
    await expect(decode(written(name, content))).rejects.toThrow(reason);
  });

  test('a folder, a name that is not there, and a pipe', async () => {
    await expect(decode(folder)).rejects.toThrow('is a folder');
    await expect(decode(at('none.mp4'))).rejects.toThrow('no such file');
    execFileSync('mkfifo', [at('pipe.mp4')]);
    await expect(decode(at('pipe.mp4'))).rejects.toThrow('is no regular file');
  });
});

describe('a playlist', () => {
  test.each([
    ['of HLS', 'list.m3u8', (path: string) => `#EXTM3U\n#EXTINF:2,\n${path}\n#EXT-X-ENDLIST\n`],
    ['of HLS under another name', 'list.mp4', () => '#EXTM3U\n#EXTINF:2,\nhttp://127.0.0.1:9/a.ts\n'],
    ['for joining', 'join.txt', (path: string) => `ffconcat version 1.0\nfile '${path}'\n`],
    ['with a binary comment', 'binary.m3u8', (path: string) => `#EXTM3U\n#\0\x01\x02\n#EXTINF:2,\n${path}\n`],
    ['of DASH', 'manifest.mpd', () => '<?xml version="1.0"?>\n<MPD profiles="urn:mpeg:dash:profile:full:2011"></MPD>'],
    [
      'of sessions',
      'session.sdp',
      () => 'v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n',
    ],
  ])('%s is refused', async (_, name, content) => {
    await expect(decode(written(name, content(clip)))).rejects.toThrow('is a playlist');
  });

  test('is no way to the network by its name either', async () => {
    await expect(decode('http://127.0.0.1:9/clip.mp4')).rejects.toThrow('no such file');
    await expect(decode('concat:a.mp4|b.mp4')).rejects.toThrow('no such file');
  });
});

describe('half a clip', () => {
  test('whose index is missing cannot be read', async () => {
    const bytes = readFileSync(makeClip(at('long.mp4'), { source: 'testsrc=s=320x240:r=10:d=3' }));
    await expect(decode(written('cut.mp4', bytes.subarray(0, bytes.length / 2)))).rejects.toThrow(
      'is damaged or cut short: the index of its frames is missing',
    );
  });

  test('whose index comes first is read as far as it goes, and says so', async () => {
    const whole = makeClip(at('first.mp4'), {
      source: 'testsrc2=s=320x240:r=10:d=4',
      output: [...H264, '-movflags', '+faststart', '-g', '5'],
    });
    const bytes = readFileSync(whole);
    const { frames, partial } = await decode(written('half.mp4', bytes.subarray(0, bytes.length / 2)));
    expect(frames).toHaveLength(4);
    expect(partial).toMatch(/is cut short: only [12]\.\d of 4\.0 seconds/);
    expect(new Set(frames.map(({ time }) => time)).size).toBeGreaterThan(1);
  });

  test.each([1, 4])('is seen all over what is there, however little, in %i frames', async (count) => {
    const whole = makeClip(at('numbered.mp4'), {
      source: NUMBERED(60),
      output: [...H264, '-movflags', '+faststart', '-g', '25'],
    });
    const bytes = readFileSync(whole);
    const start = bytes.indexOf('mdat');
    const path = written('fifth.mp4', bytes.subarray(0, start + (bytes.length - start) / 5));
    const { frames, times, partial } = await decodeVideo(path, { ...SMALL, size: 16 }, (span) =>
      evenTimes(span, count),
    );
    const there = Number(/only (1\d\.\d) of 60\.0 seconds/.exec(partial ?? '')?.[1]);
    frames.forEach((frame, index) => {
      expect(times[index]).toBeCloseTo(((index + 0.5) * there) / count, 1);
      expect(numberOf(frame) / 25).toBeCloseTo(frame.time, 2);
      expect(Math.abs(frame.time - (times[index] as number))).toBeLessThan(0.05);
    });
  });

  test('a header without a duration is no hindrance', async () => {
    const raw = makeClip(at('raw.h264'), { source: RISING(2), output: [...H264, '-g', '5', '-f', 'h264'] });
    const streamed = makeClip(at('live.mkv'), { source: RISING(2), output: [...H264, '-live', '1', '-f', 'matroska'] });
    for (const path of [raw, streamed]) {
      const { frames, partial } = await decode(path);
      expect(partial, path).toBeUndefined();
      expect(new Set(frames.map(({ time }) => time)).size, path).toBe(4);
    }
  });
});

describe('a wrong extension', () => {
  test.each(['clip.txt', 'clip.jpg', 'clip', 'clip.avi'])('%s is read by its content', async (name) => {
    copyFileSync(clip, at(name));
    expect((await decode(at(name))).frames).toHaveLength(4);
  });
});

describe('odd names', () => {
  test.each([
    'with space.mp4',
    "it's.mp4",
    'a "quote".mp4',
    '-dash.mp4',
    '😀.mp4',
    'percent %d.mp4',
    'colon:x.mp4',
    'a|b.mp4',
  ])('%s', async (name) => {
    copyFileSync(clip, at(name));
    expect((await decode(at(name))).frames).toHaveLength(4);
  });

  test('a leading dash in the working folder is no option', async () => {
    copyFileSync(clip, at('-i.mp4'));
    const before = process.cwd();
    process.chdir(folder);
    try {
      expect((await decode('-i.mp4')).frames).toHaveLength(4);
    } finally {
      process.chdir(before);
    }
  });

  test('folders give their videos', async () => {
    const found = await expandVideoPaths([folder]);
    expect(found.map(({ path }) => path)).toContain(clip);
    expect(found.every(({ path }) => !path.endsWith('.png'))).toBe(true);
    const [missing] = await expandVideoPaths([at('none*.mp4')]);
    expect(missing?.error?.reason).toContain('matches no video');
  });
});

describe('ffmpeg itself', () => {
  afterEach(() => {
    delete process.env['FFMPEG_PATH'];
    delete process.env['FFPROBE_PATH'];
  });

  test('is ended when it hangs', async () => {
    const hanging = written('hang', '#!/bin/sh\ntrap "" TERM\nwhile :; do sleep 0.1; done\n');
    chmodSync(hanging, 0o755);
    process.env['FFMPEG_PATH'] = hanging;
    await expect(decode(clip, 0.3)).rejects.toThrow('took longer than 0.3 s');
    process.env['FFPROBE_PATH'] = hanging;
    await expect(decode(clip, 0.3)).rejects.toThrow('took longer than 0.3 s');
  });

  test('is told of as late, not as broken, when it ended by itself while this thread was busy', async () => {
    const described = probeVideo(clip, { timeout: 0.001 });
    const free = performance.now() + 300;
    while (performance.now() < free);
    await expect(described).rejects.toThrow('took longer than 0.001 s');
  });

  test('may take its time to exit after its output has ended', async () => {
    const slow = written('slow', `#!/bin/sh\n"${findTool('ffmpeg')}" "$@"\nexec 1>&-\nsleep 0.2\n`);
    chmodSync(slow, 0o755);
    process.env['FFMPEG_PATH'] = slow;
    expect((await decode(clip)).frames).toHaveLength(4);
  });

  test('is ended by Ctrl-C', async () => {
    const controller = new AbortController();
    const path = makeClip(at('slow.mkv'), { source: 'testsrc=s=640x480:r=25:d=8' });
    setTimeout(() => controller.abort(new Error('stopped')), 20);
    await expect(decode(path, 60, controller.signal)).rejects.toThrow();
  });

  test('is named where its variable leads nowhere, or to a folder', async () => {
    for (const path of [at('nowhere'), folder]) {
      process.env['FFPROBE_PATH'] = path;
      await expect(decode(clip)).rejects.toThrow(`FFPROBE_PATH: expected an executable, found ${path}`);
    }
  });

  const script = (name: string, text: string): string => {
    const path = written(name, text);
    chmodSync(path, 0o755);
    return path;
  };

  test('reads streams whose service has a name', async () => {
    const named = ['-metadata', 'service_name=Näme', '-metadata', 'service_provider=Somebody'];
    const path = makeClip(at('service.ts'), { output: [...H264, ...named] });
    expect((await decode(path)).frames).toHaveLength(4);
    // Static binaries crashed where they were others than the packages'.
    const own = at('own-ffmpeg');
    symlinkSync(findTool('ffmpeg'), own);
    process.env['FFMPEG_PATH'] = own;
    expect((await decode(path)).frames).toHaveLength(4);
  });

  test('is not waited for when a script that started it is ended', async () => {
    const wrapper = script('wrapper', '#!/bin/sh\nsleep 3\n');
    const before = performance.now();
    for (const variable of ['FFMPEG_PATH', 'FFPROBE_PATH']) {
      process.env[variable] = wrapper;
      await expect(decode(clip, 0.2)).rejects.toThrow('took longer than 0.2 s');
    }
    expect(performance.now() - before).toBeLessThan(2000);
  });

  test.each([2_147_484, 1e9])('may be given any time (%s s)', async (timeout) => {
    expect((await decode(clip, timeout)).frames).toHaveLength(4);
  });

  test.each([
    [
      'FFPROBE_PATH',
      'kill -SEGV $$',
      'ffprobe crashed (SIGSEGV) while reading it (FFPROBE_PATH can name another ffprobe)',
    ],
    ['FFMPEG_PATH', 'kill -SEGV $$', 'ffmpeg crashed (SIGSEGV) while reading it (FFMPEG_PATH can name another ffmpeg)'],
    ['FFPROBE_PATH', 'exit 1', 'ffprobe failed without saying why'],
    ['FFMPEG_PATH', 'exit 1', 'ffmpeg failed without saying why'],
    ['FFPROBE_PATH', 'exit 0', 'expected ffprobe, which describes videos in JSON, found a program that wrote nothing'],
    ['FFPROBE_PATH', 'echo hello', 'a program that wrote "hello\\n"'],
  ])('is blamed for what it does: %s, %s', async (variable, line, message) => {
    process.env[variable] = script('odd', `#!/bin/sh\n${line}\n`);
    const failure = (await decode(clip).catch((error: unknown) => error)) as Error;
    expect(failure).toBeInstanceOf(UserError);
    expect(failure.message).toContain(message);
  });

  test.each(['FFPROBE_PATH', 'FFMPEG_PATH'])('that cannot be started is no fault of the clip: %s', async (variable) => {
    process.env[variable] = script('orphan', '#!/nowhere/interpreter\n');
    const failure = (await decode(clip).catch((error: unknown) => error)) as Error;
    expect(failure).toBeInstanceOf(UserError);
    expect(failure).not.toBeInstanceOf(VideoError);
    expect(failure.message).toMatch(
      new RegExp(`orphan: expected ff.*, found a file that cannot be started.*${variable}`),
    );
  });

  test.each([
    ['sleep 3', 1, 'took longer than 1 s'],
    ['exit 1', 60, 'ffmpeg failed without saying why'],
  ])('that fails to seek (%s) is not taken for the end of the clip', async (line, timeout, message) => {
    const path = makeClip(at('sought.mp4'), { source: 'testsrc=s=32x32:r=1:d=40' });
    process.env['FFMPEG_PATH'] = script('seeking', `#!/bin/sh\n${line}\n`);
    await expect(decode(path, timeout)).rejects.toThrow(message);
  });
});
