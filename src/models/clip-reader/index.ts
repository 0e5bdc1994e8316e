/** The clip reader: what a video classifier and a captioner of clips have in common. */
export {
  type ClipReaderConfig,
  clipReaderDefaults,
  type ClipReaderDropout,
  readClipReaderFields,
  validateClipReaderConfig,
} from './config.js';
export { type ClipReaderTraining, dropIn, droppedFrameVectors, readClips } from './forward.js';
export {
  clipReaderShapes,
  createClipReaderParameters,
  createDenseWeights,
  createFrameVectorWeights,
  createReaderCells,
  frameVectorShapes,
  frameVectorSize,
  readerCellShapes,
  readerOutputSize,
} from './parameters.js';
