/** Starts the loader's worker in Node. */
import { startWorker } from '../../crawlers/shell/assets.ts';
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import type { LoaderFailure, LoaderJob, LoaderThread } from './ring.ts';

export function startLoaderThread(job: LoaderJob): LoaderThread {
  const worker = startWorker(new URL('./loader-worker.ts', import.meta.url), { workerData: job });
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
