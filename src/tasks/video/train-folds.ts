/** Cross-validation: a classifier for each part of the clips, trained on the others and validated on it. */
import { join } from 'node:path';
import { hasTrainingState } from '../../training/training-checkpoint.js';
import { trainVideoClassifier, type TrainVideoOptions, type TrainVideoResult } from './train.js';

/** Options of all folds: `output` is the folder of their checkpoints fold1, fold2, … */
export interface TrainFoldsOptions extends Omit<TrainVideoOptions, 'validation'> {
  readonly folds: number;
}

/**
 * Trains one after the other and gives back each when it is done; none is begun after `signal`. Where training goes on
 * (`resume`), folds that were not begun begin. Throws UserError for what the user can mend.
 */
export async function* trainFolds({ folds, ...options }: TrainFoldsOptions): AsyncGenerator<TrainVideoResult> {
  for (let fold = 0; fold < folds && options.signal?.aborted !== true; fold++) {
    const output = join(options.output, `fold${fold + 1}`);
    const resume = options.resume === true && (fold === 0 || hasTrainingState(output));
    yield await trainVideoClassifier({ ...options, output, resume, validation: { kind: 'fold', fold, folds } });
  }
}
