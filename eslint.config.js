// Lint rules: the ones that keep types honest, unions closed and files short. Formatting is Prettier's.
import prettier from 'eslint-config-prettier';
import tseslint from 'typescript-eslint';

const noDefaultExports = {
  selector: 'ExportDefaultDeclaration',
  message: 'Export by name: a name is the same everywhere.',
};

export default tseslint.config(
  { ignores: ['dist', 'node_modules', '.work', 'data', 'checkpoints', 'coverage'] },
  {
    files: ['src/**/*.ts', 'tests/**/*.ts', 'benchmarks/**/*.ts', 'scripts/**/*.mjs'],
    extends: [...tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-syntax': ['error', noDefaultExports],
      // A switch counts as one branch: tables of operators are switches.
      complexity: ['error', { max: 15, variant: 'modified' }],
      eqeqeq: 'error',
      'no-console': 'error',
    },
  },
  {
    files: ['src/**/*.ts', 'benchmarks/**/*.ts', 'scripts/**/*.mjs'],
    rules: { 'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }] },
  },
  { files: ['benchmarks/**/*.ts', 'tests/**/*.ts', 'scripts/**/*.mjs'], rules: { 'no-console': 'off' } },
  prettier,
);
