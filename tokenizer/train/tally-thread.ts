/** What a thread of tally-threads.ts runs: tallies slots in turn, sleeps while there is none. */
import { parentPort, workerData } from 'node:worker_threads';
import { type TallyTask, tallyOf } from './tally.ts';
import { END, STATE, type ThreadData } from './tally-threads.ts';

const { slots, state } = workerData as ThreadData;
const views = slots.map((slot) => ({ bytes: new Uint8Array(slot), view: new DataView(slot) }));

parentPort!.on('message', (task: TallyTask) => {
  const tally = tallyOf(task);
  let done = 0;
  Atomics.store(state, STATE.DONE, done);
  for (;;) {
    const handed = Atomics.load(state, STATE.HANDED);
    if (handed === (done | END)) break;
    if (handed === done) {
      Atomics.wait(state, STATE.HANDED, handed);
      continue;
    }
    const slot = done % slots.length;
    const { bytes, view } = views[slot];
    const end = state[STATE.FILLED + slot];
    for (let at = 0; at < end; ) {
      const start = at + 4;
      at = start + view.getUint32(at, true);
      tally.add(bytes.subarray(start, at));
    }
    Atomics.store(state, STATE.DONE, ++done);
  }
  parentPort!.postMessage(tally.result());
});
