/** Lists of names on stdin. */
export { readPathList } from '../media/media-paths.js';
