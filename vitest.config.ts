import { defineConfig } from 'vitest/config';

// Native sessions live in the process: forks keep one test file's crash out of another's.
export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
