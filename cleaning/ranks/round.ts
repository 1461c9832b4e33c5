/** What all ranks know of texts before a round: the parts that say it, and every text by its number. */
import { type Part, withParts } from './parts.ts';
import { Places } from './places.ts';
import { type KnownText, STATE, TextReader } from './texts.ts';
import type { RankWork } from './work.ts';

/** How far ranks are: rounds that they ended, and how often pages were judged anew. */
export interface Progress {
  readonly round: number;
  readonly generation: number;
}

/** One that left: for whom, and how much of it stands there. */
export type Left = readonly [number: number, by: number, containment: number];

export interface RoundFacts {
  readonly changed: number;
}

/** Pages are judged anew in another generation, behind all others; a rank's slots are its pages in all generations. */
export class World {
  /** By generation, then by rank. */
  readonly signed: readonly (readonly Part<{ readonly skipped: number }>[])[];
  /** Of the last round; none before the first. */
  readonly before: readonly Part<RoundFacts>[];
  readonly places: Places;
  /** States of all texts, by their numbers. */
  readonly states: Uint8Array;
  readonly #stamps: Float64Array;
  readonly #left = new Map<number, Left>();
  /** The first number of each generation. */
  readonly #bases: number[] = [];
  readonly #wholes: readonly (readonly TextReader[])[];
  readonly #cuts: readonly TextReader[];

  /** Use `withWorld`. */
  constructor(signed: World['signed'], before: World['before']) {
    this.signed = signed;
    this.before = before;
    const numbers = signed.map((parts) => parts.map((part) => part.words('numbers')));
    let base = 0;
    for (const own of numbers) {
      this.#bases.push(base);
      base += own.reduce((sum, { length }) => sum + length, 0);
    }
    this.places = new Places(signed[0].map((_, rank) => joined(numbers.map((own) => own[rank]))));
    this.states = new Uint8Array(this.places.count);
    this.#stamps = new Float64Array(this.places.count);
    this.#wholes = signed.map((parts) => parts.map((part) => new TextReader(part)));
    this.#cuts = before.map((part) => new TextReader(part));
    for (const part of signed.flat()) {
      const texts = part.floats('texts');
      for (let i = 0; i < texts.length; i += 3) this.states[texts[i]] = STATE.whole;
    }
    for (const [rank, part] of before.entries()) {
      const [states, stamps] = [part.read('states'), part.floats('stamps')];
      const own = this.places.numbers(rank);
      for (let slot = 0; slot < states.length; slot++) {
        this.states[own[slot]] = states[slot];
        this.#stamps[own[slot]] = stamps[slot];
      }
      for (const left of part.values<Left>('left')) this.#left.set(left[0], earlier(this.#left.get(left[0]), left));
    }
  }

  /** The first number of the last generation. */
  get lastBase(): number {
    return this.#bases.at(-1)!;
  }

  /** Of each slot of a rank its turn. */
  turnsOf(rank: number): Uint32Array {
    const turns = this.signed.map((parts, generation) =>
      generation === 0 ? Uint32Array.from(parts[rank].words('numbers'), (_, i) => i) : parts[rank].words('turns'),
    );
    return joined(turns);
  }

  get left(): ReadonlyMap<number, Left> {
    return this.#left;
  }

  stands(number: number, at: number): boolean {
    const left = this.#left.get(number);
    return left === undefined || left[1] >= at;
  }

  isKept(number: number): boolean {
    return this.states[number] === STATE.whole || this.states[number] === STATE.cut;
  }

  /** Changes with what a text says to others. */
  stampOf(number: number): number {
    return this.#stamps[number] * 4 + this.states[number];
  }

  text(number: number): KnownText {
    const rank = this.places.ownerOf(number);
    if (this.states[number] === STATE.cut) return this.#cuts[rank].get(number);
    const generation = this.#bases.findLastIndex((base) => base <= number);
    return this.#wholes[generation][rank].get(number);
  }
}

const earlier = (a: Left | undefined, b: Left): Left => (a === undefined || b[1] < a[1] ? b : a);

function joined(parts: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let filled = 0;
  for (const part of parts) {
    all.set(part, filled);
    filled += part.length;
  }
  return all;
}

export const signStage = (generation: number): string => (generation === 0 ? 'sign' : `sign${generation}`);

/** @throws ToolkitError INCOMPLETE (exit 75) where a rank did not come so far */
export function withWorld<Result>(
  { dir, rank }: Pick<RankWork, 'dir' | 'rank'>,
  { round, generation }: Progress,
  use: (world: World) => Result | Promise<Result>,
): Promise<Result> {
  const open = (signed: World['signed']): Promise<Result> =>
    signed.length > generation
      ? withParts<RoundFacts, Result>(dir, `decide${round}`, round === 0 ? 0 : rank.of, (before) =>
          use(new World(signed, before)),
        )
      : withParts<{ readonly skipped: number }, Result>(dir, signStage(signed.length), rank.of, (parts) =>
          open([...signed, parts]),
        );
  return open([]);
}

/** Parts that counted lines of hosts: of the first generation and those behind it. */
export function withCounted<Result>(
  { dir, rank }: RankWork,
  generation: number,
  use: (met: readonly Part[], counted: readonly Part[]) => Promise<Result>,
): Promise<Result> {
  const open = (met: readonly Part[], again: readonly Part[], next: number): Promise<Result> =>
    next > generation
      ? use(met, [...met, ...again])
      : withParts(dir, `again${next}`, rank.of, (parts) => open(met, [...again, ...parts], next + 1));
  return withParts(dir, 'meet', rank.of, (met) => open(met, [], 1));
}
