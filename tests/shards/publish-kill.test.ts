/**
 * A night's publishing, stopped at every single operation on a file: killed, or with a disk that is full there. OUT shows
 * the old night or the new one whole, and the next start ends as if nothing had been.
 */
import fs, { cpSync, readdirSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { factsOf } from '../../shards/snapshots/facts.ts';
import { currentSnapshot } from '../../shards/snapshots/read.ts';
import { rollBack } from '../../shards/snapshots/rollback.ts';
import { beginNight, endNight, publishNight, workFolder } from '../../shards/snapshots/work.ts';
import { verify } from '../../shards/verify/verify.ts';
import { context, range, temporaryFolder } from '../support.ts';
import { rowsFile, rowsIn, shownIn, textsIn, work } from './nights.ts';

/** Operations until the disk fails, and whether it fails once (an error) or from then on (a kill). */
const disk = { left: Number.POSITIVE_INFINITY, isKilled: false, links: true };
const CHANGING = [
  ...['openSync', 'writeSync', 'fsyncSync', 'renameSync', 'rmSync', 'rmdirSync', 'mkdirSync', 'linkSync'],
  ...['symlinkSync', 'copyFileSync', 'appendFileSync'],
];
/** Node's own object: what stands there is what every module imports, once the exports are told. */
const operations = fs as unknown as Record<string, (...args: unknown[]) => unknown>;
const real = Object.fromEntries(CHANGING.map((name) => [name, operations[name]]));
beforeAll(() => {
  for (const name of CHANGING) operations[name] = failing(name);
  syncBuiltinESMExports();
});
afterAll(() => {
  Object.assign(operations, real);
  syncBuiltinESMExports();
});

function failing(name: string) {
  return (...args: unknown[]): unknown => {
    if (!disk.links && /link/.test(name)) throw Object.assign(new Error('EPERM: no links'), { code: 'EPERM' });
    if (disk.isKilled ? disk.left < 1 : disk.left === 0) {
      disk.left--;
      throw Object.assign(new Error(`ENOSPC: ${name}`), { code: 'ENOSPC' });
    }
    disk.left--;
    return real[name](...args);
  };
}

/** Runs until the operation with this number; whether it came to its end before. */
function stoppedAt(operation: number, isKilled: boolean, run: () => unknown): boolean {
  Object.assign(disk, { left: operation, isKilled });
  try {
    run();
    return disk.left >= 0;
  } catch (error) {
    if (!String((error as Error).message).includes('ENOSPC')) throw error;
    return false;
  } finally {
    disk.left = Number.POSITIVE_INFINITY;
  }
}

const facts = factsOf({}, []);
const model = { name: '000001', tokens: '0123456789abcdef' };
const publishAll = (out: string): void => {
  beginNight(out, facts);
  publishNight(out, facts);
  endNight(out, model, 2);
};

/**
 * A folder of an older version; a run with a night published and the next at work; the same with that published too; as
 * the second where there are no links.
 */
const folders = { older: '', ready: '', done: '', plain: '' };
/** The night before that of `done`. */
let earlier: string | undefined;
/** What is in the first night, and in the second. */
let [before, after]: string[][] = [[], []];
const copyOf = (dir: string, lifetime?: 'file'): string => {
  const copy = join(temporaryFolder(lifetime), 'run');
  cpSync(dir, copy, { recursive: true, verbatimSymlinks: true });
  return copy;
};
const contentsOf = async (out: string): Promise<string[]> => [
  ...(await rowsIn(join(out, 'documents'))),
  ...(await textsIn(join(out, 'tokens'))),
];

beforeAll(async () => {
  const [first, second] = [range(6), range(9)].map(rowsFile);
  folders.older = join(temporaryFolder('file'), 'older');
  await work(folders.older, [first]);
  before = await contentsOf(folders.older);
  folders.ready = copyOf(folders.older, 'file');
  publishAll(folders.ready);
  await work(workFolder(folders.ready), [first, second]);
  folders.done = copyOf(folders.ready, 'file');
  publishAll(folders.done);
  earlier = currentSnapshot(folders.done)!.record.before!;
  after = await contentsOf(folders.done);
  expect(after).toHaveLength(18);
  folders.plain = copyOf(folders.older, 'file');
  disk.links = false;
  publishAll(folders.plain);
  await work(workFolder(folders.plain), [first, second]);
  disk.links = true;
  expect(readdirSync(folders.plain)).not.toContain('current');
});

/** What operations leave that the next start takes away. */
const leftOvers = (out: string): string[] =>
  readdirSync(out, { recursive: true, encoding: 'utf8' }).filter((path) => /\.tmp$|\.next$|before-/.test(path));

/** Of which operations `npm test` stops at every so many; all of them with VUA_CRASH=1. */
const EVERY = process.env.VUA_CRASH ? 1 : 25;

it.for([
  { name: 'a night, killed', from: 'ready', isKilled: true, run: publishAll, least: 60 },
  { name: 'a night, with a full disk', from: 'ready', isKilled: false, run: publishAll, least: 60 },
  { name: 'an older folder taken over, killed', from: 'older', isKilled: true, run: publishAll, least: 60 },
  { name: 'going back, killed', from: 'done', isKilled: true, run: (out: string) => rollBack(out, earlier), least: 3 },
  { name: 'a night without links, killed', from: 'ready', isKilled: true, run: publishAll, least: 60, links: false },
] as const)(
  '$name at every operation: the old night or the new one whole, and the next start ends it',
  async ({ from, isKilled, run, least, links = true }) => {
    const ends = ['ready', 'plain'].includes(from) ? after : before;
    let operation = from === 'done' ? 0 : Math.floor(Math.random() * EVERY);
    for (; ; operation += from === 'done' ? 1 : EVERY) {
      const out = copyOf(folders[from]);
      disk.links = links;
      try {
        if (stoppedAt(operation, isKilled, () => run(out))) break;
        const said = `operation ${operation}`;
        if (links && from !== 'older') expect(shownIn(out).isOne, said).toBe(true);
        run(out);
        expect(shownIn(out).isOne, said).toBe(true);
        expect(leftOvers(out), said).toEqual([]);
        if (operation % (2 * EVERY) >= EVERY) continue; // reading all of it takes longer than making it
        expect(await contentsOf(out), said).toEqual(ends);
        expect((await verify(out, context())).faults, said).toEqual([]);
      } finally {
        disk.links = true;
      }
    }
    expect(operation).toBeGreaterThanOrEqual(least);
  },
);
