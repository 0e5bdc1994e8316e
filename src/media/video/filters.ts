/** The filters between a decoded frame and the square that an encoder sees, as ffmpeg's filter language. */
import { unreachable } from '../../shared/assert.js';
import type { ImagePreprocessing } from '../preprocessing.js';
import type { VideoInfo } from './probe.js';

/** Bytes a pixel as it comes out of ffmpeg. */
export const PIXEL_FORMATS = { rgb24: 3, rgba: 4, rgb48le: 6 } as const;
export type PixelFormat = keyof typeof PIXEL_FORMATS;

/** What is asked of ffmpeg: transparency and high range are dealt with afterwards. */
export function pixelFormatOf({ hdr, hasAlpha }: Pick<VideoInfo, 'hdr' | 'hasAlpha'>): PixelFormat {
  if (hdr !== undefined) return 'rgb48le';
  return hasAlpha ? 'rgba' : 'rgb24';
}

const KERNELS = {
  cubic: 'bicubic:param0=0:param1=0.5', // Catmull-Rom, as for images
  linear: 'bilinear',
  lanczos3: 'lanczos:param0=3',
} as const;

/** Longer than any clip, in seconds. */
const NEVER = 1e6;

/**
 * The first frame not before each of `thresholds` (seconds, rising), and the very first. Chosen before they are resized,
 * so that only these are. Of each is printed when the frame before it began, then when it begins (`nan` where there is
 * none). The frame that follows the last of them ends the stream: nothing further is decoded.
 */
export function selectFilters(thresholds: readonly number[]): readonly string[] {
  const end = thresholds.at(-1) ?? 0;
  const [first, last] = [number(thresholds[0] ?? 0), number(end)];
  const isFirst = `gte(t,${first})*lt(prev_t,${latestUntilNow(thresholds)})`;
  return [
    `select='if(eq(n,0)+${isFirst},print(prev_t);print(t);1,gte(prev_t,${last}))'`,
    `setpts='if(gte(PREV_INT,${last}),${number(end + NEVER)}/TB,PTS)'`,
    `trim=end=${number(end + NEVER / 2)}`,
  ];
}

/**
 * The last of `thresholds` that is not after `t`, the first where all are. Found by halving: ffmpeg 9 refuses expressions
 * of about a hundred terms beside each other.
 */
function latestUntilNow(thresholds: readonly number[]): string {
  if (thresholds.length <= 1) return number(thresholds[0] ?? 0);
  const middle = Math.floor(thresholds.length / 2);
  const [earlier, later] = [thresholds.slice(0, middle), thresholds.slice(middle)];
  return `if(lt(t,${number(later[0] as number)}),${latestUntilNow(earlier)},${latestUntilNow(later)})`;
}

const number = (time: number): string => time.toFixed(6);

/** Fields become frames before any is dropped; progressive frames between them stay as they are. */
export function deinterlaceFilters({ isInterlaced }: Pick<VideoInfo, 'isInterlaced'>): readonly string[] {
  return isInterlaced ? ['yadif=mode=send_frame:deint=interlaced'] : [];
}

/** Resizing to the square, by the proportions that are displayed (`dar`), then conversion to `format`. */
export function fitFilters({ size, fit, kernel }: ImagePreprocessing, format: PixelFormat): readonly string[] {
  const scale = (width: string, height: string): string =>
    `scale=w='${width}':h='${height}':flags=${KERNELS[kernel].replace(/(?=:|$)/, '+accurate_rnd+full_chroma_int')}`;
  // Rounding could leave a side one pixel short of what is cut.
  const long = (ratio: string): string => `max(${size},ceil(${size}*${ratio}))`;
  const short = (ratio: string): string => `max(1,min(${size},round(${size}*${ratio})))`;
  const last = `format=${format}`;
  switch (fit) {
    case 'squash':
      return [scale(String(size), String(size)), last];
    case 'crop':
      return [
        scale(`if(gt(dar,1),${long('dar')},${size})`, `if(gt(dar,1),${size},${long('1/dar')})`),
        last,
        `crop=${size}:${size}`,
      ];
    case 'pad':
      return [
        scale(`if(gt(dar,1),${size},${short('dar')})`, `if(gt(dar,1),${short('1/dar')},${size})`),
        last,
        `pad=${size}:${size}:(ow-iw)/2:(oh-ih)/2:color=0x808080`,
      ];
    default:
      return unreachable(fit, 'fit');
  }
}
