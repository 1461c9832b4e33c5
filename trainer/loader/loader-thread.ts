/** Starts the loader's worker in Node. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import type { LoaderFailure, LoaderJob, LoaderThread } from './ring.ts';

/** In the package the worker is plain JavaScript; from the sources it first needs what makes Node read TypeScript. */
function startWorker(workerData: LoaderJob): Worker {
  if (!import.meta.url.endsWith('.ts')) {
    return new Worker(new URL('./loader-worker.js', import.meta.url), { workerData, execArgv: [] });
  }
  // `resolve` finds the CommonJS build, beside the one that is wanted; import.meta.resolve is not there under vitest.
  const found = pathToFileURL(createRequire(import.meta.url).resolve('tsx/esm/api'));
  const tsx = new URL('./index.mjs', found).href;
  const entry = new URL('./loader-worker.ts', import.meta.url).href;
  const script = `import('${tsx}').then(({ register }) => { register(); return import('${entry}'); })`;
  return new Worker(script, { eval: true, workerData, execArgv: [] });
}

export function startLoaderThread(job: LoaderJob): LoaderThread {
  const worker = startWorker(job);
  const failure = new Promise<never>((_, reject) => {
    const died = (message: string, cause?: unknown): void =>
      reject(new ToolkitError({ code: 'LOADER_FAILED', message: `loader thread: ${message}`, cause }));
    worker.on('message', (said: LoaderFailure) => reject(new ToolkitError(said)));
    worker.on('error', (error) => died(error.message, error));
    worker.on('exit', (code) => died(`ended with status ${code}`));
  });
  return {
    failure,
    async stop() {
      failure.catch(() => {}); // it ends because it was told to
      await worker.terminate();
    },
  };
}
