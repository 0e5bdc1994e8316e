/** The images that a command line names: files, folders, patterns and lists. */
export { expandImagePaths as findImages, type ImagePath, readPathList } from '../../media/image-paths.js';
