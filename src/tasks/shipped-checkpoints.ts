/** The checkpoints that the package ships, each a folder with a model card, `README.md`. */
import { fileURLToPath } from 'node:url';

const folderOf = (name: string): string => fileURLToPath(new URL(`../../checkpoints/${name}`, import.meta.url));

/**
 * The folders of the checkpoints that the package ships, by name: `checkpoints/captioner` is
 * `shippedCheckpoints.captioner`, wherever the package is installed.
 *
 * @example
 * const classifier = await loadVideoClassifier(shippedCheckpoints.actions);
 */
export const shippedCheckpoints = {
  /** Names eight actions in clips: `loadVideoClassifier`. */
  actions: folderOf('actions'),
  /** Captions photos, in English: `loadCaptioner`. Its encoder is one to train with too. */
  captioner: folderOf('captioner'),
  /** Judges English film reviews: `loadSentimentClassifier`. */
  sentiment: folderOf('sentiment'),
  /** Writes plays by characters: `loadTextGenerator`. */
  shakespeare: folderOf('shakespeare'),
  /** Says how the shape in a clip moves: `loadVideoClassifier`. */
  shapes: folderOf('shapes'),
  /** Writes tweets by characters: `loadTextGenerator`. */
  tweets: folderOf('tweets'),
} as const;
