/** What ffmpeg says about a file, in words for people. */

const KNOWN: readonly (readonly [RegExp, string])[] = [
  [/moov atom not found/i, 'is damaged or cut short: the index of its frames is missing'],
  [/Protocol .* not on whitelist/i, 'points at other files or at the network: only the file itself is read'],
  [/does not contain any stream|matches no streams|Output file #0 does not contain/i, 'has no video'],
  [/Invalid data found when processing input|Unknown input format/i, 'is damaged, or no video that ffmpeg can read'],
  [/Decoder .* not found|Unknown decoder|no decoder/i, 'has a codec that this ffmpeg cannot decode'],
  [/Permission denied/i, 'may not be read (permission denied)'],
];

/** Log lines begin with what wrote them: `[mov,mp4 @ 0x55d0] …`. */
const ORIGIN = /^(?:\[[^\]]*\]\s*)+/;
const LONGEST = 200;

/** Why ffmpeg or ffprobe failed, told by the lines that it wrote. */
export function failureOf(lines: readonly string[]): string {
  const text = lines.join('\n');
  const known = KNOWN.find(([pattern]) => pattern.test(text))?.[1];
  if (known !== undefined) return known;
  const last = lines.findLast((line) => line.trim() !== '') ?? 'it wrote nothing';
  return `cannot be decoded (ffmpeg: ${last.replace(ORIGIN, '').trim().slice(0, LONGEST)})`;
}
