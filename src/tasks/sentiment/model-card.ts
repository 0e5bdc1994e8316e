/** The README.md of a trained classifier of texts: what it was trained on, how, and how well it judges. */
import { countSentimentParameters } from '../../models/sentiment/index.js';
import type { EpochRecord } from '../../training/training-state.js';
import { describeValidation } from './data.js';
import type { SentimentModelOptions } from './beginning.js';
import type { SentimentRun } from './run.js';

const beginningOf = ({ startFrom, wordVectors }: SentimentModelOptions): string => {
  if (startFrom !== undefined) return `, begun from the classifier ${startFrom}`;
  return wordVectors === undefined ? '' : `, embedding started from ${wordVectors}`;
};

/** The text of a model card for the weights of the epoch that `record` tells of. */
export function describeSentimentModel(run: SentimentRun, { epoch, metrics }: EpochRecord): string {
  const { options, config, labels, train, scored } = run;
  const { model, unit, maximumLength } = config;
  const { recipe, seed, validation } = options;
  const directions = model.bidirectional ? ' in both directions' : '';
  const windows = model.window === 0 ? 'read through' : `read in windows of ${model.window}`;
  const percent = (value: number | undefined): string => (value === undefined ? '–' : `${(100 * value).toFixed(2)} %`);
  return `# Classifier of texts

Says which of ${labels.length} classes a text is of: ${labels.slice(0, 20).join(', ')}. Made with looksay.

- Model: embedding of ${model.embeddingSize} for ${model.vocabularySize.toLocaleString('en')} tokens, ${model.layers} × ${model.cell} of ${model.hiddenSize} units${directions}, pooled by ${model.pooling}; ${countSentimentParameters(model).toLocaleString('en')} weights.
- Reading: by ${unit}, at most ${maximumLength} (of a longer text the first and the last half of them), ${windows}.
- Data: ${train.length.toLocaleString('en')} texts for training, ${scored.length.toLocaleString('en')} to choose the epoch by; held out: ${describeValidation(validation)}.
- Scores on those: accuracy ${percent(metrics['accuracy'])}, macro F1 ${percent(metrics['macroF1'])}.
- Training: epoch ${epoch} of ${recipe.epochs}, AdamW at ${recipe.learningRate}, batches of ${recipe.batchSize}, word dropout ${recipe.wordDropout}, averaged weights ${recipe.averageDecay}${beginningOf(options.model)} (seed ${seed}); settings in \`settings.json\`, a line an epoch in \`log.jsonl\`.

\`looksay sentiment --checkpoint THIS_FOLDER "a text"\` judges texts; \`looksay evaluate sentiment\` scores it.

The licence of the weights follows that of the texts.
`;
}
