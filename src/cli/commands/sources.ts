/** `--source images=DIR,captions=FILE[,splits=DIR]`: how commands are told of captioned photos. */
import { UserError } from '../../shared/errors.js';
import type { CaptionSource } from '../../tasks/caption/sources.js';

const KEYS = ['images', 'captions', 'splits'] as const;
type Key = (typeof KEYS)[number];

const EXPECTED = 'expected images=DIR,captions=FILE[,splits=DIR]';

/** Reads the value of an option named `option`. Throws UserError that shows the expected form. */
export function parseSource(text: string, option: string): CaptionSource {
  const found = new Map<Key, string>();
  // A comma that is not followed by one of the keys belongs to a path.
  for (const part of text.split(/,(?=(?:images|captions|splits)=)/)) {
    const equals = part.indexOf('=');
    const key = KEYS.find((name) => name === part.slice(0, equals));
    const value = part.slice(equals + 1);
    if (equals < 0 || key === undefined || value === '') {
      throw new UserError(`${option} ${text}: ${EXPECTED}, found "${part}"`, { exitCode: 2 });
    }
    if (found.has(key)) throw new UserError(`${option} ${text}: ${key} is given twice`, { exitCode: 2 });
    found.set(key, value);
  }
  const images = found.get('images');
  const captions = found.get('captions');
  const splits = found.get('splits');
  if (images === undefined || captions === undefined) {
    throw new UserError(`${option} ${text}: ${EXPECTED}`, { exitCode: 2 });
  }
  return { images, captions, ...(splits === undefined ? {} : { splits }) };
}

/** Sources from `--images` with `--captions`, or from repeated `--source`. */
export function sourcesFrom(argv: {
  readonly images: string | undefined;
  readonly captions: string | undefined;
  readonly splits: string | undefined;
  readonly source: readonly string[];
}): readonly CaptionSource[] {
  const { images, captions, splits, source } = argv;
  const parsed = source.map((text) => parseSource(text, '--source'));
  if (images === undefined && captions === undefined) {
    if (parsed.length > 0) return parsed;
    throw new UserError('name the photos: --images DIR --captions FILE, or --source images=DIR,captions=FILE', {
      exitCode: 2,
    });
  }
  if (images === undefined || captions === undefined) {
    throw new UserError('--images and --captions belong together: name both', { exitCode: 2 });
  }
  return [{ images, captions, ...(splits === undefined ? {} : { splits }) }, ...parsed];
}

export const sourceOptions = {
  images: { type: 'string', requiresArg: true, describe: 'Folder of photos' },
  captions: { type: 'string', requiresArg: true, describe: 'Captions: Flickr8k, COCO, Karpathy, CSV or JSONL' },
  splits: { type: 'string', requiresArg: true, describe: 'Folder of lists that split the photos (Flickr8k)' },
  source: {
    type: 'string',
    array: true,
    requiresArg: true,
    default: [] as string[],
    describe: 'images=DIR,captions=FILE[,splits=DIR]; may be repeated',
  },
} as const;
