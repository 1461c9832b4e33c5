/**
 * `npm run web`: a crawl of a web of 240 hosts on this machine (127.1.0.0/16), with every signal, failure and trap that
 * kinds.ts has. Prints requests that should not have been made, pages that are missing, budgets that did not hold.
 *
 *   npm run web
 *   npm run web -- --hosts 90
 *   npm run web -- chaos                 everything fails, 50 kills, two crawls at once, full disks (chaos.ts)
 *   npm run web -- chaos --seed 7 --kills 5
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeTemporaryFolder } from '../folder.ts';
import { chaos } from './chaos.ts';
import { budgetFaults, type Told, wholeCrawl } from './runs.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    hosts: { type: 'string', default: '240' },
    seed: { type: 'string', default: '1' },
    kills: { type: 'string', default: '50' },
  },
});
const dir = makeTemporaryFolder();
const count = Number(values.hosts);
let wrong = 0;
const tell = ({ name, facts, faults }: Told): void => {
  wrong += faults.length;
  for (const fault of faults) console.log(fault);
  console.log(`${name}: ${facts}; ${faults.length} wrong`);
};
const inChaos = async (): Promise<void> =>
  tell(await chaos(join(dir, 'chaos'), { seed: Number(values.seed), kills: Number(values.kills), fullDisks: 20 }));
const inPeace = async (): Promise<void> => {
  tell(await wholeCrawl(count, join(dir, 'whole')));
  for (const maxRequests of [1, 50, count * 3]) {
    tell(await budgetFaults(count, join(dir, `budget-${maxRequests}`), { maxRequests }));
  }
  tell(await budgetFaults(count, join(dir, 'budget-host'), { maxHostRequests: 4 }));
};
try {
  await (positionals.includes('chaos') ? inChaos() : inPeace());
} finally {
  rmSync(dir, { recursive: true, force: true });
}
process.exitCode = wrong === 0 ? 0 : 1;
