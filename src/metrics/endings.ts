/** How many English sentences break off: what training for n-gram rewards is known to cause (Rennie et al. 2017, 5). */

/** Words that no English caption ends in. */
const NEVER_LAST = new Set('a an the of in on with and at to by for from through over'.split(' '));

/** The share of `captions`, in [0, 1], whose last word is an article, a preposition or "and". */
export function brokenEndings(captions: readonly string[]): number {
  const broken = captions.filter((caption) => NEVER_LAST.has(lastWord(caption)));
  return captions.length === 0 ? 0 : broken.length / captions.length;
}

function lastWord(caption: string): string {
  return (
    caption
      .toLowerCase()
      .match(/[\p{L}\p{N}'-]+/gu)
      ?.at(-1) ?? ''
  );
}
