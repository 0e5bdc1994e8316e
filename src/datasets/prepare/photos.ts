/** The photos and other files of a captioned set, found in its sources; and the photos taken out of them, each decoded. */
import { basename } from 'node:path';
import { decodeImage, ImageError } from '../../media/image.js';
import { isImageName } from '../../media/image-paths.js';
import type { Archive } from './archive/index.js';
import { type Extracted, extract, requireRoom } from './extract.js';
import type { Job } from './recipe.js';

export const IMAGES_FOLDER = 'images';
/** Captions and lists are unpacked here while a set is prepared. */
export const SCRATCH_FOLDER = 'source';

const PHOTO_LIMIT_BYTES = 200_000_000;
/** COCO's `instances_train2017.json` has 449 MB. */
const FILE_LIMIT_BYTES = 2_000_000_000;
/** More names than this are not held in memory. */
const MOST_PHOTOS = 5_000_000;

export interface FoundPhoto {
  readonly archive: Archive;
  readonly name: string;
  readonly size: number;
}

/** Photos by what captions may call them: the end of their path, from any of its folders on. */
export class PhotoIndex {
  readonly #photos = new Map<string, FoundPhoto | 'several'>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(photo: FoundPhoto): void {
    this.#count++;
    const parts = photo.name.normalize('NFC').split('/');
    for (let from = 0; from < parts.length; from++) {
      const key = parts.slice(from).join('/');
      const known = this.#photos.get(key);
      if (known === undefined) this.#photos.set(key, photo);
      // The same photo may be in two sources.
      else if (known !== 'several' && known.size !== photo.size) this.#photos.set(key, 'several');
    }
  }

  /** The photo that `name` means; `several` when that cannot be told. */
  find(name: string): FoundPhoto | 'several' | undefined {
    return this.#photos.get(name.normalize('NFC'));
  }
}

export interface Survey {
  readonly photos: PhotoIndex;
  /** Files that were wanted, by their names in the sources, and where they can be read. */
  readonly files: ReadonlyMap<string, string>;
  /** Names of some files that were not wanted, for messages. */
  readonly others: readonly string[];
}

const OTHERS_KEPT = 20;

/** Goes through the sources once: lists the photos, and makes the files readable whose base name is `wanted`. */
export async function surveySources(job: Job, wanted: (baseName: string) => boolean): Promise<Survey> {
  const photos = new PhotoIndex();
  const files = new Map<string, string>();
  const others: string[] = [];
  const { placed } = await extract({
    ...job,
    ...{ folder: `${job.output}/${SCRATCH_FOLDER}`, label: 'looking through', limitBytes: FILE_LIMIT_BYTES },
    reuse: false,
    place: ({ name, size, path }, archive) => {
      if (isImageName(name)) {
        if (photos.count < MOST_PHOTOS) photos.add({ archive, name, size });
        return undefined;
      }
      if (!wanted(basename(name))) {
        if (others.length < OTHERS_KEPT) others.push(name);
        return undefined;
      }
      if (path === undefined) return name;
      files.set(name, path);
      return undefined;
    },
  });
  for (const place of placed) files.set(place, `${job.output}/${SCRATCH_FOLDER}/${place}`);
  return { photos, files, others };
}

export interface ChosenPhoto {
  readonly photo: FoundPhoto;
  /** Its name below the folder of images. */
  readonly place: string;
}

/** Puts the photos into the folder of images; those that cannot be decoded are reported and left out. */
export async function extractPhotos(job: Job, chosen: readonly ChosenPhoto[]): Promise<Extracted> {
  const places = new Map<Archive, Map<string, string>>();
  for (const { photo, place } of chosen) {
    const own = places.get(photo.archive) ?? new Map<string, string>();
    places.set(photo.archive, own.set(photo.name, place));
  }
  const folder = `${job.output}/${IMAGES_FOLDER}`;
  const packed = chosen.filter(({ photo }) => photo.archive.kind !== 'folder');
  await requireRoom(job.output, packed.reduce((sum, { photo }) => sum + photo.size, 0));
  return extract({
    ...job,
    ...{ folder, label: 'photos', total: chosen.length, limitBytes: PHOTO_LIMIT_BYTES },
    place: ({ name }, archive) => places.get(archive)?.get(name),
    check: faultOfPhoto,
  });
}

/** The whole file is decoded even for so few pixels. */
const CHECK = { size: 32, fit: 'squash', kernel: 'linear' } as const;

async function faultOfPhoto(path: string): Promise<string | undefined> {
  try {
    await decodeImage(path, CHECK);
    return undefined;
  } catch (error) {
    if (error instanceof ImageError) return error.reason;
    throw error;
  }
}
