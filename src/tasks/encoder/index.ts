/** Encoders: the catalogue, importing from it, and encoder folders. */
export { type EncoderChoice, framePreprocessingFor, loadAdaptedEncoder, preprocessingFor } from './adapted.js';
export type { FrameView } from './clip-reading.js';
export { type CatalogueEncoder, listEncoders } from './catalogue.js';
export { type Encoder, ENCODER_TASK, type EncoderSource, loadEncoder, saveEncoder } from './encoder.js';
export { exportEncoder, type ExportEncoderOptions } from './export-encoder.js';
export { importEncoder, type ImportedEncoder, type ImportEncoderOptions } from './import-encoder.js';
export { clearFeatures, featureDirectory, keptFeatures, type KeptFeatures } from './kept-features.js';
export type { DownloadProgress } from './model-source.js';
