/**
 * The first stage, and the dear one: a rank reads its own pages and says all that each says by itself.
 *
 *   turns       a rank's pages with their answers, in the stable order      order, ties: by what they are put in it
 *   site:B      what is needed of each page to know whether its site, address or a later page speaks against it
 *   hosts:B, lines:B   pages of hosts, and on how many of them a line stands at an edge
 */
import type { Page } from '../../crawlers/page.ts';
import { openMemory } from '../clean.ts';
import { Engine } from '../engine/engine.ts';
import { type Rank as Order, Spool } from '../engine/spool.ts';
import type { Answer } from '../engine/work.ts';
import { type AheadKind, aheadKind, hostOf, type KeyedPage } from '../standing.ts';
import { rankOf, turnsIn } from '../turns.ts';
import { PartWriter } from './parts.ts';
import { bucketOf, type RankWork } from './work.ts';

/** Where a page stands among all inputs: in which piece of them, the how-many-th there. */
export type At = readonly [unit: number, number: number];

/** A page whose body was read. */
export interface StoredTurn {
  readonly keyed: KeyedPage;
  readonly answer: Answer;
}

/** What its site is asked about a page; or a notice, which has no order. */
export interface SiteEvent {
  readonly at: At;
  readonly keyed: KeyedPage;
  readonly turn?: { readonly rank: number; readonly index: number; readonly order: Order; readonly kind: AheadKind };
}

/** `group, -length, hash, unit, number, place and bytes of the tie`: one page in the order. */
export const ORDER_FIELDS = 8;

/** @param pages of the rank's pieces, in their order */
export async function measure(
  work: RankWork,
  pages: AsyncIterable<readonly [page: Page, unit: number]>,
): Promise<void> {
  const { dir, rank, recipe, contamination, scorers, threads } = work;
  const out = new PartWriter(dir, 'measure', rank.index);
  const engine = await Engine.open({ ...recipe, contamination, scorers }, threads);
  const counted = openMemory('', recipe);
  const spool = new Spool<StoredTurn & { readonly at: At }>();
  const places = new WeakMap<Page, At>();
  async function* placed(): AsyncGenerator<Page> {
    let [last, number] = [-1, 0];
    for await (const [page, unit] of pages) {
      number = unit === last ? number + 1 : 0;
      last = unit;
      places.set(page, [unit, number]);
      yield page;
    }
  }
  const siteBucket = ({ keys }: KeyedPage): string => `site:${bucketOf(keys.site, rank)}`;
  try {
    let read = 0;
    for await (const { keyed, answer: found } of turnsIn(placed(), counted, engine)) {
      if (work.signal.aborted) return;
      const { page, keys } = keyed;
      const at = places.get(page)!;
      if (page.notice !== undefined) {
        out.put(siteBucket(keyed), { at, keyed: { page, keys } } satisfies SiteEvent);
        continue;
      }
      const answer = found ?? (await engine.answerHere(page));
      if ('read' in answer && answer.read.isHtml) counted.lines.strip(hostOf(page), answer.read);
      const light = { page: { ...page, headers: {}, body: new Uint8Array() }, keys };
      spool.add(rankOf(keyed, answer, engine.hash), { keyed: light, answer, at });
      work.progress(++read);
    }
    const starts: number[] = [];
    let index = 0;
    for (const { keyed, answer, at } of spool.inOrder()) {
      const order = rankOf(keyed, answer, engine.hash);
      const tie = Buffer.from(order[3]);
      const entry = [order[0], order[1], ...halvesOf(order[2]), ...at, out.add('ties', tie), tie.length];
      out.addNumbers('order', Float64Array.from(entry));
      out.put(siteBucket(keyed), { at, keyed, turn: { rank: rank.index, index, order, kind: aheadKind(answer) } });
      starts.push(out.put('turns', { keyed, answer } satisfies StoredTurn));
      index++;
    }
    out.addNumbers('starts', Float64Array.from(starts));
    for (const [name, table] of [
      ['hosts', 'hosts'],
      ['lines', 'host_lines'],
    ] as const) {
      for (const [key, pages] of counted.lines.counts(table)) {
        out.addNumbers(`${name}:${bucketOf(Math.abs(key), rank)}`, Float64Array.of(key, pages));
      }
    }
    out.finish({ pages: read });
  } finally {
    out.discard();
    spool.close();
    counted.close();
    await engine.close();
  }
}

/** 64 bits in hexadecimal as two numbers that compare as it does. */
const halvesOf = (hex: string): readonly [number, number] => [
  Number.parseInt(hex.slice(0, 8), 16),
  Number.parseInt(hex.slice(8), 16),
];
