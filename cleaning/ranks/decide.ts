/**
 * Texts that share keys with others before them are decided on, by what those were said to be in the round before; again,
 * until a round changes nothing: then all is as if one process had asked them one by one. The first text is right in the
 * first round, and whatever depends only on what is right is right in the next.
 *
 *   outcomes   of the rank's texts that share keys with others, in order      states, stamps   of all of its pages
 *   text, texts, near:B, exact:B   of texts without passages
 *   left       kept texts that leave for a later one
 */
import xxhash from 'xxhash-wasm';
import { Candidates } from '../dedup/near.ts';
import type { Cleaned } from '../document.ts';
import type { StoredTurn } from './measure.ts';
import type { Gate } from './meet.ts';
import type { Before, Told } from './memory.ts';
import { EXACT, findPairs, SLICES } from './pairs.ts';
import { Part, PartWriter, withParts } from './parts.ts';
import { type Left, type Progress, type RoundFacts, type World, withCounted, withWorld } from './round.ts';
import { Judge } from './sign.ts';
import { addKeys, CUT, encodeText, STATE, TextsWriter } from './texts.ts';
import type { RankWork } from './work.ts';

/** What became of a text among others. */
export interface Outcome extends Pick<Told, 'edges' | 'leaves' | 'copies' | 'relative'> {
  /** The slot of its rank. */
  readonly index: number;
  readonly cleaned: Cleaned;
  /** Hash of all that decided it. */
  readonly inputs: string;
  readonly state: number;
  /** Without its passages: what others compare themselves to, and what it asks by. */
  readonly record?: Buffer;
  readonly cut?: Told['cut'];
}

/** The stage in which a round's pairs are found. */
export async function pair(work: RankWork, { round, generation }: Progress): Promise<void> {
  const { dir, rank } = work;
  const out = new PartWriter(dir, `pair${round}`, rank.index);
  try {
    await withWorld(work, { round: round - 1, generation }, (world) => findPairs(work, world, out));
    out.finish({});
  } finally {
    out.discard();
  }
}

/** The stage in which a round decides. @returns false when interrupted */
export async function decide(work: RankWork, { round, generation }: Progress): Promise<boolean> {
  const { dir, rank } = work;
  const measured = Part.open(dir, 'measure', rank.index);
  const out = new PartWriter<RoundFacts>(dir, `decide${round}`, rank.index);
  try {
    return await withCounted(work, generation, (met, counted) =>
      withWorld(work, { round: round - 1, generation }, (world) =>
        withParts(dir, `pair${round}`, rank.of, async (pairs) => {
          const judge = await Judge.open(work, counted);
          try {
            const deciding = new Deciding(work, { judge, world, measured, met, out }, await xxhash());
            const earlier = world.before[rank.index]?.values<Outcome>('outcomes') ?? [][Symbol.iterator]();
            if (!(await deciding.all(pairs, earlier, work.signal))) return false;
            out.finish({ changed: deciding.changed });
            return true;
          } finally {
            await judge.close();
          }
        }),
      ),
    );
  } finally {
    measured.close();
    out.discard();
  }
}

interface Given {
  readonly judge: Judge;
  readonly world: World;
  readonly measured: Part;
  readonly met: readonly Part[];
  readonly out: PartWriter<RoundFacts>;
}

/** What a text was told: by query, then by key, those before it that hold the key. */
type Lists = readonly { readonly query: number; readonly index: number; readonly numbers: Uint32Array }[];

class Deciding {
  changed = 0;
  readonly #work: RankWork;
  readonly #given: Given;
  readonly #hash: Awaited<ReturnType<typeof xxhash>>;
  readonly #gates: ReadonlyMap<number, Gate[1]>;
  readonly #starts: Float64Array;
  readonly #turns: Uint32Array;
  readonly #states: Uint8Array;
  readonly #stamps: Float64Array;
  readonly #texts: TextsWriter;

  constructor(work: RankWork, given: Given, hash: Awaited<ReturnType<typeof xxhash>>) {
    this.#work = work;
    this.#given = given;
    this.#hash = hash;
    const { rank } = work;
    this.#gates = new Map(given.met.flatMap((part) => [...part.values<Gate>(`gate:${rank.index}`)]));
    this.#starts = given.measured.floats('starts');
    this.#turns = given.world.turnsOf(rank.index);
    this.#states = new Uint8Array(this.#turns.length);
    this.#stamps = new Float64Array(this.#turns.length);
    for (const [slot, number] of given.world.places.numbers(rank.index).entries()) {
      // A text that stops sharing keys stands as it is.
      this.#states[slot] = given.world.states[number] === STATE.none ? STATE.none : STATE.whole;
    }
    this.#texts = new TextsWriter(given.out);
  }

