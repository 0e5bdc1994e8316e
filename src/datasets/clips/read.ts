/**
 * Reads labelled clips: a folder with one folder a class, a CSV file `path,label`, or a list of UCF101
 * (`Class/v_Class_g01_c01.avi 1`, with or without the number), whose paths are relative to a folder of clips.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { hasExtension } from '../../media/media-paths.js';
import { compareNaturally } from '../../shared/folder-files.js';
import { messageOf, systemReason, UserError } from '../../shared/errors.js';
import { VIDEOS } from '../../media/video/index.js';
import { LostCharacters } from '../../text/encoding.js';
import { readClassFolders } from '../class-folders.js';
import type { ClipSet, LabelledClip } from './types.js';

const EXPECTED = 'name a folder with a folder a class, a CSV or a list';

/**
 * The clips of `source`. Throws UserError when it is missing or holds none; a class folder without clips is a problem
 * that is reported and left out.
 * @param root where the paths of a list are relative to; the list's own folder by default
 */
export function readClips(source: string, root?: string): ClipSet {
  let isFolder: boolean;
  try {
    isFolder = statSync(source).isDirectory();
  } catch (error) {
    throw new UserError(`${source}: ${systemReason(error)} (${EXPECTED})`, {
      cause: error,
    });
  }
  const set = isFolder ? readFolder(source) : readList(source, root ?? dirname(source));
  if (set.clips.length === 0) {
    throw new UserError(
      `${source}: ${isFolder ? 'expected a folder of clips for each class' : 'expected lines with a clip and its class'}, ` +
        'found no clip',
    );
  }
  return set;
}

function readFolder(folder: string): ClipSet {
  const { classes, problems } = readClassFolders(folder, 'clips', (name) => hasExtension(VIDEOS, name));
  const clips = classes.flatMap(({ label, paths }) => paths.map((path) => ({ path, label })));
  return { clips, labels: classes.map(({ label }) => label), problems };
}

/** A line of a UCF101 list. */
const UCF_LINE = /^([^/\\,]+)\/([^,]+?\.\w+)(?:\s+\d+)?$/;

function readList(file: string, root: string): ClipSet {
  const text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  if (hasExtension(VIDEOS, file) || text.includes('\0')) {
    throw new UserError(`${file}: is no list of clips (${EXPECTED})`);
  }
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '');
  const rows = lines.every((line) => UCF_LINE.test(line.trim())) ? ucfRows(lines) : csvRows(file, text);
  const clips: LabelledClip[] = [];
  const problems: string[] = [];
  const lost = new LostCharacters();
  rows.forEach(({ path, label, line }) => {
    lost.add(path + label, `${file}:${line}`);
    const found = isAbsolute(path) ? path : resolve(root, path);
    if (existsSync(found)) clips.push({ path: found, label });
    else problems.push(`${file}:${line}: ${found}: no such file; left out`);
  });
  if (lost.problem !== undefined) problems.unshift(lost.problem);
  return { clips, labels: [...new Set(clips.map(({ label }) => label))].sort(compareNaturally), problems };
}

interface Row extends LabelledClip {
  readonly line: number;
}

function ucfRows(lines: readonly string[]): readonly Row[] {
  return lines.map((line, index) => {
    const [, label = '', name = ''] = UCF_LINE.exec(line.trim()) ?? [];
    return { path: `${label}/${name}`, label, line: index + 1 };
  });
}

function csvRows(file: string, text: string): readonly Row[] {
  let records: { info: { lines: number }; record: readonly string[] }[];
  try {
    records = parse(text, { info: true, relax_column_count: true, skip_empty_lines: true, trim: true }) as never;
  } catch (error) {
    throw new UserError(`${file}: is no CSV: ${messageOf(error)}`, { cause: error });
  }
  const rows = records.map(({ info, record }) => {
    const [path = '', label = ''] = record;
    if (record.length === 2 && path !== '' && label !== '') return { path, label, line: info.lines };
    throw new UserError(
      `${file}:${info.lines}: expected 2 columns (path, label), found ${record.length}; quote names that contain commas`,
    );
  });
  const [first] = rows;
  return first?.path.toLowerCase() === 'path' && first.label.toLowerCase() === 'label' ? rows.slice(1) : rows;
}
