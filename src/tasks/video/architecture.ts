/** What a video classifier may be made of: the choices that a command offers, with their defaults. */
export { CELL_KINDS as CELLS } from '../../layers/cells.js';
export { type Pooling, POOLINGS } from '../../layers/pooling.js';
export { FRAME_ORDERS, type FrameOrder, videoClassifierDefaults } from '../../models/video-classifier/index.js';
