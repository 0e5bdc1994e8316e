/** What a captioner may be made of: the choices that a command offers, with their defaults. */
export { CELL_KINDS as CELLS } from '../../layers/cells.js';
export {
  captionerDefaults,
  type CaptionerDropout,
  CAPTIONER_ENTRIES,
  type CaptionerEntry,
  type CaptionerReadout,
  CAPTIONER_READOUTS,
} from '../../models/captioner/index.js';
