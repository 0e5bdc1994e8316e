/** The images that a command line names: files, folders, patterns and lists. */
export {
  expandImagePaths as findImages,
  type ImageBytes,
  type ImageInput,
  type ImagePath,
} from '../../media/image-paths.js';
