/** The README.md of trained word vectors: what they were trained on, and how. */
import { unreachable } from '../../shared/assert.js';
import type { WordsRecipe } from './recipe.js';
import type { WordsRun } from './run.js';

function describeRecipe(recipe: WordsRecipe): string {
  switch (recipe.objective) {
    case 'negative-sampling':
      return `${recipe.negatives} negative samples, learning rate ${recipe.learningRate} to ${recipe.minimumLearningRate}`;
    case 'softmax':
      return `full softmax, AdamW at ${recipe.learningRate}, batches of ${recipe.batchSize} places`;
    default:
      return unreachable(recipe, 'recipe');
  }
}

/** The text of a model card after `epochs` epochs. */
export function describeWords({ options, corpus, config }: WordsRun, epochs: number): string {
  const { recipe, seed } = options;
  return `# Word vectors

${config.vocabularySize.toLocaleString('en')} words of ${config.embeddingSize} numbers each. Made with looksay (word2vec, Mikolov et al. 2013).

- Model: ${config.architecture}, window ${recipe.window}; ${describeRecipe(recipe)}; subsampling ${recipe.subsample}.
- Text: ${corpus.textWords.toLocaleString('en')} words; those that occur at least ${options.corpus.minimumCount} times have a vector.
- Training: ${epochs} of ${recipe.epochs} epochs (seed ${seed}); settings in \`settings.json\`, a line an epoch in \`log.jsonl\`.

\`model.safetensors\` has the vectors as \`input\`, a row a word, in the order of \`vocabulary.json\`; \`output\` is what
predicts words from them. \`looksay words similar WORD --vectors THIS_FOLDER\` shows what they know.

The licence of the vectors follows that of the text.
`;
}
