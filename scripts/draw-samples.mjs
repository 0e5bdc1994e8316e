/**
 * Draws the sample photos with their captions, as README shows them:
 *
 *     npx looksay caption datasets/samples --format jsonl | node scripts/draw-samples.mjs datasets/captioned-samples.jpg
 */
import { text } from 'node:stream/consumers';
import sharp from 'sharp';

const COLUMNS = 6;
const WIDTH = 200;
const PHOTO_HEIGHT = 134;
const HEIGHT = PHOTO_HEIGHT + 44;

const escape = (words) => words.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Breaks a caption into lines of at most `width` letters. */
function wrap(caption, width = 32) {
  const lines = [''];
  for (const word of caption.split(' ')) {
    if (`${lines.at(-1)} ${word}`.trim().length <= width) lines.push(`${lines.pop()} ${word}`.trim());
    else lines.push(word);
  }
  return lines.slice(0, 3);
}

const results = (await text(process.stdin))
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line));
const layers = [];
for (const [index, { image, caption, error }] of results.entries()) {
  const left = (index % COLUMNS) * WIDTH;
  const top = Math.floor(index / COLUMNS) * HEIGHT;
  const photo = await sharp(image)
    .resize(WIDTH - 6, PHOTO_HEIGHT - 6)
    .jpeg()
    .toBuffer();
  layers.push({ input: photo, left: left + 3, top: top + 3 });
  const lines = wrap(caption ?? error)
    .map(
      (line, row) => `<text x="4" y="${12 + 13 * row}" font-size="11" font-family="sans-serif">${escape(line)}</text>`,
    )
    .join('');
  layers.push({
    input: Buffer.from(`<svg width="${WIDTH}" height="44">${lines}</svg>`),
    left,
    top: top + PHOTO_HEIGHT,
  });
}
await sharp({
  create: {
    width: COLUMNS * WIDTH,
    height: Math.ceil(results.length / COLUMNS) * HEIGHT,
    channels: 3,
    background: 'white',
  },
})
  .composite(layers)
  .jpeg({ quality: 82 })
  .toFile(process.argv[2]);
