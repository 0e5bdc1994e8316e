/**
 * The rows of the ablation, as options of `looksay train caption`: what differs from an LSTM with soft attention on a frozen
 * MobileNet V2.
 */

/** What a row that does not say otherwise is made of. */
export const BASE = ['--cell', 'lstm', '--readout', 'state'];

const V1 = { encoder: 'V1' };

/** Rows whose result decides a default are trained with three seeds. */
export const SEEDS = [1, 2, 3];

/**
 * `from`: the row whose checkpoint it goes on from; `vectors`: the embedding starts from word vectors; `photos`: trained on so
 * many.
 *
 * @type {readonly {
 *   name: string, group: string, options: string[],
 *   decides?: boolean, encoder?: string, from?: string, vectors?: boolean, photos?: number,
 * }[]}
 */
export const ROWS = [
  { name: 'lstm', group: 'as it is', options: [], decides: true },
  ...['rnn', 'gru'].map((cell) => ({ name: `cell-${cell}`, group: 'cell', options: ['--cell', cell], decides: true })),
  ...['first-input', 'first-step', 'every-step'].map((entry) => ({
    name: `entry-${entry}`,
    group: 'how the picture enters',
    options: ['--inject', entry],
    decides: true,
  })),
  { name: 'entry-topdown', group: 'how the picture enters', options: ['--attention', 'topdown'], decides: true },
  { name: 'readout-deep', group: 'readout', options: ['--cell', 'gru', '--readout', 'deep'], decides: true },
  { name: 'encoder-v1', group: 'encoder', options: [], ...V1 },
  { name: 'encoder-fine-tuned', group: 'encoder', options: ['--fine-tune-from', 'block11'], from: 'lstm' },
  { name: 'embedding-initialised', group: 'embedding', options: ['--embedding-size', '100'], vectors: true },
  { name: 'embedding-of-100', group: 'embedding', options: ['--embedding-size', '100'] },
  { name: 'augmented', group: 'augmentation', options: ['--augment', '3'] },
  { name: 'averaged', group: 'weight averaging', options: ['--average-decay', '0.999'] },
  { name: 'scheduled-sampling', group: 'scheduled sampling', options: ['--scheduled-sampling', '0.25'] },
  {
    name: 'self-critical',
    group: 'loss',
    options: ['--self-critical', '4', '--max-length', '16', '--learning-rate', '5e-5', '--average-decay', '0.99'],
    from: 'lstm',
  },
  ...[1000, 2000, 4000, 6000].map((photos) => ({
    name: `photos-${photos}`,
    group: 'training photos',
    options: [],
    photos,
  })),
];

/** Beam widths at which the first row is scored. */
export const BEAM_WIDTHS = [1, 2, 3, 5, 10];
