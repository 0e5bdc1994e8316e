/** The README.md of a video classifier's checkpoint: what it was trained on, how, and what it scores. */
import type { ImagePreprocessing } from '../../media/image.js';
import { countVideoClassifierParameters, type VideoClassifierConfig } from '../../models/video-classifier/index.js';
import type { EpochRecord } from '../../training/training-state.js';
import { groupBy } from '../../datasets/clips/index.js';
import type { ClipData } from './data.js';
import { windowsOf } from './model.js';
import type { PreparedVideo } from './prepare-training.js';

function architecture({
  order,
  cell,
  layers,
  hiddenSize,
  bidirectional,
  pooling,
  motion,
}: VideoClassifierConfig): string {
  const frames = motion ? 'frames and their differences' : 'frames';
  if (order === 'none') return `the average of what single ${frames} are taken for`;
  const directions = bidirectional ? ', in both directions' : '';
  return `${layers} × ${cell.toUpperCase()} of ${hiddenSize} units over ${frames}${directions}, pooled by ${pooling}`;
}

/** How frames are seen where it is not in their colours. */
function seenAs({ stack }: ImagePreprocessing): string {
  if (stack === undefined) return '';
  const what = stack.kind === 'times' ? 'grey' : 'changes of grey';
  return `, seen by their ${what} over ${stack.gap} s before and after`;
}

/** The groups on both sides, so that nobody scores it on what it was trained on. */
function groupsLine({ train, validation }: ClipData, pattern: string | undefined): string {
  if (pattern === undefined) return '';
  const groupOf = groupBy(pattern, [...train, ...validation]);
  const names = (clips: ClipData['train']): string =>
    [...new Set(clips.map(groupOf))]
      .filter((name) => !name.startsWith('\0'))
      .sort()
      .join(', ');
  return `- Groups (\`${pattern}\`): trained on ${names(train)}; validated on ${names(validation)}.\n`;
}

/** The text of a model card. */
export function describeVideoTraining(prepared: PreparedVideo, record: EpochRecord): string {
  const { model, data, options } = prepared;
  const { encoder, classifier, preprocessing, frames } = model.config;
  const windows = windowsOf(model.config);
  const { recipe, seed, groupPattern } = options;
  const fineTuned = recipe.fineTuneFrom === '' ? 'frozen' : `fine-tuned from ${recipe.fineTuneFrom} on`;
  const percent = (value: number | undefined): string => (value === undefined ? '–' : `${(100 * value).toFixed(1)} %`);
  return `# Video classifier

Says which of ${data.labels.length} classes a clip shows: ${data.labels.join(', ')}. Made with looksay.

- Encoder: MobileNet V${encoder.version} ${encoder.alpha}, ${encoder.inputSize} px, ${fineTuned}; frames are fitted by "${preprocessing.fit}"${seenAs(preprocessing)}.
- Classifier: ${architecture(classifier)}; ${countVideoClassifierParameters(classifier).toLocaleString('en')} weights; ${frames} frames spread evenly over ${windows > 1 ? `each of ${windows} windows of a clip` : 'a clip'}.
- Data: ${data.train.length} clips for training, ${data.validation.length} for validation.
${groupsLine(data, groupPattern)}- Training: epoch ${record.epoch} of ${recipe.epochs} was the best on the validation clips (seed ${seed}); settings in \`settings.json\`, a line an epoch in \`log.jsonl\`.

Scores on the validation clips: top-1 ${percent(record.metrics['top1'])}, mean over classes ${percent(record.metrics['meanPerClass'])}.

The licence of the weights follows that of the training data.
`;
}
