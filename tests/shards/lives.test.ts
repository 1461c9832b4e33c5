/**
 * Lives of a page: versions, 304s, opt-outs, 404s, rules of its site, a clock that is set back. Night by night, all in one
 * run, and in the stable order the end must be the same. Those of the table once ended in two ways, or wrongly.
 *
 *   4:1    on day 4, by the clock, text 1        7=4   on day 7 a 304 of what was fetched on day 4      6-   on day 6 a 404
 *   5:2!   with an opt-out                       7=4!  with an opt-out                                  6r!  robots.txt: no training
 */
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { WarcRecord } from '../../crawlers/warc/warc.ts';
import { Random } from '../cleaning/duplicate-pool.ts';
import { story } from '../cleaning/support.ts';
import { writeAll } from '../crawlers/warc-records.ts';
import { range, temporaryFolder } from '../support.ts';
import { at, capture, clean, html, night, OPTED_OUT, standing } from './captures.ts';

const SITE = 'https://b.vua.test';
const SPELLINGS = [`${SITE}/bai`, 'http://b.vua.test/bai', `${SITE}:443/bai#x`, `${SITE}/bai?utm_source=z`];
const STEP = /^(\d+)(?:([:=])(\d+)|([-r]))(!?)$/;

function recordOf(step: string, n: number): WarcRecord {
  const [, day, kind, of, other, refused] = STEP.exec(step)!;
  const url = SPELLINGS[n % SPELLINGS.length];
  const isRefused = refused !== '';
  if (kind === ':') return capture(url, +day, '', { body: html(story(+of), isRefused ? OPTED_OUT : '') });
  if (kind === '=') {
    const headers: [string, string][] = isRefused ? [['X-Robots-Tag', 'noai']] : [];
    const same = { type: 'revisit', status: 304, body: new Uint8Array(), headers } as const;
    return capture(url, +day, '', { ...same, refersTo: { url, date: at(+of) } });
  }
  if (other === '-') return capture(url, +day, '', { status: 404 });
  const body = Buffer.from(`User-agent: *\n${isRefused ? 'Content-Signal: ai-train=no' : 'Allow: /'}\n`);
  return capture(`${SITE}/robots.txt`, +day, '', { headers: [['Content-Type', 'text/plain']], body });
}

async function end(dir: string): Promise<string | undefined> {
  const texts = Object.values(await standing(dir));
  expect(texts.length).toBeLessThan(2);
  return texts[0];
}

/** What stands when the life is over: night by night; all in one run; in one run in the stable order. */
async function endsOf(life: string): Promise<(string | undefined)[]> {
  const records = life.split(' ').map(recordOf);
  const [nights, whole, stable] = range(3).map(() => temporaryFolder());
  for (const record of records) await night(nights, [record]);
  await writeAll(join(whole, 'warc'), records);
  await clean(whole, [join(whole, 'warc')]);
  await clean(stable, [join(whole, 'warc')], ['dedupOrder=stable']);
  return [await end(nights), await end(whole), await end(stable)];
}

it.each([
  ['an opt-out that ended, the clock set back behind it', '4:0 6:2! 7:2! 3:1 5=3 8=3', 1],
  ['an opt-out of a 304, set back before another that was silent', '10:2 11=10 13=10 12=10! 14=10', undefined],
  ['an opt-out of a 304, and a later page', '6:0 7:2 9=7! 10=7 8:1 11=8', 1],
  ['an opt-out, overtaken by what held later', '10:2 12=10 14=10 11:2! 13:1', 2],
  ['rules of the site that are said again', '8r! 9:1 10:1 14r!', undefined],
  ['a page as it was, when the rules of its site were over', '7r! 8:3 10- 11:3', 3],
  ['a site that closes and opens again', '4:1 6r! 9r', undefined],
  ['a site that closes and opens again, the page as it was', '4:1 6r! 9r 10=4', 1],
  ['a site that closes, opens and closes', '4:1 6r! 9r 10:2 12r!', undefined],
])('%s: %s', async (_, life, text) => {
  const right = text === undefined ? undefined : story(text);
  expect(await endsOf(life)).toEqual([right, right, right]);
});

it('random lives end in one way', async ({ skip }) => {
  skip(process.env.VUA_LONG === undefined, 'set VUA_LONG: 200 lives of ten nights, minutes');
  for (const seed of range(200)) {
    const life = randomLife(new Random(seed), seed < 150 ? 0 : 0.3);
    const [nights, whole, stable] = await endsOf(life);
    expect([whole, stable], life).toEqual([nights, nights]);
  }
});

function randomLife(random: Random, rules: number): string {
  const steps: string[] = [];
  const days = new Set<number>();
  let day = random.whole(3, 6);
  let last: number | undefined;
  for (const _ of range(random.whole(4, 9))) {
    day += random.whole(1, 2);
    if (random.next() < 0.25) day = Math.max(1, day - random.whole(1, 6));
    while (days.has(day)) day++;
    days.add(day);
    const isOfRules = rules > 0 && random.next() < rules;
    const isRefused = random.next() < (isOfRules ? 0.5 : 0.18) ? '!' : '';
    const kind = random.next();
    if (isOfRules) steps.push(`${day}r${isRefused}`);
    else if (last === undefined || kind < 0.45) {
      steps.push(`${day}:${random.whole(1, 3)}${isRefused}`);
      last = day;
    } else if (kind < 0.8) steps.push(`${day}=${last}${isRefused}`);
    else steps.push(`${day}-`);
  }
  return steps.join(' ');
}
