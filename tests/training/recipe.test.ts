/** What a recipe of a program's must say of how weights are fitted. */
import { expect, test } from 'vitest';
import { UserError } from '../../src/shared/errors.js';
import { fitSettings, optimizationDefaults, type OptimizationRecipe } from '../../src/training/recipe.js';

function refusalOf(recipe: object): unknown {
  try {
    fitSettings(recipe as OptimizationRecipe, 10);
    return undefined;
  } catch (error) {
    return error;
  }
}

test.each([
  [{ epochs: -1 }, 'recipe.epochs: expected a whole number from 1 on, got -1'],
  [{ patience: undefined }, 'recipe.patience: expected a whole number from 1 on, got undefined'],
  [{ learningRate: NaN }, 'recipe.learningRate: expected a number above 0, got NaN'],
  [{ warmUpSteps: 0.5 }, 'recipe.warmUpSteps: expected a whole number from 0 on, got 0.5'],
  [{ weightDecay: '0' }, 'recipe.weightDecay: expected a number from 0 on, got "0"'],
  [{ clipNorm: 0 }, 'recipe.clipNorm: expected a number above 0, got 0'],
  [{ averageDecay: 1 }, 'recipe.averageDecay: expected a number in [0, 1), got 1'],
  [{ decay: 'linear' }, 'recipe.decay: expected "cosine" or "constant", got "linear"'],
])('%o is refused with its name', (changes, message) => {
  const refusal = refusalOf({ ...optimizationDefaults, ...changes });
  expect(refusal).toBeInstanceOf(UserError);
  expect(refusal).toMatchObject({ message, exitCode: 2 });
});

test('the defaults, endless patience and unbounded gradients are taken', () => {
  expect(
    refusalOf({ ...optimizationDefaults, patience: Infinity, clipNorm: Infinity, decay: 'constant' }),
  ).toBeUndefined();
});
