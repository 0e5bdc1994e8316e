/** From captions as found to examples: checks each, groups them by photo, and looks for the photos. */
import { statSync } from 'node:fs';
import { dirname, isAbsolute, join, normalize, resolve, sep } from 'node:path';
import { systemReason } from '../../shared/errors.js';
import { NOT_UTF8, REPLACEMENT_CHARACTER } from '../../text/encoding.js';
import { canonicalSplit } from './splits.js';
import type { CaptionedImage, CaptionEntry, Report } from './types.js';

/** A photo's captions before it is known whether the photo exists. */
export interface Group {
  /** The name as written in the file. */
  readonly image: string;
  readonly otherImage: string | undefined;
  readonly captions: Set<string>;
  /** Where its first caption stands. */
  readonly where: string;
  split: string | undefined;
}

/** The captions by photo, in order of first appearance; what cannot be used is reported and left out. */
export async function groupByImage(entries: AsyncIterable<CaptionEntry>, report: Report): Promise<Group[]> {
  const groups = new Map<string, Group>();
  const ids = new Map<string, string>();
  for await (const entry of entries) {
    const caption = entry.caption.replace(/\s+/gu, ' ').trim();
    const fault = faultOf(entry, caption) ?? duplicateId(entry, ids);
    if (fault !== undefined) report(entry.where, fault);
    else addTo(groups, entry, caption, report);
  }
  return [...groups.values()];
}

function faultOf({ image, split }: CaptionEntry, caption: string): string | undefined {
  if (image.trim() === '') return 'the name of the image is empty';
  if ([image, caption, split].some((text) => text?.includes(REPLACEMENT_CHARACTER))) return NOT_UTF8;
  if (!/[\p{L}\p{N}]/u.test(caption)) return `empty caption for ${image}`;
  return undefined;
}

function duplicateId({ id, where }: CaptionEntry, ids: Map<string, string>): string | undefined {
  if (id === undefined) return undefined;
  const first = ids.get(id);
  if (first !== undefined) return `duplicate id ${id}, first at ${first}; the first is kept`;
  ids.set(id, where);
  return undefined;
}

function addTo(groups: Map<string, Group>, entry: CaptionEntry, caption: string, report: Report): void {
  const { image, otherImage, where } = entry;
  const split = entry.split === undefined ? undefined : canonicalSplit(entry.split);
  const group = groups.get(image);
  if (group === undefined) groups.set(image, { image, otherImage, captions: new Set([caption]), where, split });
  else {
    if (split !== undefined && group.split !== undefined && split !== group.split) {
      report(where, `${image} is in split ${split} here and in ${group.split} at ${group.where}, which is kept`);
    }
    group.split ??= split;
    if (group.captions.has(caption)) report(where, `${image} has this caption already: ${JSON.stringify(caption)}`);
    else group.captions.add(caption);
  }
}

/** The groups whose photo is a file inside `folder`; the others are reported. */
export function locateImages(groups: readonly Group[], folder: string, report: Report): CaptionedImage[] {
  const root = resolve(folder);
  const owners = new Map<string, Group>();
  const examples: CaptionedImage[] = [];
  for (const group of groups) {
    const image = locate(group, root, report);
    if (image === undefined) continue;
    const owner = owners.get(image);
    if (owner !== undefined) {
      report(group.where, `${group.image} is the same file as ${owner.image} at ${owner.where}, which is kept`);
      continue;
    }
    owners.set(image, group);
    examples.push({ image, captions: [...group.captions], ...(group.split === undefined ? {} : { split: group.split }) });
  }
  return examples;
}

function locate({ image, otherImage, where }: Group, root: string, report: Report): string | undefined {
  let reason: string | undefined;
  for (const name of otherImage === undefined ? [image] : [image, otherImage]) {
    if (!staysInside(name)) {
      report(where, `image ${JSON.stringify(name)} leaves the folder of images; write it relative to ${root}`);
      return undefined;
    }
    const path = join(root, name);
    try {
      if (isFile(path)) return path;
    } catch (error) {
      reason = `: ${systemReason(error)}`;
    }
  }
  report(where, `image ${JSON.stringify(image)}${reason ?? notFound(image, root)}`);
  return undefined;
}

/** Names often begin with folders that `root` is already in. */
function notFound(image: string, root: string): string {
  const above = folderAbove(root, image);
  const hint = above === undefined ? '' : `; ${join(above, image)} is there: --images ${above} would find it`;
  return ` not found in ${root}${hint}`;
}

/** The nearest folder around `root` in which `image` is a file. */
function folderAbove(root: string, image: string): string | undefined {
  const parent = dirname(root);
  if (parent === root) return undefined;
  try {
    if (isFile(join(parent, image))) return parent;
  } catch {
    // What may not be looked at is no help.
  }
  return folderAbove(parent, image);
}

/** Throws what the system throws, unless there is nothing at `path`. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function staysInside(name: string): boolean {
  const normal = normalize(name);
  return !name.includes('\0') && !isAbsolute(normal) && !/^[a-z]:/i.test(name) && normal !== '..' && !normal.startsWith(`..${sep}`);
}
