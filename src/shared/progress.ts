/** Progress bars on stderr (cli-progress), silent when stderr is no terminal or with `--quiet`. */
import { Presets, SingleBar } from 'cli-progress';
import { isQuiet } from './log.js';

export interface Progress {
  /** Moves on by `count` and shows `detail` behind the bar. */
  advance(count: number, detail?: string): void;
  stop(): void;
}

const NO_PROGRESS: Progress = { advance: () => undefined, stop: () => undefined };

/** A bar from 0 to `total` in front of which stands `label`. */
export function startProgress(label: string, total: number): Progress {
  if (isQuiet() || !process.stderr.isTTY || total === 0) return NO_PROGRESS;
  const bar = new SingleBar(
    {
      format: `${label} {bar} {value}/{total} {eta_formatted} {detail}`,
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
    },
    Presets.shades_classic,
  );
  bar.start(total, 0, { detail: '' });
  return {
    advance: (count, detail) => bar.increment(count, detail === undefined ? {} : { detail }),
    stop: () => bar.stop(),
  };
}
