/** Starts the loader's worker in Node. */
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { ToolkitError } from '../crawlers/errors.ts';
import type { LoaderFailure, LoaderJob, LoaderThread } from './ring.ts';

/** From the sources the worker needs what makes Node read TypeScript; from the package it is plain JavaScript. */
const IS_SOURCE = import.meta.url.endsWith('.ts');

export function startLoaderThread(job: LoaderJob): LoaderThread {
  const worker = new Worker(new URL(IS_SOURCE ? './loader-worker.ts' : './loader-worker.js', import.meta.url), {
    workerData: job,
    execArgv: IS_SOURCE ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href] : [],
  });
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
