/**
 * What `JSON.parse` lets pass. Keys that stand twice in one object (RFC 8259, section 4: "names within an object SHOULD
 * be unique"): it silently keeps the last one, so that two readers of one file could see different tensors. Nesting
 * without end: a file of 90 MB becomes values of 4 GB, and what walks through them recursively fails.
 */

/** Files that are read nest a few deep: what nests without end is refused before it is parsed. */
const DEEPEST = 100;

/**
 * The value in the JSON `text`, whose objects and lists stand in each other `deepest` deep at most. Throws a SyntaxError
 * whose message goes on after "expected JSON, ".
 */
export function parseBounded(text: string, deepest = DEEPEST): unknown {
  const position = tooDeepAt(text, deepest);
  if (position === undefined) return JSON.parse(text);
  throw new SyntaxError(`found objects or lists more than ${deepest} deep at position ${position}`);
}

/** Where an object or list of `text` (JSON or not) begins inside `depth` others; undefined where none does. */
function tooDeepAt(text: string, depth: number): number | undefined {
  let open = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index];
    if (character === '"') index = endOfString(text, index) - 1;
    else if (character === '}' || character === ']') open--;
    else if ((character === '{' || character === '[') && ++open > depth) return index;
  }
  return undefined;
}

/** The first key that an object in `text` (valid JSON) has twice, or undefined. */
export function findDuplicateKey(text: string): string | undefined {
  const scopes: Set<string>[] = [];
  let string = '';
  for (let index = 0; index < text.length; index++) {
    switch (text[index]) {
      case '{':
      case '[':
        scopes.push(new Set());
        break;
      case '}':
      case ']':
        scopes.pop();
        break;
      case ':': {
        const keys = scopes.at(-1);
        if (keys?.has(string) === true) return string;
        keys?.add(string);
        break;
      }
      case '"': {
        const end = endOfString(text, index);
        string = JSON.parse(text.slice(index, end)) as string;
        index = end - 1;
        break;
      }
      default: // White space, a comma, a number or a word.
    }
  }
  return undefined;
}

/** The index behind the closing quote of the string that opens at `start`. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && text[index] !== '"') index += text[index] === '\\' ? 2 : 1;
  return index + 1;
}
