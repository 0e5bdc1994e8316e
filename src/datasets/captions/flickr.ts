/** The token file of Flickr8k and Flickr30k (Hodosh et al. 2013): `image#n<TAB>caption`, one a line. */
import { readLines } from '../../text/lines.js';
import type { CaptionEntry, Report } from './types.js';

const LINE = /^(?<image>[^\t]+)#(?<index>\d+)\t(?<caption>.*)$/;

export async function* readFlickr(path: string, report: Report): AsyncGenerator<CaptionEntry> {
  for await (const { number, text } of readLines(path)) {
    if (text.trim() === '') continue;
    const where = `${path}:${number}`;
    const groups = LINE.exec(text)?.groups;
    if (groups === undefined) {
      report(where, 'expected image#number, a tab and a caption');
      continue;
    }
    const { image = '', index = '', caption = '' } = groups;
    yield { where, image: image.trim(), caption, id: `${image.trim()}#${Number(index)}` };
  }
}
