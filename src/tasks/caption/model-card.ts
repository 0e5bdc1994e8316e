/** The README.md of a checkpoint: what it was trained on, how, and what it scores. */
import { type CaptionerConfig, countCaptionerParameters } from '../../models/captioner/index.js';
import type { EpochRecord } from '../../training/training-state.js';
import type { CaptionModel, CaptionModelConfig } from './model.js';
import type { TrainingData } from './sources.js';
import type { CaptionerRecipe } from './recipe.js';

export interface TrainingDescription {
  readonly model: Pick<CaptionModel, 'config' | 'vocabulary'>;
  readonly data: TrainingData;
  readonly recipe: CaptionerRecipe;
  readonly seed: number;
  readonly record: EpochRecord;
}

const score = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(4));

function architecture({ entry, cell, hiddenSize, embeddingSize }: CaptionerConfig): string {
  return `${cell.toUpperCase()} of ${hiddenSize} units, embeddings of ${embeddingSize}, picture enters: ${entry}`;
}

/** What was trained, and for what. */
function howTrained({ fineTuneFrom, selfCriticalSamples, bleuReward, augmentedViews }: CaptionerRecipe): string {
  const encoder = fineTuneFrom === '' ? 'the encoder left as it was' : `the encoder trained from ${fineTuneFrom} on`;
  const reward = bleuReward === 0 ? '' : ` (CIDEr-D and ${bleuReward} times BLEU-1)`;
  const loss =
    selfCriticalSamples === 0 ? 'cross entropy' : `self-critical${reward}, ${selfCriticalSamples} samples a photo`;
  return `${loss}, ${encoder}, ${augmentedViews} changed versions of each photo`;
}

/** A stage of a recipe with the line of its best epoch. */
export interface StageSummary {
  readonly name: string;
  readonly recipe: CaptionerRecipe;
  readonly epochs: number;
  readonly best: EpochRecord;
}

/** What a model card says of the stages that led to it. */
export function describeStages(stages: readonly StageSummary[]): string {
  const rows = stages.map(({ name, recipe, epochs, best }) => {
    const { bleu1, bleu4, ciderD } = best.metrics;
    return `| ${name} | ${howTrained(recipe)} | ${best.epoch} of ${epochs} | ${score(bleu1)} | ${score(bleu4)} | ${score(ciderD)} |\n`;
  });
  return `
## Stages

Each began with the best epoch of the one before; settings and logs are beside this file.

| stage | trained | best epoch | BLEU-1 | BLEU-4 | CIDEr-D |
|---|---|---|---|---|---|
${rows.join('')}`;
}

/** How a captioner of clips reads them. */
function clipLine({ clip }: CaptionModelConfig): string {
  if (clip === undefined) return '';
  const { cell, hiddenSize, layers, bidirectional, motion } = clip.reader;
  const directions = bidirectional ? ', in both directions' : '';
  const seen = motion ? 'frames and their differences' : 'frames';
  return `- Reader: ${clip.frames} ${seen} spread evenly over a clip, ${layers} × ${cell.toUpperCase()} of ${hiddenSize} units${directions}; the decoder sees all its time steps.\n`;
}

/** The text of a model card. */
export function describeTraining({ model, data, recipe, seed, record }: TrainingDescription): string {
  const { encoder, captioner, preprocessing, clip } = model.config;
  const kind = clip === undefined ? 'photo' : 'clip';
  const { bleu1, bleu4, rougeL, ciderD, exact, distinctCaptions } = record.metrics;
  return `# Captioner

Writes an English-like sentence (in the language of its training captions) about a ${kind}. Made with looksay.

- Encoder: MobileNet V${encoder.version} ${encoder.alpha}, ${encoder.inputSize} px; pictures are fitted by "${preprocessing.fit}".
- Captioner: ${architecture(captioner)}; ${countCaptionerParameters(captioner).toLocaleString('en')} weights; ${model.vocabulary.size} words.
${clipLine(model.config)}- Data: ${data.train.length} ${kind}s for training, ${data.validation.length} for validation.
- Training: epoch ${record.epoch} of ${recipe.epochs} was the best by CIDEr-D (seed ${seed}); ${howTrained(recipe)}; settings in \`settings.json\`, a line an epoch in \`log.jsonl\`.

Scores on the validation ${kind}s (beam width ${recipe.validationBeamWidth}):

| BLEU-1 | BLEU-4 | ROUGE-L | CIDEr-D | exact | distinct captions |
|---|---|---|---|---|---|
| ${score(bleu1)} | ${score(bleu4)} | ${score(rougeL)} | ${score(ciderD)} | ${score(exact)} | ${distinctCaptions ?? '–'} |

The licence of the weights follows that of the training data.
`;
}
