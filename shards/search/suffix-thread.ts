/** What a thread of suffix-build.ts runs: sorts, and when it is told that all is sorted, packs. */
import { parentPort, workerData } from 'node:worker_threads';
import { type SuffixTask, SuffixWork } from './suffix-work.ts';

const work = new SuffixWork(workerData as SuffixTask);
work.sort();
parentPort!.postMessage('sorted');
parentPort!.once('message', () => {
  work.pack();
  work.close();
  parentPort!.postMessage('packed');
});
