/** A video that cannot be decoded, and the kind of file that videos are. */
import { MediaError } from '../media-error.js';
import { expandMediaPaths, type ExpandOptions, type MediaKind, type MediaPath } from '../media-paths.js';

/** A video that cannot be decoded. */
export class VideoError extends MediaError {}

/** What decodes a video took too long, crashed, or said nothing: what the video is like remains unknown. */
export class DecoderFailure extends VideoError {}

/** Whether an error says that a clip cannot be decoded, and not that what decodes it failed. */
export function blamesClip(error: unknown): error is VideoError {
  return error instanceof VideoError && !(error instanceof DecoderFailure);
}

/** A video to be decoded, or with `error` an input that leads to none. */
export type VideoPath = MediaPath<VideoError>;

/** Extensions of what is taken for a video in folders. */
export const VIDEOS: MediaKind<VideoError> = {
  noun: 'video',
  extensions: new Set(
    (
      '3g2 3gp asf avi divx dv f4v flv h264 h265 hevc ivf m1v m2ts m2v m4v mjpeg mjpg mkv mov mp4 mpe mpeg mpg mts mxf ' +
      'ogm ogv qt rm rmvb ts vob webm wmv y4m'
    )
      .split(' ')
      .map((name) => `.${name}`),
  ),
  errorOf: (where, reason, cause) => new VideoError(where, reason, cause),
};

/** The videos that `inputs` mean: see `expandMediaPaths`. */
export function expandVideoPaths(
  inputs: readonly string[],
  options: ExpandOptions = {},
): Promise<readonly VideoPath[]> {
  return expandMediaPaths(VIDEOS, inputs, options);
}
