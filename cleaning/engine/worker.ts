/** A thread of the engine: pages in, answers out. */
import { parentPort, workerData } from 'node:worker_threads';
import xxhash from 'xxhash-wasm';
import { fromWirePages, toWire, type WirePages } from './wire.ts';
import { answer, type EngineSettings, workSettings } from './work.ts';

const settings = workSettings(workerData as EngineSettings);
const hash = await xxhash();
parentPort!.on('message', (pages: WirePages) => {
  const answers = toWire(fromWirePages(pages).map((page) => answer(page, settings, hash)));
  parentPort!.postMessage(answers, [answers.figures.buffer, answers.prints.buffer, answers.anchors.buffer]);
});
