import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { CACHE } from './build.ts';

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: 'tests/build.ts',
    env: { XDG_CACHE_HOME: CACHE },
    reporters: ['default', './tests/skipped.ts'],
    pool: 'forks', // Dawn and better-sqlite3 are native: one process per file
    maxWorkers: availableParallelism() + 1, // one waits for a process or a server most of the time
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
