/**
 * `npm run year`: 365 nights of `vua run` in virtual time, 200 new pages in each (year.ts). Prints CPU seconds of nights, and
 * what is wrong.
 *
 *   npm run year -- --nights 40 --pages 40        less of it
 *   npm run year -- --seed 7                      another one
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeTemporaryFolder } from '../folder.ts';
import { simulateYear } from './year.ts';

const { values } = parseArgs({
  options: {
    ...{ nights: { type: 'string', default: '365' }, pages: { type: 'string', default: '200' } },
    ...{ seed: { type: 'string', default: '1' }, models: { type: 'string', default: '3' }, dir: { type: 'string' } },
    ...{ changed: { type: 'string', default: '0.05' }, vanished: { type: 'string', default: '0.01' } },
    ...{ copied: { type: 'string', default: '0.02' } },
  },
});
const [nights, pages, seed, count] = [values.nights, values.pages, values.seed, values.models].map(Number);
const models = Array.from({ length: count }, (_, i) => 1 + Math.round(((i + 0.5) * nights) / count));
const dir = join(values.dir ?? makeTemporaryFolder(), 'year');
const { cpu, files, documents, wrong } = await simulateYear(dir, {
  ...{ nights, pages, seed, models, log: console.log },
  ...{ changed: Number(values.changed), vanished: Number(values.vanished), copied: Number(values.copied) },
});

const median = (of: readonly number[]): number => [...of].sort((a, b) => a - b)[of.length >> 1] ?? 0;
const [tenth, last] = [cpu.slice(7, 12), cpu.slice(-5)].map(median);
console.log(
  `${nights} nights of ${pages} new pages, seed ${seed}: ${documents} documents, ${files} files apart from WARC`,
);
console.log(
  `CPU: night 10 ${cpu[9]?.toFixed(2)} s, last ${(cpu.at(-1) ?? 0).toFixed(2)} s; medians of five ${tenth.toFixed(2)}, ${last.toFixed(2)} s: × ${(last / tenth).toFixed(2)}`,
);
console.log(`${cpu.reduce((sum, each) => sum + each, 0).toFixed(0)} s of CPU in all`);
for (const fact of wrong) console.log(`WRONG: ${fact}`);
console.log(wrong.length === 0 ? 'equal to a fresh build' : `${wrong.length} facts are wrong`);
process.exitCode = wrong.length === 0 ? 0 : 1;
