#!/usr/bin/env node
/**
 * Generates the moving-shapes set: short clips of a shape on a plain ground, whose class is nothing but how it moves. No
 * single frame tells the classes apart: that is what recurrence is for.
 *
 *     node scripts/moving-shapes.mjs OUTPUT [--set SET] [--clips 40] [--size 64] [--frames 16] [--seed 1]
 *
 * SET is `direction` (the default): left, right; `directions`: left, right, up, down; `rotation`: clockwise,
 * counterclockwise; `speed`: slow, fast; `movements`: the directions and rotations; or `sentences`. A folder a class is
 * made in OUTPUT; names end in the number of the drawing (`right_g012.mp4`), and clips of one number differ in their
 * movement alone: use --group-pattern 'g(\d+)'. `sentences`: clips that show one or two things one after another, and
 * `train.csv` and `val.csv` that say what ("a red square moves left, then a blue circle spins"): each sentence of
 * `val.csv` has a combination of colour, shape and movement that no sentence of `train.csv` has, and as many clips as a
 * tenth of those to train on. ffmpeg is found as looksay finds it; in a clone run `npm run build` before.
 */
import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findTool } from '../dist/media/video/index.js';
import { messageOf, UserError } from '../dist/shared/errors.js';
import { Random } from '../dist/shared/random.js';
import { parseOptions, runScript } from './run-script.mjs';

const RATE = 8;
const TURN = 2 * Math.PI;

const SETS = {
  direction: ['left', 'right'],
  directions: ['left', 'right', 'up', 'down'],
  rotation: ['clockwise', 'counterclockwise'],
  speed: ['slow', 'fast'],
  movements: ['left', 'right', 'up', 'down', 'clockwise', 'counterclockwise'],
};
/** The set of sentences, beside those of classes. */
const SENTENCES = 'sentences';
const SHAPES = ['square', 'circle', 'triangle', 'bar'];
const COLOURS = {
  red: [220, 40, 40],
  green: [40, 180, 60],
  blue: [50, 80, 230],
  yellow: [240, 220, 40],
  white: [245, 245, 245],
  purple: [160, 50, 190],
};
/** Verb phrases and the movement that each stands for. */
const VERBS = {
  'moves left': 'left',
  'moves right': 'right',
  'moves up': 'up',
  'moves down': 'down',
  spins: 'clockwise',
};
/** One in so many combinations of colour, shape and movement is held out. */
const HELD_OUT = 6;

/**
 * What a drawing looks like, whatever moves it.
 *
 * @param {Random} random
 * @param {number} size
 */
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
    middle: /** @type {[number, number]} */ ([0.3 + 0.4 * random.uniform(), 0.3 + 0.4 * random.uniform()]),
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

/** A sentence of one event or two, each with its drawing; whether it has something that is held out. */
function drawSentence(random, size) {
  const [colours, verbs] = [Object.keys(COLOURS), Object.keys(VERBS)];
  const ground = [0, 1, 2].map(() => 10 + random.integer(60));
  const noise = 6 * random.uniform();
  const events = Array.from({ length: 1 + random.integer(2) }, () => {
    const [colour, shape, verb] = [colours, SHAPES, verbs].map((list) => random.integer(list.length));
    return {
      // A Latin square: each colour, shape and movement, and each two of them, are seen in training.
      isHeldOut: (colour + 2 * shape + 3 * verb) % HELD_OUT === 0,
      text: `a ${colours[colour]} ${SHAPES[shape]} ${verbs[verb]}`,
      label: VERBS[verbs[verb]],
      scene: { ...drawScene(random, size), ground, noise, colour: COLOURS[colours[colour]], shape: SHAPES[shape] },
    };
  });
  return {
    events,
    text: events.map(({ text }) => text).join(', then '),
    isHeldOut: events.some(({ isHeldOut }) => isHeldOut),
  };
}

