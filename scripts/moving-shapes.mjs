#!/usr/bin/env node
/**
 * Generates the moving-shapes set: short clips of a shape on a plain ground, whose class is nothing but how it moves. No
 * single frame tells the classes apart: that is what recurrence is for.
 *
 *     node scripts/moving-shapes.mjs OUTPUT [--set direction|directions|rotation|speed] [--clips 40] [--size 64] [--frames 16] [--seed 1]
 *
 * `direction`: left, right; `directions`: left, right, up, down; `rotation`: clockwise, counterclockwise; `speed`: slow, fast. A folder a class is
 * made in OUTPUT; names end in the number of the drawing (`right_g012.mp4`), and clips of one number differ in their
 * movement alone: use --group-pattern 'g(\d+)'. ffmpeg is found as looksay finds it; run `npm run build` before.
 */
import { spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { findTool } from '../dist/media/video/index.js';
import { Random } from '../dist/shared/random.js';

const RATE = 8;
const TURN = 2 * Math.PI;

const SETS = {
  direction: ['left', 'right'],
  directions: ['left', 'right', 'up', 'down'],
  rotation: ['clockwise', 'counterclockwise'],
  speed: ['slow', 'fast'],
};
const SHAPES = ['square', 'circle', 'triangle', 'bar'];

/** What a drawing looks like, whatever moves it. */
function drawScene(random, size) {
  const colour = () => [0, 1, 2].map(() => random.integer(256));
  let [ground, shape] = [colour(), colour()];
  while (distance(ground, shape) < 160) [ground, shape] = [colour(), colour()];
  return {
    ground,
    colour: shape,
    shape: SHAPES[random.integer(SHAPES.length)],
    radius: size * (0.1 + 0.08 * random.uniform()),
    /** Where it is in the middle of its way, far enough from the edges to stay inside. */
    middle: [0.3 + 0.4 * random.uniform(), 0.3 + 0.4 * random.uniform()],
    angle: TURN * random.uniform(),
    /** The length of its way, a share of the side. */
    path: 0.3 + 0.1 * random.uniform(),
    noise: 6 * random.uniform(),
  };
}

const distance = (a, b) => Math.hypot(...a.map((value, index) => value - b[index]));

/**
 * Position (0 to 1) and angle at a frame. Movements are about their middle: opposite ones show the very same
 * frames in opposite order.
 */
function stateAt({ middle: [x, y], angle, path }, label, { frame, frames }) {
  const moved = (frame / Math.max(1, frames - 1) - 0.5) * path;
  switch (label) {
    case 'left':
      return { x: x - moved, y, angle };
    case 'right':
      return { x: x + moved, y, angle };
    case 'up':
      return { x, y: y - moved, angle };
    case 'down':
      return { x, y: y + moved, angle };
    case 'clockwise':
      return { x, y, angle: angle + 8 * moved };
    case 'counterclockwise':
      return { x, y, angle: angle - 8 * moved };
    case 'slow':
      return { x: x + 0.5 * moved, y, angle };
    case 'fast':
      return { x: x + 1.5 * moved, y, angle };
    default:
      throw new Error(`no movement ${label}`);
  }
}

/** How far inside the shape a point is, in pixels; below 0 outside. */
function depth(shape, radius, x, y) {
  switch (shape) {
    case 'circle':
      return radius - Math.hypot(x, y) + 0.45 * Math.max(0, x); // a bulge: its turning is seen
    case 'square':
      return 0.85 * radius - Math.max(Math.abs(x), Math.abs(y));
    case 'triangle':
      return (
        0.55 * radius -
        Math.max(...[0, 1, 2].map((side) => x * Math.cos((side * TURN) / 3) + y * Math.sin((side * TURN) / 3)))
      );
    default: // A bar that is thicker at one end.
      return Math.min(1.3 * radius - Math.abs(x), (x > 0 ? 0.5 : 0.25) * radius - Math.abs(y));
  }
}

/** RGB bytes of a frame. */
function paint(scene, state, size, random) {
  const pixels = Buffer.alloc(size * size * 3);
  const centre = [state.x * size, state.y * size];
  const [cosine, sine] = [Math.cos(state.angle), Math.sin(state.angle)];
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      const dx = column + 0.5 - centre[0];
      const dy = row + 0.5 - centre[1];
      const inside = depth(scene.shape, scene.radius, dx * cosine + dy * sine, dy * cosine - dx * sine);
      const share = Math.min(1, Math.max(0, inside + 0.5));
      for (let channel = 0; channel < 3; channel++) {
        const value = scene.ground[channel] + share * (scene.colour[channel] - scene.ground[channel]);
        pixels[(row * size + column) * 3 + channel] = Math.min(
          255,
          Math.max(0, value + scene.noise * (random.uniform() - 0.5)),
        );
      }
    }
  }
  return pixels;
}

/** Writes a clip. */
async function record(path, scene, label, { size, frames, random }) {
  const argv = [
    '-v',
    'error',
    '-y',
    '-f',
    'rawvideo',
    '-pix_fmt',
    'rgb24',
    '-s',
    `${size}x${size}`,
    '-r',
    String(RATE),
  ];
  argv.push('-i', 'pipe:0', '-c:v', 'libx264', '-crf', '16', '-pix_fmt', 'yuv420p', `file:${path}`);
  const child = spawn(findTool('ffmpeg'), argv, { stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => (code === 0 ? resolve() : reject(new Error(`ffmpeg exited with code ${code}`))));
  });
  for (let frame = 0; frame < frames; frame++)
    child.stdin.write(paint(scene, stateAt(scene, label, { frame, frames }), size, random));
  child.stdin.end();
  await ended;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    set: { type: 'string', default: 'direction' },
    clips: { type: 'string', default: '40' },
    size: { type: 'string', default: '64' },
    frames: { type: 'string', default: '16' },
    seed: { type: 'string', default: '1' },
  },
});
const [output] = positionals;
const labels = SETS[values.set];
const [clips, size, frames, seed] = [values.clips, values.size, values.frames, values.seed].map(Number);
if (
  output === undefined ||
  labels === undefined ||
  ![clips, size, frames].every((value) => Number.isInteger(value) && value > 0)
) {
  console.error(
    'usage: moving-shapes.mjs OUTPUT [--set direction|directions|rotation|speed] [--clips N] [--size N] [--frames N] [--seed N]',
  );
  process.exit(2);
}
for (const label of labels) await mkdir(join(output, label), { recursive: true });
for (let number = 0; number < clips; number++) {
  const scene = drawScene(new Random(seed * 1_000_003 + number), size);
  for (const label of labels) {
    const name = `${label}_g${String(number).padStart(3, '0')}.mp4`;
    await record(join(output, label, name), scene, label, { size, frames, random: new Random(seed + number) });
  }
}
