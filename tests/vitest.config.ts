import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { CACHE } from './build.ts';
import { BUILT, built } from './built.ts';

export default defineConfig(({ mode }) => ({
  root: fileURLToPath(new URL('..', import.meta.url)),
  // `--changed` follows imports from the sources to the tests.
  plugins: process.argv.includes('--changed') ? [] : [built()],
  test: {
    server: { deps: { external: [BUILT] } },
    include: ['tests/**/*.test.ts'],
    globalSetup: 'tests/build.ts',
    setupFiles: ['tests/setup.ts'],
    env: { XDG_CACHE_HOME: CACHE, ...(mode === 'long' && { VUA_LONG: '1' }) },
    reporters: ['default', './tests/skipped.ts'],
    pool: 'forks', // Dawn and better-sqlite3 are native
    isolate: false, // files share processes: what one has loaded, and compiled for a device, serves the next
    maxWorkers: availableParallelism() + 1, // one waits for a process or a server most of the time
    // For what hangs: on a busy machine a test may take ten times as long as on an idle one.
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
}));
