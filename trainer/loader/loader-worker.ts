/** The loader's worker in Node: `loader-thread.ts` starts it. */
import { parentPort, workerData } from 'node:worker_threads';
import { fillRing, type LoaderFailure, type LoaderJob } from './ring.ts';

const port = parentPort!;
port.ref(); // a wait for an Atomics wake-up alone would not keep the thread alive
port.on('message', () => {});
await fillRing(workerData as LoaderJob, (failure: LoaderFailure) => port.postMessage(failure));
port.close();