/** Writes clips and the sentences about them. */
async function recordSentences(output, { clips, size, frames, seed }) {
  await makeFolder(join(output, 'clips'));
  const parts = [
    { name: 'train', count: clips, isHeldOut: false },
    { name: 'val', count: Math.ceil(clips / 10), isHeldOut: true },
  ];
  for (const { name, count, isHeldOut } of parts) {
    const random = new Random(seed * 1_000_003 + (isHeldOut ? 1 : 0));
    const lines = ['clip,caption'];
    while (lines.length <= count) {
      const sentence = drawSentence(random, size);
      if (sentence.isHeldOut !== isHeldOut) continue;
      const file = `${name}${String(lines.length - 1).padStart(4, '0')}.mp4`;
      const { events } = sentence;
      const each = frames / events.length;
      await record(join(output, 'clips', file), { size, frames }, (frame) => {
        const { scene, label } = events[Math.floor(frame / each)];
        return paint(scene, stateAt(scene, label, { frame: frame % each, frames: each }), size, random);
      });
      lines.push(`${file},"${sentence.text}"`);
    }
    await writeFile(join(output, `${name}.csv`), `${lines.join('\n')}\n`);
  }
}

/** Writes a clip of what `frameAt` paints. */
async function record(path, { size, frames }, frameAt) {
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
  const ended = new Promise((/** @type {(value?: unknown) => void} */ resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) =>
      code === 0 ? resolve() : reject(new UserError(`${path}: ffmpeg could not write it (exit code ${code})`)),
    );
  });
  child.stdin.on('error', () => undefined); // how ffmpeg ends tells more
  for (let frame = 0; frame < frames; frame++) child.stdin.write(frameAt(frame));
  child.stdin.end();
  await ended;
}

const TEXT = /** @type {const} */ ({ type: 'string', multiple: false });
const OPTIONS = {
  set: { ...TEXT, default: 'direction' },
  clips: { ...TEXT, default: '40' },
  size: { ...TEXT, default: '64' },
  frames: { ...TEXT, default: '16' },
  seed: { ...TEXT, default: '1' },
};

const USAGE = Object.keys(OPTIONS)
  .map((name) => `[--${name} ${name === 'set' ? 'SET' : 'N'}]`)
  .join(' ');

/** What the command line says. Throws UserError (exit code 2) where it makes no sense. */
function given() {
  const { values, positionals } = parseOptions({ allowPositionals: true, options: OPTIONS });
  const [output] = positionals;
  if (output === undefined || output === '' || positionals.length > 1) {
    const found = positionals.length > 0 ? positionals.join(' ') : 'none';
    throw wrong(`expected one folder to write to, found ${found} (usage: moving-shapes.mjs OUTPUT ${USAGE})`);
  }
  const { set } = values;
  const sets = [...Object.keys(SETS), SENTENCES];
  if (!sets.includes(set)) throw wrong(`--set: expected ${sets.join(', ')}, got "${set}"`);
  const number = (name, expected, fits) => {
    const value = values[name].trim() === '' ? NaN : Number(values[name]);
    if (Number.isInteger(value) && fits(value)) return value;
    throw wrong(`--${name}: expected ${expected}, got "${values[name]}"`);
  };
  return {
    output,
    set,
    clips: number('clips', 'a whole number from 1 on', (value) => value >= 1),
    size: number('size', 'an even whole number from 16 on', (value) => value >= 16 && value % 2 === 0),
    frames:
      set === SENTENCES
        ? number('frames', 'an even whole number from 2 on', (value) => value >= 2 && value % 2 === 0)
        : number('frames', 'a whole number from 1 on', (value) => value >= 1),
    seed: number('seed', 'a whole number from 0 on', (value) => value >= 0),
  };
}

const wrong = (message) => new UserError(message, { exitCode: 2 });

async function makeFolder(path) {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    throw new UserError(`${path}: expected a folder that can be written to (${messageOf(error)})`);
  }
}

await runScript('moving-shapes', async () => {
  const { output, set, clips, size, frames, seed } = given();
  if (set === SENTENCES) return recordSentences(output, { clips, size, frames, seed });
  const labels = SETS[set];
  for (const label of labels) await makeFolder(join(output, label));
  for (let number = 0; number < clips; number++) {
    const scene = drawScene(new Random(seed * 1_000_003 + number), size);
    for (const label of labels) {
      const name = `${label}_g${String(number).padStart(3, '0')}.mp4`;
      const random = new Random(seed + number);
      await record(join(output, label, name), { size, frames }, (frame) =>
        paint(scene, stateAt(scene, label, { frame, frames }), size, random),
      );
    }
  }
});
