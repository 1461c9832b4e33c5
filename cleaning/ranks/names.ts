/**
 * When all is decided: documents of one id become `id~2`, … as they come in the stable order (`freeName`), each bucket of ids
 * by itself; then every rank writes what becomes of its pages in full, for those that write shards.
 *
 *   names      documents that have another id than their source gave
 *   rows, starts, sizes   in the order of the rank's pages; sizes: twice the bytes of the row, and 1 more of a reject
 *   departures, edges     documents that left for a later one; keys that are held out together
 */

import type { GroupKey } from '../dedup/groups.ts';
import { freeName } from '../dedup/names.ts';
import type { Cleaned } from '../document.ts';
import type { Outcome } from './decide.ts';
import { numberIn } from './memory.ts';
import { type Part, PartWriter, withParts } from './parts.ts';
import { type Left, type Progress, type World, withWorld } from './round.ts';
import { baseOf, type Row } from './sign.ts';
import { ownBuckets, type RankWork } from './work.ts';

type Named = readonly [id: string, number: number];

export async function name(work: RankWork, progress: Progress): Promise<void> {
  const { dir, rank } = work;
  const out = new PartWriter(dir, 'name', rank.index);
  try {
    await withWorld(work, progress, (world) => {
      const left = new Map([...world.left].map(([number, [, by]]) => [number, by]));
      for (const bucket of ownBuckets(rank)) {
        const named = world.signed.flat().flatMap((part) => [...part.values<Named>(`ids:${bucket}`)]);
        const kept = named.filter(([, number]) => world.isKept(number));
        for (const [number, id] of renamedAmong(kept, left)) out.put('names', [id, number]);
      }
    });
    out.finish({});
  } finally {
    out.discard();
  }
}

/** Of documents that share names those whose name is taken when they come. `left`: of a document the one for which it left. */
function* renamedAmong(kept: readonly Named[], left: ReadonlyMap<number, number>): Generator<[number, string]> {
  const groups = new Map<string, Named[]>();
  for (const named of kept) {
    const base = baseOf(named[0]);
    const group = groups.get(base);
    if (group === undefined) groups.set(base, [named]);
    else group.push(named);
  }
  for (const group of groups.values()) {
    if (group.length < 2) continue;
    const standing = new Set<string>();
    const names = new Map<number, string>();
    const leaving = group.flatMap(([, number]) => (left.has(number) ? [[left.get(number)!, number]] : []));
    leaving.sort(([a], [b]) => b - a);
    for (const [id, number] of group.sort(([, a], [, b]) => a - b)) {
      while (leaving.length > 0 && leaving.at(-1)![0] < number) standing.delete(names.get(leaving.pop()![1])!);
      const free = freeName(id, (name) => standing.has(name));
      standing.add(free);
      names.set(number, free);
      if (free !== id) yield [number, free];
    }
  }
}

export interface Departed {
  readonly number: number;
  readonly id: string;
  readonly fetchedAt: string;
  readonly url: string;
  /** Id of the document that holds it, and how much of it. */
  readonly other: string;
  readonly containment: number;
}

/** @param sizeOf bytes that a row takes in its shard */
export async function settle<Facts>(
  work: RankWork,
  progress: Progress,
  sizeOf: (cleaned: Cleaned) => number,
  tell: (cleaned: Cleaned) => void,
  facts: (skipped: number) => Facts,
): Promise<boolean> {
  const { dir, rank } = work;
  const out = new PartWriter<Facts>(dir, 'settle', rank.index);
  try {
    return await withParts(dir, 'name', rank.of, (named) =>
      withWorld(work, progress, (world) => {
        const names = new Names(world, named);
        const numbers = world.places.numbers(rank.index);
        const [sizes, starts] = [new Uint32Array(numbers.length), new Float64Array(numbers.length)];
        const edges = new Map<string, [GroupKey, GroupKey]>();
        for (const { slot, row, outcome } of finalRows(world, rank.index)) {
          if (work.signal.aborted) return false;
          for (const edge of outcome?.edges ?? []) edges.set(edge.join(), edge);
          const number = numbers[slot];
          const cleaned = names.inRow(row, number);
          if (cleaned === undefined) continue;
          starts[slot] = out.put('rows', cleaned);
          sizes[slot] = 2 * sizeOf(cleaned) + Number(cleaned.dropped !== undefined);
          tell(cleaned);
          const leaving = world.left.get(number);
          if (cleaned.kept !== undefined && leaving !== undefined) {
            out.put('departures', departed(cleaned.kept, leaving, names));
          }
          work.progress(slot + 1);
        }
        out.addNumbers('numbers', numbers);
        out.addNumbers('sizes', sizes);
        out.addNumbers('starts', starts);
        for (const edge of edges.values()) out.addNumbers('edges', Float64Array.from(edge));
        out.finish(facts(world.signed.reduce((sum, parts) => sum + parts[rank.index].facts.skipped, 0)));
        return true;
      }),
    );
  } finally {
    out.discard();
  }
}

/** What becomes of a rank's pages in the end, slot by slot. */
function* finalRows({ signed, before }: World, rank: number) {
  const outcomes = before[rank].values<Outcome>('outcomes');
  let next = outcomes.next();
  let slot = 0;
  for (const parts of signed) {
    for (const alone of parts[rank].values<Row>('rows')) {
      const outcome = !next.done && next.value.index === slot ? next.value : undefined;
      if (outcome !== undefined) next = outcomes.next();
      yield { slot: slot++, row: outcome === undefined ? alone : outcome.cleaned, outcome };
    }
  }
}

const departed = (
  { id, fetchedAt, url }: NonNullable<Cleaned['kept']>,
  [number, by, containment]: Left,
  names: Names,
): Departed => ({ number, id, fetchedAt, url, other: names.of(by), containment });

/** Names as they are in the end. */
class Names {
  readonly #world: World;
  readonly #renamed: ReadonlyMap<number, string>;
  readonly #relatives: ReadonlyMap<number, number>;

  constructor(world: World, named: readonly Part[]) {
    this.#world = world;
    const renamed = named.flatMap((part) => [...part.values<Named>('names')]);
    this.#renamed = new Map(renamed.map(([id, number]) => [number, id]));
    this.#relatives = new Map(world.before.flatMap((part) => [...part.values<[number, number]>('relatives')]));
  }

  of(number: number): string {
    return this.#renamed.get(number) ?? this.#world.text(number).id;
  }

  inRow(cleaned: Row, number: number): Row {
    if (cleaned?.dropped !== undefined) {
      const { dropped } = cleaned;
      return { dropped: { ...dropped, other: this.#resolved(dropped.other) } };
    }
    if (cleaned === undefined) return undefined;
    const { kept } = cleaned;
    const id = this.#renamed.get(number) ?? kept.id;
    return { kept: { ...kept, id, cluster: kept.cluster === kept.id ? id : this.#resolved(kept.cluster) } };
  }

  #resolved(name: string): string {
    const { number, isCluster } = numberIn(name) ?? {};
    if (number === undefined) return name;
    if (!isCluster) return this.of(number);
    let root = number;
    for (let up = this.#relatives.get(root); up !== undefined; up = this.#relatives.get(root)) root = up;
    return this.of(root);
  }
}
