/** Reading video: frames of clips as pixels, by ffmpeg. */
export { findTool } from './binaries.js';
export { type ClipInput, UNNAMED_CLIP, withClipFile } from './clip-input.js';
export { decodeApart, startDecoder } from './decoder.js';
export { decodeFrames, mostFrames } from './frame-stacks.js';
export {
  DEFAULT_TIMEOUT_SECONDS,
  decodeVideo,
  type DecodedVideo,
  type DecodeVideoOptions,
  MOST_FRAMES,
  type Sampler,
  type VideoFrame,
} from './frames.js';
export { type ProbeOptions, probeVideo, type VideoInfo } from './probe.js';
export {
  denseTimes,
  evenTimes,
  type FrameSampling,
  mostSampled,
  randomTimes,
  sampledTimes,
  type Span,
  windowsOf,
  windowTimes,
} from './sampling.js';
export { expandVideoPaths, VideoError, type VideoPath, VIDEOS } from './video-error.js';
