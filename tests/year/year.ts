/**
 * A year of nights in virtual time: `vua run` against a web that lives (site.ts), with takedowns, an outage, and a night
 * that a gate holds and an operator rejects. At last the folder is compared with a build of the same state from nothing
 * (compare.ts).
 */
import { lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { eraseRecords } from '../../crawlers/erase-records.ts';
import type { ToolkitError } from '../../crawlers/shell/errors.ts';
import { holding } from '../../crawlers/shell/lock.ts';
import { unattended } from '../../crawlers/shell/work.ts';
import { heldLine, runCommand, runOptions } from '../../nightly.ts';
import { rejectNight } from '../../shards/nights/held.ts';
import { remove } from '../../shards/removal/remove.ts';
import { moveClock } from '../crash/clock.ts';
import { said } from '../crash/night.ts';
import { startWeb } from '../crawlers/web.ts';
import { compare } from './compare.ts';
import { HOSTS, Site, SMALL_HOST, type YearPage } from './site.ts';

const NIGHT_MS = 24 * 3_600_000;

export interface YearOptions {
  readonly nights: number;
  /** New pages a night. */
  readonly pages: number;
  readonly seed: number;
  /** Nights that train a model. */
  readonly models: readonly number[];
  readonly changed?: number;
  readonly vanished?: number;
  readonly copied?: number;
  readonly log?: (text: string) => void;
}

export interface YearReport {
  /** CPU seconds of each night, by station; the web that it reads is counted with it. */
  readonly cpu: readonly number[];
  readonly files: number;
  readonly documents: number;
  readonly wrong: readonly string[];
}

/** When what happens that is not of every night. */
const eventsOf = (nights: number) => ({
  outage: Math.round(nights * 0.3),
  bad: Math.round(nights * 0.5),
  urlTakedown: Math.round(nights * 0.4),
  hostTakedown: Math.round(nights * 0.7),
});

/** @param dir is made, and removed afterwards */
export async function simulateYear(dir: string, options: YearOptions): Promise<YearReport> {
  const { nights, pages, seed, models, changed = 0.05, vanished = 0.01, copied = 0.02, log = () => {} } = options;
  let ahead = 0;
  const restore = moveClock(() => ahead);
  const site = new Site(seed, { pages, changed, vanished, copied }, () => Date.now());
  const web = await startWeb(site.routes);
  const out = join(dir, 'out');
  const events = eventsOf(nights);
  const rules: ((page: YearPage) => boolean)[] = [];
  const wrong: string[] = [];
  const cpu: number[] = [];
  const settings = runOptions.parse({
    ...{ out, seed: [...HOSTS, SMALL_HOST].map((host) => `http://${host}/`) },
    ...{ connectTo: Object.entries(web.connectTo).map(([host, to]) => `${host}=${to}`), contact: 'test@vua.test' },
    ...{ delayMs: 0, workers: 0, refreshAfterHours: 24 * 365, dropVanished: 0 },
    ...{
      vocabSize: 600,
      depth: 1,
      width: 32,
      context: 32,
      batch: 4,
      steps: 20,
      evaluateEvery: 20,
      checkpointEvery: 20,
    },
    ...{ adapter: 'embedded', model: 'never', modelTolerance: 9 },
  });
  let saying = '';
  const night = async (trains = false): Promise<number> => {
    saying = '';
    try {
      return (await runCommand.run({ ...settings, ...(trains && { model: 'restart' }) }, unattended())) ?? 0;
    } catch (error) {
      const { exitStatus } = error as ToolkitError;
      if (exitStatus === undefined) throw error;
      if (exitStatus !== 75) wrong.push(`night ${site.night}: ${said(error)}`);
      saying = `: ${said(error)}`;
      return exitStatus;
    }
  };
  const expected = (what: string, status: number, right: number): void => {
    if (status !== right) wrong.push(`night ${site.night}, ${what}: status ${status}, expected ${right}${saying}`);
  };
  const takeDown = async (names: string[], of: (page: YearPage) => boolean): Promise<void> => {
    rules.push(of);
    await holding(out, [], () => remove(out, names, 'letter', { erase: eraseRecords }));
  };
  try {
    mkdirSync(dir, { recursive: true });
    for (let n = 1; n <= nights; n++) {
      ahead += NIGHT_MS;
      const isBad = n === events.bad;
      site.isDown = n === events.outage;
      site.turn({ isBad });
      const before = process.cpuUsage();
      const status = await night(models.includes(n));
      const { user, system } = process.cpuUsage(before);
      cpu.push((user + system) / 1e6);
      if (n % 10 === 0 || n === nights || status !== 0)
        log(`night ${n}: ${cpu.at(-1)?.toFixed(2)} s of CPU, status ${status}`);
      expected(isBad ? 'bad' : site.isDown ? 'outage' : 'usual', status, isBad ? 4 : site.isDown ? 75 : 0);
      if (isBad) {
        for (const page of site.pages) if (page.changedAt === n && !page.isHacked) page.refused.add(page.version);
        await rejectNight(out, heldLine, unattended());
      }
      if (n === events.urlTakedown) {
        const gone = site.pages.filter(({ bornAt, copyOf }) => bornAt === n - 1 && copyOf === undefined).slice(0, 2);
        const known = new Map(gone.map((page) => [page, page.version]));
        // A copy of words that the page got later says what nobody asked to be removed.
        const isOfThem = (page: YearPage): boolean =>
          known.has(page) || (page.copyOf !== undefined && page.version <= (known.get(page.copyOf) ?? -1));
        await takeDown(gone.map(site.urlOf), isOfThem);
      }
      if (n === events.hostTakedown) await takeDown([SMALL_HOST], ({ host }) => host === SMALL_HOST);
    }
    const isRemoved = (page: YearPage): boolean => rules.some((of) => of(page));
    const documents = await compare(dir, settings, site, isRemoved, wrong);
    return { cpu, files: filesIn(out), documents, wrong };
  } finally {
    restore();
    await web.close();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Files apart from the archive; what is linked counts each time. */
const filesIn = (out: string): number =>
  readdirSync(out, { recursive: true, encoding: 'utf8' }).filter(
    (file) => !file.startsWith(join('crawl', 'warc')) && lstatSync(join(out, file)).isFile(),
  ).length;
