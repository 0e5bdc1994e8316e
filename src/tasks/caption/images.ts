/** The images that a command line names: files, folders, patterns and lists. */
export {
  expandImagePaths as findImages,
  type ImageInput,
  type ImagePath,
  type MediaBytes,
} from '../../media/image-paths.js';
