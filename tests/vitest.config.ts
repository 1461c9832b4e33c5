import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: 'tests/build.ts',
    pool: 'forks', // Dawn and better-sqlite3 are native: one process per file
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
