/** The process that decodes: it gives what decoding here gives, and a clip or its end takes nothing else along. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { decodeApart, decodeFrames, findTool, VideoError, windowTimes } from '../../../src/media/video/index.js';
import type { ImagePreprocessing } from '../../../src/media/preprocessing.js';
import { UserError } from '../../../src/shared/errors.js';
import { makeClip, RISING, risingClip } from '../../helpers/clips.js';

const PLAIN: ImagePreprocessing = { size: 16, fit: 'squash', kernel: 'cubic' };
const STACKED: ImagePreprocessing = { ...PLAIN, stack: { kind: 'changes', gap: 0.1 } };

const made = risingClip();

/** Process ids of those that this process started and that decode. */
function decoders(): readonly number[] {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return table.split('\n').flatMap((line) => {
    const [pid, parent] = line.trim().split(/\s+/);
    return Number(parent) === process.pid && line.includes('decoder-process') ? [Number(pid)] : [];
  });
}

/** Does `work` with a decoder process that was started after this call. */
async function restarted(work: () => Promise<unknown>): Promise<void> {
  decoders().forEach((pid) => process.kill(pid, 'SIGKILL'));
  do await setTimeout(100);
  while (decoders().length > 0);
  await work();
}

test.each([
  ['frames', PLAIN],
  ['stacks', STACKED],
])('%s are those of decodeFrames, in every window', async (_, preprocessing) => {
  const sampling = { frames: 3, windows: 2 };
  const there = await decodeApart(made.clip, preprocessing, [sampling]);
  expect(there).toEqual(await decodeFrames(made.clip, preprocessing, (span) => windowTimes(span, sampling)));
  expect(there.frames).toHaveLength(6);
});

test.each([
  ['frames', PLAIN],
  ['stacks', STACKED],
])('%s that repeat are one array, so that they are encoded once', async (_, preprocessing) => {
  const { frames } = await decodeApart(made.clip, preprocessing, [{ frames: 40 }]);
  const distinct = new Set(frames.map(({ pixels }) => pixels));
  expect(frames).toHaveLength(40);
  expect(distinct.size).toBeLessThanOrEqual(30); // ten frames, each with what stands beside it
});

test('several clips at once, and one that cannot be read among them', async () => {
  const broken = join(made.folder, 'broken.mp4');
  await writeFile(broken, 'no clip');
  const results = await Promise.allSettled(
    [made.clip, broken, made.clip].map((path) => decodeApart(path, PLAIN, [{ frames: 2 }])),
  );
  expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  const { reason } = results[1] as PromiseRejectedResult;
  expect(reason).toBeInstanceOf(VideoError);
  expect((reason as Error).message.startsWith(`${broken}: `)).toBe(true);
});

test('what is asked for wrongly is no fault of the clip', async () => {
  const failure = await decodeApart(made.clip, PLAIN, [{ frames: 1e6 }]).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(Error);
  expect(failure).not.toBeInstanceOf(VideoError);
});

test('a clip that is given up rejects with the reason, and the next is decoded', async () => {
  const controller = new AbortController();
  const endless = makeClip(join(made.folder, 'long.mkv'), { source: RISING(60), output: ['-c:v', 'ffv1'] });
  const given = decodeApart(endless, { ...PLAIN, size: 512 }, [{ frames: 64 }], { signal: controller.signal });
  controller.abort(new Error('enough'));
  await expect(given).rejects.toThrow('enough');
  await expect(decodeApart(made.clip, PLAIN, [{ frames: 2 }], { signal: controller.signal })).rejects.toThrow('enough');
  expect((await decodeApart(made.clip, PLAIN, [{ frames: 2 }])).frames).toHaveLength(2);
});

test.skipIf(process.platform === 'win32')(
  'when the process is killed the clip under way says so, and the next one is decoded',
  async () => {
    await decodeApart(made.clip, PLAIN, [{ frames: 2 }]);
    const [pid] = decoders();
    const pending = decodeApart(made.clip, PLAIN, [{ frames: 2 }]);
    process.kill(pid as number, 'SIGKILL');
    await expect(pending).rejects.toThrow(`${made.clip}: could not be decoded: the decoding process ended (SIGKILL)`);
    expect((await decodeApart(made.clip, PLAIN, [{ frames: 2 }])).frames).toHaveLength(2);
  },
);

test.skipIf(process.platform === 'win32')('Ctrl-C, which ends ffmpeg too, says nothing against a clip', async () => {
  const before = process.env['FFMPEG_PATH'];
  const [script, begun] = [join(made.folder, 'interrupted'), join(made.folder, 'begun')];
  // Waits at its first start until it is interrupted, as ffmpeg is by a terminal.
  const wait = `if ! [ -e "${begun}" ]; then echo $$ > "${begun}"; exec sleep 10; fi`;
  await writeFile(script, `#!/bin/sh\n${wait}\nexec "${findTool('ffmpeg')}" "$@"\n`, { mode: 0o755 });
  onTestFinished(() => {
    if (before === undefined) delete process.env['FFMPEG_PATH'];
    else process.env['FFMPEG_PATH'] = before;
    return restarted(() => decodeApart(made.clip, PLAIN, [{ frames: 2 }]));
  });
  await restarted(async () => {
    process.env['FFMPEG_PATH'] = script;
    const decoding = decodeApart(made.clip, PLAIN, [{ frames: 2 }]);
    while (!existsSync(begun) || readFileSync(begun, 'utf8') === '') await setTimeout(20);
    for (const pid of [...decoders(), Number(readFileSync(begun, 'utf8'))]) process.kill(pid, 'SIGINT');
    expect((await decoding).frames).toHaveLength(2);
  });
});

test.skipIf(process.platform === 'win32')(
  'tools that are not there are no fault of the clip, and can be mended',
  async () => {
    const before = process.env['FFPROBE_PATH'];
    onTestFinished(() => {
      if (before === undefined) delete process.env['FFPROBE_PATH'];
      else process.env['FFPROBE_PATH'] = before;
      return restarted(() => decodeApart(made.clip, PLAIN, [{ frames: 2 }]));
    });
    await restarted(async () => {
      process.env['FFPROBE_PATH'] = join(made.folder, 'nowhere');
      const failure = await decodeApart(made.clip, PLAIN, [{ frames: 2 }]).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(UserError);
      expect(failure).not.toBeInstanceOf(VideoError);
      expect((failure as Error).message).toContain('FFPROBE_PATH: expected an executable');
    });
  },
);

test('a program that has what it wanted ends, and its decoder with it', async () => {
  const script = join(made.folder, 'program.mjs');
  const index = pathToFileURL(join(import.meta.dirname, '../../../src/media/video/index.ts')).href;
  await writeFile(
    script,
    `import { decodeApart } from ${JSON.stringify(index)};
     const { frames } = await decodeApart(process.argv[2], ${JSON.stringify(PLAIN)}, [{ frames: 2 }]);
     console.log(frames.length);`,
  );
  const output = execFileSync(process.execPath, ['--import', 'tsx', script, made.clip], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(output.trim()).toBe('2');
});
