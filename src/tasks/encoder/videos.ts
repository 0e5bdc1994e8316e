/** The videos that a command line names: files, folders, patterns and lists. */
export {
  type ClipInput,
  DEFAULT_TIMEOUT_SECONDS,
  expandVideoPaths as findVideos,
  MOST_FRAMES,
  type VideoPath,
} from '../../media/video/index.js';
