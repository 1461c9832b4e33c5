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
import type { Left, Outcome } from './decide.ts';
import { places, Round, withRound } from './decide.ts';
import { numberIn } from './memory.ts';
import { STATE } from './pairs.ts';
import { Part, PartWriter, withParts } from './parts.ts';
import { baseOf, type Row } from './sign.ts';
import { ownBuckets, type RankWork } from './work.ts';

type Named = readonly [id: string, number: number];

export async function name(work: RankWork, round: number): Promise<void> {
  const { dir, rank } = work;
  const out = new PartWriter(dir, 'name', rank.index);
  try {
    await withParts(dir, 'meet', rank.of, (met) =>
      withParts(dir, 'sign', rank.of, (signed) =>
        withRound(work, round, (before) => {
          const known = new Round(places(met), signed, before);
          const isKept = ([, number]: Named) =>
            known.states[number] === STATE.whole || known.states[number] === STATE.cut;
          const left = new Map([...known.left].map(([number, by]) => [number, by]));
          for (const bucket of ownBuckets(rank)) {
            const kept = signed.flatMap((part) => [...part.values<Named>(`ids:${bucket}`)]).filter(isKept);
            for (const [number, id] of renamedAmong(kept, left)) out.put('names', [id, number]);
          }
        }),
      ),
    );
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
  round: number,
  sizeOf: (cleaned: Cleaned) => number,
  tell: (cleaned: Cleaned) => void,
  facts: (skipped: number) => Facts,
): Promise<boolean> {
  const { dir, rank } = work;
  const own = Part.open<{ readonly skipped: number }>(dir, 'sign', rank.index);
  const out = new PartWriter<Facts>(dir, 'settle', rank.index);
  try {
    return await withParts(dir, 'meet', rank.of, (met) =>
      withParts(dir, 'sign', rank.of, (signed) =>
        withParts(dir, 'name', rank.of, (named) =>
          withRound(work, round, (before) => {
            const all = places(met);
            const known = new Round(all, signed, before);
            const names = new Names(known, named, before);
            const left = new Map([...known.left].map((one) => [one[0], one]));
            const numbers = all.numbers(rank.index);
            const sizes = new Uint32Array(numbers.length);
            const starts = new Float64Array(numbers.length);
            const edges = new Map<string, [GroupKey, GroupKey]>();
            const outcomes = before[rank.index].values<Outcome>('outcomes');
            let next = outcomes.next();
            let index = 0;
            for (const row of own.values<Row>('rows')) {
              if (work.signal.aborted) return false;
              const decided = !next.done && next.value.index === index ? next.value : undefined;
              if (decided !== undefined) next = outcomes.next();
              for (const edge of decided?.edges ?? []) edges.set(edge.join(), edge);
              const number = numbers[index];
              const cleaned = names.inRow(decided?.cleaned ?? row, number);
              if (cleaned !== undefined) {
                starts[index] = out.put('rows', cleaned);
                sizes[index] = 2 * sizeOf(cleaned) + Number(cleaned.dropped !== undefined);
                tell(cleaned);
                const leaving = left.get(number);
                if (cleaned.kept !== undefined && leaving !== undefined)
                  out.put('departures', departed(cleaned.kept, leaving, names));
              }
              work.progress(++index);
            }
            out.addNumbers('sizes', sizes);
            out.addNumbers('starts', starts);
            for (const edge of edges.values()) out.addNumbers('edges', Float64Array.from(edge));
            out.finish(facts(own.facts.skipped));
            return true;
          }),
        ),
      ),
    );
  } finally {
    own.close();
    out.discard();
  }
}

const departed = (
  { id, fetchedAt, url }: NonNullable<Cleaned['kept']>,
  [number, by, containment]: Left,
  names: Names,
): Departed => ({ number, id, fetchedAt, url, other: names.of(by), containment });

/** Names as they are in the end. */
class Names {
  readonly #known: Round;
  readonly #renamed: ReadonlyMap<number, string>;
  readonly #relatives: ReadonlyMap<number, number>;

  constructor(known: Round, named: readonly Part[], before: readonly Part[]) {
    this.#known = known;
    const renamed = named.flatMap((part) => [...part.values<Named>('names')]);
    this.#renamed = new Map(renamed.map(([id, number]) => [number, id]));
    this.#relatives = new Map(before.flatMap((part) => [...part.values<[number, number]>('relatives')]));
  }

  of(number: number): string {
    return this.#renamed.get(number) ?? this.#known.text(number).id;
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
