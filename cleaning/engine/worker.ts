/** A thread of the engine: pages in, answers out. */
import { parentPort, workerData } from 'node:worker_threads';
import xxhash from 'xxhash-wasm';
import { fromWirePages, toWire, type WirePages } from './wire.ts';
import { type Answer, answerAny, type EngineSettings, workSettings } from './work.ts';

const settings = workSettings(workerData as EngineSettings);
const hash = await xxhash();
parentPort!.on('message', async (pages: WirePages) => {
  const said: Answer[] = [];
  for (const page of fromWirePages(pages)) said.push(await answerAny(page, settings, hash));
  const answers = toWire(said);
  parentPort!.postMessage(answers, [answers.figures.buffer, answers.prints.buffer, answers.anchors.buffer]);
});
