/** The README.md of a trained language model: what it was trained on, how, and how well it predicts. */
import { countLanguageModelParameters } from '../../models/language-model/index.js';
import type { EpochRecord } from '../../training/training-state.js';
import { describeHeldOut } from '../held-out.js';
import type { TextRun } from './run.js';
import { counted } from '../../shared/counted.js';

/** The text of a model card for the weights of the epoch that `record` tells of. */
export function describeTextModel({ options, config, train }: TextRun, { epoch, metrics }: EpochRecord): string {
  const { model, unit, split } = config;
  const { recipe, seed } = options;
  const input = model.input === 'embedding' ? `embedding of ${model.embeddingSize}` : 'one-hot input';
  const nats = metrics['nats'] ?? NaN;
  return `# Language model

Predicts text ${unit} by ${unit}. Made with looksay.

- Model: ${model.kind}, ${model.layers} × ${model.hiddenSize}, ${input}, ${model.vocabularySize} tokens; ${countLanguageModelParameters(model).toLocaleString('en')} weights.
- Text: ${counted(train.length, 'document')}; held out: ${describeHeldOut(split)}.
- Score: ${nats.toFixed(4)} nats (${(nats / Math.LN2).toFixed(4)} bits) per ${unit} on ${split.kind === 'none' ? 'the text itself' : 'what was held out, by which the epoch was chosen'}.
- Training: epoch ${epoch} of ${recipe.epochs}, AdamW at ${recipe.learningRate}, batches of ${recipe.batchSize}, back-propagation through ${recipe.bptt === 'sequence' ? 'whole sequences' : `${recipe.bptt} steps`}, ${recipe.feedback} feedback, dropout ${model.dropout}${options.startFrom === undefined ? '' : `, begun from ${options.startFrom}`} (seed ${seed}); settings in \`settings.json\`, a line an epoch in \`log.jsonl\`.

\`looksay generate --checkpoint THIS_FOLDER\` writes more of it; \`looksay evaluate text\` scores it.

The licence of the weights follows that of the text.
`;
}
