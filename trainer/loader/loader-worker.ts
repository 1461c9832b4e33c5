/** The loader's worker in Node: `loader-thread.ts` starts it. */
import { parentPort, workerData } from 'node:worker_threads';
import { fileRanges } from '../../shards/arrow/file-ranges.ts';
import { httpRanges } from '../../shards/tokens/http.ts';
import { fillRing, isUrl, type LoaderFailure, type LoaderJob } from './ring.ts';

const port = parentPort!;
port.ref(); // a wait for an Atomics wake-up alone would not keep the thread alive
port.on('message', () => {});
await fillRing(
  workerData as LoaderJob,
  (where) => (isUrl(where) ? httpRanges(where) : fileRanges(where)),
  (failure: LoaderFailure) => port.postMessage(failure),
);
port.close();
