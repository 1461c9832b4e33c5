/**
 * Nights of a crawl and its cleaning in virtual time, from one seed: pages change, vanish and opt out, the host is down,
 * the clock jumps, operations on files fail, the run is stopped, a second one tries to get in. After the last night the
 * faults stop, and what the folder holds must be what the site says, and what a fresh build of its archive gives.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runCrawl } from '../../crawlers/run-crawl.ts';
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import { unattended } from '../../crawlers/shell/work.ts';
import { cleanInputs } from '../../shards/documents/clean-inputs.ts';
import { readDocuments } from '../../shards/documents/read.ts';
import { type Answer, type Handler, startWeb } from '../crawlers/web.ts';
import { moveClock } from './clock.ts';
import { isWellSaid, said } from './night.ts';
import { failing } from './operations.ts';
import { randomOf } from './states.ts';

const HOST = 'a.vua.test';
const PAGES = 5;
const NIGHT_MS = 24 * 3_600_000;
/** Operations of a night or so: faults fall among them. */
const OPERATIONS = 150;

interface PageState {
  version: number;
  isGone: boolean;
  optsOut: boolean;
}

const WORDS = (
  'nước nhà sông núi biển trời đất người làng phố chợ đường xe thuyền sách trường thầy bạn mẹ cha anh chị em ông bà ' +
  'và của là một những các được trong ngoài trên dưới khi nào đã đang sẽ rồi cũng đều hay lại ra vào lên xuống'
).split(' ');

/** Sixty words that no other page and no other version has in this order. */
function textOf(n: number, version: number): string {
  const random = randomOf(1_000_003 * (n + 1) + version);
  return `${Array.from({ length: 60 }, () => WORDS[Math.floor(random() * WORDS.length)]).join(' ')}.`;
}

/**
 * @param dir is made, and removed afterwards
 * @returns what is wrong; empty when nothing is
 */
export async function crawlNights(dir: string, seed: number, nights: number): Promise<string[]> {
  const random = randomOf(seed);
  const chance = (share: number): boolean => random() < share;
  const pages = Array.from({ length: PAGES }, (): PageState => ({ version: 0, isGone: false, optsOut: false }));
  let isDown = false;
  /** Every second page has an ETag, and says 304 where that is asked for. */
  const answer = (n: number, asked?: string): Answer => {
    const { version, isGone, optsOut } = pages[n];
    if (isGone) return { status: 404 };
    const etag = `"${version}-${optsOut}"`;
    const headers = { ...(n % 2 === 0 && { etag }), ...(optsOut && { 'x-robots-tag': 'noai' }) };
    if (asked === etag) return { status: 304, headers };
    return { headers, body: `<!doctype html><title>Bài</title><p>${textOf(n, version)}</p>` };
  };
  const links = pages.map((_, n) => `<a href="/${n}">tiếp</a>`).join('');
  /** A host that is down hangs up. */
  const unlessDown =
    (make: (etag?: string) => Answer): Handler =>
    (request, response) => {
      if (!isDown) return make(request.headers['if-none-match']);
      response.destroy();
      return undefined;
    };
  const routes = Object.fromEntries(pages.map((_, n) => [`/${n}`, unlessDown((etag) => answer(n, etag))]));
  const index = unlessDown(() => ({ body: `<p>${links}</p>` }));
  const site = { '/': index, ...routes, '*': unlessDown(() => ({ status: 404 })) };
  const web = await startWeb({ [HOST]: site });
  let ahead = 0;
  const restore = moveClock(() => ahead);
  const [crawlDir, documents] = [join(dir, 'crawl'), join(dir, 'documents')];
  const wrong: string[] = [];
  const crawlOptions = {
    ...{ outDir: crawlDir, seeds: [`http://${HOST}/`], connectTo: web.connectTo, delayMs: 0, retryDelayMs: 1 },
    ...{ refreshAfterMs: NIGHT_MS / 2, timeoutMs: 5000 },
  };
  const night = async (signal = new AbortController().signal): Promise<void> => {
    const work = { ...unattended(), signal };
    await runCrawl(crawlOptions, work);
    await cleanInputs({ inputs: [join(crawlDir, 'warc')], outDir: documents, threads: 0 }, work);
  };
  try {
    mkdirSync(dir, { recursive: true });
    await night();
    for (let n = 0; n < nights; n++) {
      ahead += NIGHT_MS + (chance(0.1) ? (random() - 0.5) * 4 * NIGHT_MS : 0);
      for (const page of pages) {
        if (chance(0.2)) page.version++;
        if (chance(0.03)) page.isGone = !page.isGone;
        if (chance(0.03)) page.optsOut = !page.optsOut;
      }
      isDown = chance(0.05);
      const stop = new AbortController();
      if (chance(0.1)) setTimeout(() => stop.abort(), random() * 40);
      const fault = chance(0.4)
        ? { at: 1 + Math.floor(random() * OPERATIONS), code: chance(0.5) ? ('EIO' as const) : ('ENOSPC' as const) }
        : {};
      const second = chance(0.05) ? night().catch((error) => error) : undefined;
      try {
        await failing(fault, () => night(stop.signal));
      } catch (error) {
        const isBusy = error instanceof ToolkitError && ['FOLDER_LOCKED', 'BAD_INPUT'].includes(error.code);
        if (!isWellSaid(error) && !(isBusy && (second !== undefined || isDown)))
          wrong.push(`night ${n}: ${said(error)}`);
      }
      await second;
    }
    isDown = false;
    // A clock that was ahead is believed until it is caught up with.
    ahead += 8 * NIGHT_MS;
    await night();
    ahead += NIGHT_MS;
    await night();
    wrong.push(...(await compare(dir, documents, join(crawlDir, 'warc'), pages)));
  } catch (error) {
    wrong.push(`when faults have stopped: ${said(error)}`);
  } finally {
    restore();
    await web.close();
    rmSync(dir, { recursive: true, force: true });
  }
  return wrong.map((fact) => `seed ${seed}: ${fact}`);
}

async function compare(dir: string, documents: string, warc: string, pages: readonly PageState[]): Promise<string[]> {
  const fresh = join(dir, 'fresh');
  await cleanInputs({ inputs: [warc], outDir: fresh, threads: 0 });
  const [held, built] = [await rowsIn(documents), await rowsIn(fresh)];
  const wrong: string[] = [];
  if (held.join('\n') !== built.join('\n'))
    wrong.push(`${held.length} documents, a fresh build has ${built.length} or others`);
  for (const [n, { version, isGone, optsOut }] of pages.entries()) {
    const own = held.filter((row) => row.startsWith(`http://${HOST}/${n} `));
    const isThere = own.some((row) => row.includes(textOf(n, version).slice(0, 40)));
    if (optsOut && !isGone && own.length > 0) wrong.push(`/${n} opted out and stays`);
    if (!optsOut && !isGone && !isThere) wrong.push(`/${n} in version ${version} is missing`);
    if (own.length > 1) wrong.push(`/${n} stands ${own.length} times`);
  }
  return wrong;
}

async function rowsIn(dir: string): Promise<string[]> {
  const rows: string[] = [];
  for await (const batch of readDocuments(dir)) {
    for (let row = 0; row < batch.rows; row++) rows.push(`${batch.string('url', row)} ${batch.string('text', row)}`);
  }
  return rows.sort();
}
