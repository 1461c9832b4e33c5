/** A thread of the engine: pages in, answers out. */
import { parentPort, workerData } from 'node:worker_threads';
import xxhash from 'xxhash-wasm';
import type { Page } from '../crawlers/page.ts';
import { answer, type EngineSettings, workSettings } from './engine.ts';
import { toWire } from './wire.ts';

const settings = workSettings(workerData as EngineSettings);
const hash = await xxhash();
parentPort!.on('message', (pages: readonly Page[]) => {
  parentPort!.postMessage(pages.map((page) => toWire(answer(page, settings, hash))));
});
