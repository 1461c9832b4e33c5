/**
 * `npm run web -- chaos`: a crawl of a web that fails in every way, killed at many moments, with a second crawl beside it
 * and a disk that is full for a moment. In the end the archive must verify, and hold exactly what the web has.
 */
import { fork } from 'node:child_process';
import { join } from 'node:path';
import { runCrawl } from '../../crawlers/run-crawl.ts';
import { unattended } from '../../crawlers/shell/work.ts';
import { verifyCrawl } from '../../crawlers/verify.ts';
import { verify } from '../../shards/verify/verify.ts';
import { isWellSaid, said } from '../crash/night.ts';
import { failing } from '../crash/operations.ts';
import { randomOf } from '../crash/states.ts';
import { type ChaosWeb, chaosOptions, startChaos } from './chaos-web.ts';
import type { Told } from './runs.ts';
import { archived, breaches } from './web.ts';

export interface ChaosOptions {
  readonly seed: number;
  /** Crawls that are killed. */
  readonly kills: number;
  /** Crawls during which the disk is full for a moment. */
  readonly fullDisks: number;
}

/** A crawl is killed so long after it began, at most; it takes about that. */
const KILL_WITHIN_MS = 1200;
/** Operations of a crawl on files, or so. */
const OPERATIONS = 60;

export async function chaos(outDir: string, { seed, kills, fullDisks }: ChaosOptions): Promise<Told> {
  const random = randomOf(seed);
  const web = await startChaos(seed);
  const faults: string[] = [];
  let locked = 0;
  try {
    for (let n = 0; n < kills; n++) {
      const killed = killAfter(web, outDir, random() * KILL_WITHIN_MS);
      if (n % 5 === 0) {
        const second = await inChild(web, outDir);
        if (second === 'FOLDER_LOCKED') locked++;
        else if (second !== 'done') faults.push(`a second crawl: ${second}`);
      }
      const how = await killed;
      if (!['killed', 'done', 'OUTAGE', 'FOLDER_LOCKED'].includes(how)) faults.push(`kill ${n}: ${how}`);
    }
    for (let n = 0; n < fullDisks; n++) {
      const at = 1 + Math.floor(random() * OPERATIONS);
      try {
        await failing({ at, code: 'ENOSPC' }, () => runHere(web, outDir));
      } catch (error) {
        if (!isWellSaid(error)) faults.push(`full at operation ${at}: ${said(error)}`);
      }
    }
    web.isWell = true;
    for (let n = 0; n < 2; n++) await runHere(web, outDir);
    faults.push(...breaches(web.server.requests), ...(await differences(web, outDir)));
    const { requests } = web.server;
    const name = `chaos of seed ${seed}`;
    return {
      name,
      facts: `${kills} kills, ${locked} crawls that found it locked, ${fullDisks} full disks, ${requests.length} requests`,
      faults,
    };
  } finally {
    await web.server.close();
  }
}

const runHere = (web: ChaosWeb, outDir: string) =>
  runCrawl({ ...chaosOptions(web, outDir), lookup: web.server.lookup });

async function differences({ pages }: ChaosWeb, outDir: string): Promise<string[]> {
  const { faults } = await verify(outDir, unattended(), [verifyCrawl]);
  const wrong = faults.map((fault) => `verify: ${JSON.stringify(fault)}`);
  const records = await archived(outDir);
  for (const [url, body] of pages) {
    const record = records.get(url);
    if (record?.status !== 200 || record.truncated !== undefined)
      wrong.push(`${url}: ${record?.status} ${record?.truncated}`);
    else if (record.body.toString() !== body) wrong.push(`${url} is other than what was served`);
  }
  for (const [url, { status }] of records) {
    if (status === 200 && !pages.has(url) && !/\/(robots\.txt|ai\.txt|tdmrep\.json)$/.test(url))
      wrong.push(`${url} is no page of the web`);
  }
  return wrong;
}

function start({ seeds, addresses }: ChaosWeb, outDir: string) {
  const given = { options: chaosOptions({ seeds }, outDir), addresses };
  return fork(join(import.meta.dirname, 'chaos-child.ts'), [JSON.stringify(given)], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

/** How it ended: what it said last. */
function inChild(web: ChaosWeb, outDir: string): Promise<string> {
  return killAfter(web, outDir, Number.POSITIVE_INFINITY);
}

function killAfter(web: ChaosWeb, outDir: string, ms: number): Promise<string> {
  const child = start(web, outDir);
  let last = 'nothing';
  child.on('message', (told: string) => {
    last = told;
    if (told === 'begins' && ms < Number.POSITIVE_INFINITY) setTimeout(() => child.kill('SIGKILL'), ms);
  });
  return new Promise((done) => child.on('exit', (_code, signal) => done(signal === 'SIGKILL' ? 'killed' : last)));
}
