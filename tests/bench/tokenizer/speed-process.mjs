/**
 * Our encoder in a process of its own, as it ships: node speed-process.mjs TEXTS FOLDER THREADS. Prints one line of JSON: CPU seconds until
 * the tokenizer stands, of the first pass over all texts, and of the best of three later ones; the checksum of all ids.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const [texts, folder, threads = '1'] = isMainThread ? process.argv.slice(2) : workerData;
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

async function tokenizer() {
  const { Tokenizer } = await import('../../../dist/tokenizer/load.js');
  return Tokenizer.load(folder);
}

/** The texts stand one after the other, a NUL between. */
function documents() {
  const all = readFileSync(texts);
  const parts = [];
  for (let start = 0; start <= all.length; ) {
    const end = all.indexOf(0, start);
    parts.push(all.subarray(start, end < 0 ? all.length : end));
    start = end < 0 ? all.length + 1 : end + 1;
  }
  return parts;
}

function pass(own, all) {
  const [before, since] = [cpu(), performance.now()];
  for (const text of all) own.encode(text);
  return { cpu: cpu() - before, seconds: (performance.now() - since) / 1000 };
}

async function alone() {
  const own = await tokenizer();
  const load = cpu();
  const all = documents();
  const first = pass(own, all).cpu;
  const warm = Math.min(...[1, 2, 3].map(() => pass(own, all).cpu));
  const hash = createHash('sha256');
  let tokens = 0;
  for (const text of all) {
    const ids = Uint32Array.from(own.encode(text));
    tokens += ids.length;
    hash.update(Uint32Array.of(ids.length)).update(ids);
  }
  console.log(JSON.stringify({ version: process.version, load, first, warm, tokens, ids: hash.digest('hex') }));
}

/** Each of several threads takes all texts, at once: seconds of the slowest, the best of three, after a pass for warmth. */
async function together(count) {
  const workers = Array.from(
    { length: count },
    () => new Worker(new URL(import.meta.url), { workerData: [texts, folder] }),
  );
  const said = () => Promise.all(workers.map((worker) => new Promise((done) => worker.once('message', done))));
  await said();
  const rounds = [];
  for (let round = 0; round < 3; round++) {
    const before = cpu();
    for (const worker of workers) worker.postMessage('go');
    rounds.push({ seconds: Math.max(...(await said())), cpu: cpu() - before });
  }
  await Promise.all(workers.map((worker) => worker.terminate()));
  const best = (key) => Math.min(...rounds.map((round) => round[key]));
  console.log(JSON.stringify({ seconds: best('seconds'), cpu: best('cpu') }));
}

if (!isMainThread) {
  const own = await tokenizer();
  const all = documents();
  pass(own, all);
  parentPort.postMessage(0);
  parentPort.on('message', () => parentPort.postMessage(pass(own, all).seconds));
} else if (threads === '1' && !process.argv[5]) await alone();
else await together(Number(threads));