  async all(pairs: readonly Part[], earlier: Iterator<Outcome>, signal: AbortSignal): Promise<boolean> {
    const { out, world: known } = this.#given;
    let next = earlier.next();
    for (let slice = 0; slice < SLICES; slice++) {
      const told = listsIn(pairs, `pairs:${this.#work.rank.index}:${slice}`);
      for (const [number, lists] of told) {
        if (signal.aborted) return false;
        const index = known.places.indexOf(number);
        while (!next.done && next.value.index < index) {
          this.changed++; // it shared keys, and does not any more
          next = earlier.next();
        }
        const before = !next.done && next.value.index === index ? next.value : undefined;
        if (before !== undefined) next = earlier.next();
        const inputs = this.#inputsOf(number, lists);
        const outcome = before?.inputs === inputs ? before : this.#outcome(index, number, lists, inputs);
        this.#write(number, outcome);
        if (known.stampOf(number) !== this.#stampOf(index) || !isSame(before, outcome)) this.changed++;
      }
    }
    while (!next.done) {
      this.changed++;
      next = earlier.next();
    }
    out.addNumbers('states', this.#states);
    out.addNumbers('stamps', this.#stamps);
    return true;
  }

  #stampOf(index: number): number {
    return this.#stamps[index] * 4 + this.#states[index];
  }

  #inputsOf(number: number, lists: Lists): string {
    const { world: known } = this.#given;
    const said: number[] = [];
    for (const { query, index, numbers } of lists) {
      said.push(query, index, numbers.length);
      for (const other of numbers) said.push(other, known.stampOf(other), Number(known.stands(other, number)));
    }
    return this.#hash.h64Raw(new Uint8Array(Float64Array.from(said).buffer)).toString(16);
  }

  #outcome(index: number, number: number, lists: Lists, inputs: string): Outcome {
    const { judge, measured } = this.#given;
    judge.memory.begin(number, this.#before(number, lists));
    const turn = this.#turns[index];
    const gate = turn === index ? this.#gates.get(turn) : undefined;
    if (gate === 'known') throw new Error('a page that is known was asked about');
    const cleaned = judge.decide(measured.valueAt<StoredTurn>('turns', this.#starts[turn]), gate);
    const { text, cut, edges, leaves, copies, relative } = judge.memory.told;
    const isKept = text !== undefined;
    const isCut = isKept && cut !== undefined;
    return {
      ...{ index, cleaned, inputs, edges, leaves, copies, relative },
      state: isCut ? STATE.cut : isKept ? STATE.whole : STATE.duplicate,
      ...(isCut && { record: encodeText(text) }),
      ...(cut !== undefined && { cut }),
    };
  }

  #before(number: number, lists: Lists): Before {
    const { world: known } = this.#given;
    return {
      exact: (key, query) => {
        let holder: number | undefined;
        for (const list of lists) {
          if (list.query !== query || list.index !== EXACT) continue;
          for (const other of list.numbers) {
            if (holder !== undefined && !known.stands(holder, other)) holder = undefined;
            if (holder === undefined && known.text(other).key === key) holder = other;
          }
        }
        return holder === undefined || known.stands(holder, number) ? holder : undefined;
      },
      near: (_, query) => {
        const candidates = new Candidates();
        for (const list of lists) {
          if (list.query === query && list.index !== EXACT) candidates.add(list.numbers, list.numbers.length);
        }
        return candidates.likeliest().filter((other) => known.stands(other, number));
      },
      text: (other) => known.text(other),
    };
  }

  #write(number: number, outcome: Outcome): void {
    const { out } = this.#given;
    const { index, state, record, cut, leaves, relative } = outcome;
    out.put('outcomes', outcome);
    if (relative !== undefined) out.put('relatives', [number, relative]);
    this.#states[index] = state;
    if (record !== undefined) {
      this.#stamps[index] = Number(this.#hash.h64Raw(record) & 0xffff_ffff_ffffn);
      this.#texts.add(number, record);
    }
    if (cut !== undefined) addKeys(out, this.#work, this.#work.recipe.near, number, cut.print, cut.key, CUT);
    for (const [left, containment] of leaves) out.put('left', [left, number, containment] satisfies Left);
  }
}

/** Whether others see no difference, nor will it itself in the next round. */
function isSame(before: Outcome | undefined, now: Outcome): boolean {
  if (before === now) return true;
  const said = (one: Outcome | undefined): string =>
    JSON.stringify([
      one?.leaves ?? [],
      one?.cut === undefined ? '' : String(one.cut.print.anchors),
      String(one?.cut?.key),
    ]);
  return said(before) === said(now);
}

/** What texts of a slice were told, by their numbers; lists in the order of their keys. */
function listsIn(pairs: readonly Part[], bucket: string): [number: number, lists: Lists][] {
  const told = new Map<number, Lists[number][]>();
  for (const part of pairs) {
    const words = part.words(bucket);
    for (let at = 0; at < words.length; at += 3 + words[at + 2]) {
      const [number, key, count] = words.subarray(at, at + 3);
      const list = { query: key >>> 24, index: key & 0xffffff, numbers: words.subarray(at + 3, at + 3 + count) };
      const known = told.get(number);
      if (known === undefined) told.set(number, [list]);
      else known.push(list);
    }
  }
  for (const lists of told.values()) lists.sort((a, b) => a.query - b.query || a.index - b.index);
  return [...told].sort(([a], [b]) => a - b);
}
