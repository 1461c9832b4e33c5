/**
 * Starts the loader's worker in a page:
 *
 *   const worker = new Worker('…/loader-page-worker.js', { type: 'module' });
 *   const loader = openRing([await openTokens(tokensUrl)], plan, startPageLoader(worker));
 *
 * Shared memory wants a page that is cross-origin isolated (`Cross-Origin-Opener-Policy: same-origin`,
 * `Cross-Origin-Embedder-Policy: require-corp`). Elsewhere `openLoader` gives the same batches without a worker.
 */
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import type { LoaderFailure, LoaderJob, LoaderThread } from './ring.ts';

export const startPageLoader =
  (worker: Worker) =>
  (job: LoaderJob): LoaderThread => {
    const failure = new Promise<never>((_, reject) => {
      worker.addEventListener('message', ({ data }: MessageEvent<LoaderFailure | 'listening'>) => {
        if (data === 'listening') worker.postMessage(job);
        else reject(new ToolkitError(data));
      });
      worker.addEventListener('error', ({ message }) =>
        reject(
          new ToolkitError({ code: 'LOADER_FAILED', message: `loader worker: ${message || 'could not be started'}` }),
        ),
      );
    });
    return { failure, stop: async () => worker.terminate() };
  };
