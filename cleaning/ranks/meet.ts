/**
 * The second stage: what pages of one site say of each other, and what hosts repeat.
 *
 *   gate:R      of pages of rank R those that go no further, by their index there: known already, opted out, superseded
 *   hosts, lines   of hosts with enough pages, lines on enough of them
 *   numbers     the place of each of the rank's own pages in the stable order over all ranks
 */
import xxhash, { type XXHashAPI } from 'xxhash-wasm';
import { hear, openMemory } from '../clean.ts';
import { MIN_PAGES } from '../dedup/lines.ts';
import { type Ahead, aheadOf, idOf } from '../standing.ts';
import type { At, SiteEvent } from './measure.ts';
import { type Part, PartWriter, withParts } from './parts.ts';
import { numbersOf } from './places.ts';
import { ownBuckets, type RankWork } from './work.ts';

/** Why a page goes no further; `known` leaves nothing. */
export type Gate = readonly [index: number, why: Ahead | 'known'];

export async function meet(work: RankWork): Promise<void> {
  const { dir, rank } = work;
  const hash = await xxhash();
  const out = new PartWriter(dir, 'meet', rank.index);
  try {
    await withParts(dir, 'measure', rank.of, (parts) => {
      out.addNumbers('numbers', numbersOf(parts, rank.index));
      for (const bucket of ownBuckets(rank)) {
        for (const name of ['hosts', 'lines']) {
          for (const entry of countsIn(parts, `${name}:${bucket}`)) {
            if (entry[1] >= MIN_PAGES) out.addNumbers(name, Float64Array.from(entry));
          }
        }
        askSites(work, parts, bucket, hash, (owner, gate) => out.put(`gate:${owner}`, gate));
      }
    });
    out.finish({});
  } finally {
    out.discard();
  }
}

function countsIn(parts: readonly Part[], bucket: string): Map<number, number> {
  const counts = new Map<number, number>();
  for (const part of parts) {
    const pairs = part.floats(bucket);
    for (let i = 0; i < pairs.length; i += 2) counts.set(pairs[i], (counts.get(pairs[i]) ?? 0) + pairs[i + 1]);
  }
  return counts;
}

const byInput = ({ at: [a, i] }: { at: At }, { at: [b, j] }: { at: At }): number => a - b || i - j;

/** Sites share nothing: those of a bucket ask a memory of their own, as all do one where there are no ranks. */
function askSites(
  { recipe, consent, hearOptOuts }: RankWork,
  parts: readonly Part[],
  bucket: number,
  hash: XXHashAPI,
  tell: (owner: number, gate: Gate) => void,
): void {
  const events = parts.flatMap((part) => [...part.values<SiteEvent>(`site:${bucket}`)]).sort(byInput);
  if (events.length === 0) return;
  const store = openMemory(':memory:', recipe);
  try {
    store.sites.table = consent;
    hearOptOuts(store);
    for (const { keyed, turn } of events) {
      if (turn?.kind === 'read') store.versions.met(keyed.keys);
      if (turn === undefined && store.pages.add(keyed.keys.page)) hear(keyed, store);
    }
    const turns = events.filter((event): event is Required<SiteEvent> => event.turn !== undefined).sort(inStableOrder);
    for (const { keyed, turn } of turns) {
      const { rank, index, kind } = turn;
      const isNew = store.pages.add(keyed.keys.page);
      if (!isNew && store.versions.isSettled(keyed.keys, keyed.page.place, true)) tell(rank, [index, 'known']);
      else {
        const ahead = aheadOf(keyed, idOf(keyed.page, hash), kind, store, hash);
        if (ahead !== undefined) tell(rank, [index, ahead]);
      }
    }
  } finally {
    store.close();
  }
}

function inStableOrder(a: Required<SiteEvent>, b: Required<SiteEvent>): number {
  const [x, y] = [a.turn.order, b.turn.order];
  return (
    x[0] - y[0] ||
    x[1] - y[1] ||
    (x[2] < y[2] ? -1 : x[2] > y[2] ? 1 : 0) ||
    Buffer.compare(Buffer.from(x[3]), Buffer.from(y[3])) ||
    byInput(a, b)
  );
}
