/**
 * Cleaning by several processes, each of a rank, that share a folder and nothing else; documents and rejects are those of one
 * process in the stable order, to the byte, for any number of ranks.
 *
 *   measure   each rank its own inputs: pages and all that each says by itself              (measure.ts)
 *   meet      sites and hosts, by buckets: opt-outs, later pages, repeated lines; the order  (meet.ts)
 *   sign      each rank its own texts: rules, fingerprints, keys                            (sign.ts)
 *   pair1     keys, by buckets: who shares one with whom before it                          (pairs.ts)
 *   decide1   each rank its own texts, by what others were said to be                       (decide.ts)
 *   pair2, decide2, …   until a round changes nothing
 *   again1    pages whose document left for a later one; where there are any they are signed, and rounds go on     (again.ts)
 *   name, settle   ids, by buckets; then rows as they will be written                       (names.ts)
 *   write     each rank its share of the shards                                             (the caller's)
 *
 * A stage reads what every rank wrote in the one before, and nothing else passes between ranks.
 */
import type { Page } from '../../crawlers/page.ts';
import type { Cleaned } from '../document.ts';
import { type AgainFacts, again, signAgain } from './again.ts';
import { decide, pair } from './decide.ts';
import { measure } from './measure.ts';
import { meet } from './meet.ts';
import { type Departed, name, settle } from './names.ts';
import { factsOf, isWhole, type Part, withParts } from './parts.ts';
import { Places } from './places.ts';
import { type Progress, type RoundFacts, signStage } from './round.ts';
import { sign } from './sign.ts';
import type { RankWork } from './work.ts';

/** What the caller brings. */
export interface RankHooks<Facts> {
  /** The rank's inputs, in their order, each page with the number of the piece that holds it. */
  readonly pages: () => AsyncIterable<readonly [page: Page, piece: number]>;
  /** Bytes that a row takes in its shard. */
  readonly sizeOf: (cleaned: Cleaned) => number;
  /** Hears of every row of the rank, and says what is kept of them; `skipped`: pages that stood twice. */
  readonly tell: (cleaned: Cleaned) => void;
  readonly facts: (skipped: number) => Facts;
  /** Writes the rank's shards, and last the manifest `write-RANK.json`. Returns false when interrupted. */
  readonly write: () => Promise<boolean>;
  /** A stage begins. */
  readonly onStage: (stage: string) => void;
}

/** A stage that some ranks did not end. */
export interface Lacking {
  readonly stage: string;
  readonly ranks: readonly number[];
}

/** The first stage that is not whole; `undefined` when all are. */
export function lackingIn(dir: string, of: number): Lacking | undefined {
  const { stage, ranks } = walk(dir, of);
  return stage === undefined ? undefined : { stage, ranks };
}

interface Walk extends Progress {
  readonly stage?: string;
  readonly ranks: readonly number[];
}

/** From stage to stage, as far as all are whole; rounds and generations are those of the stage. */
function walk(dir: string, of: number): Walk {
  let [round, generation] = [0, 0];
  const lacking = (stage: string): Walk | undefined => {
    const ranks = Array.from({ length: of }, (_, rank) => rank).filter((rank) => !isWhole(dir, stage, rank));
    return ranks.length === 0 ? undefined : { stage, ranks, round, generation };
  };
  const sumOf = (stage: string, count: 'changed' | 'anew'): number => {
    let sum = 0;
    for (let rank = 0; rank < of; rank++) sum += factsOf<RoundFacts & AgainFacts>(dir, stage, rank)[count];
    return sum;
  };
  const first = lacking('measure') ?? lacking('meet') ?? lacking('sign');
  if (first !== undefined) return first;
  for (;;) {
    round++;
    const open = lacking(`pair${round}`) ?? lacking(`decide${round}`);
    if (open !== undefined) return open;
    if (sumOf(`decide${round}`, 'changed') > 0) continue;
    const anew = lacking(`again${generation + 1}`);
    if (anew !== undefined) return anew;
    if (sumOf(`again${generation + 1}`, 'anew') === 0) break;
    generation++;
    const signed = lacking(signStage(generation));
    if (signed !== undefined) return signed;
  }
  return lacking('name') ?? lacking('settle') ?? lacking('write') ?? { ranks: [], round, generation };
}

/** How a call of a rank ended. */
export type Ending = 'whole' | 'interrupted' | Lacking;

/** Runs a rank as far as it comes: what others lack is named. @throws ToolkitError WRITE_FAILED, INCOMPLETE, and those of `pages` */
export async function runStages<Facts>(work: RankWork, hooks: RankHooks<Facts>): Promise<Ending> {
  const { dir, rank } = work;
  for (;;) {
    const { stage, ranks, ...progress } = walk(dir, rank.of);
    if (stage === undefined) return 'whole';
    if (!ranks.includes(rank.index)) return { stage, ranks };
    hooks.onStage(stage);
    if (!(await runStage(stage, progress, work, hooks)) || work.signal.aborted) return 'interrupted';
  }
}

async function runStage<Facts>(
  stage: string,
  progress: Progress,
  work: RankWork,
  hooks: RankHooks<Facts>,
): Promise<boolean> {
  const kind = /^[a-z]+/.exec(stage)![0];
  if (kind === 'measure') await measure(work, hooks.pages());
  else if (kind === 'meet') await meet(work);
  else if (kind === 'sign') return progress.generation === 0 ? sign(work) : signAgain(work, progress);
  else if (kind === 'pair') await pair(work, progress);
  else if (kind === 'decide') return decide(work, progress);
  else if (kind === 'again') await again(work, progress);
  else if (kind === 'name') await name(work, progress);
  else if (kind === 'settle') return settle(work, progress, hooks.sizeOf, hooks.tell, hooks.facts);
  else return hooks.write();
  return true;
}

/** What all ranks settled on, in the stable order. */
export class Settled<Facts> {
  readonly #parts: readonly Part<Facts>[];
  readonly #places: Places;
  readonly #sizes: readonly Uint32Array[];
  readonly #starts: readonly Float64Array[];

  /** Use `withSettled`. */
  constructor(parts: readonly Part<Facts>[]) {
    this.#parts = parts;
    this.#places = new Places(parts.map((part) => part.words('numbers')));
    this.#sizes = parts.map((part) => part.words('sizes'));
    this.#starts = parts.map((part) => part.floats('starts'));
  }

  get facts(): Facts[] {
    return this.#parts.map(({ facts }) => facts);
  }

  /** Numbers of rows, in their order, and what each takes. */
  *sizes(): Generator<{ readonly number: number; readonly bytes: number; readonly isReject: boolean }> {
    const next = this.#sizes.map(() => 0);
    for (let number = 0; number < this.#places.count; number++) {
      const rank = this.#places.ownerOf(number);
      const size = this.#sizes[rank][next[rank]++];
      if (size > 0) yield { number, bytes: Math.floor(size / 2), isReject: size % 2 === 1 };
    }
  }

  /** The rows of numbers from one to before another. */
  *rows(from: number, to: number): Generator<Cleaned> {
    for (let number = from; number < to; number++) {
      const rank = this.#places.ownerOf(number);
      const index = this.#places.indexOf(number);
      if (this.#sizes[rank][index] > 0) yield this.#parts[rank].valueAt<Cleaned>('rows', this.#starts[rank][index]);
    }
  }

  /** Documents that are to leave again, by their numbers. */
  get departed(): Departed[] {
    return this.#parts.flatMap((part) => [...part.values<Departed>('departures')]).sort((a, b) => a.number - b.number);
  }

  /** Keys of documents that are held out together, two by two. */
  *edges(): Generator<readonly [number, number]> {
    for (const part of this.#parts) {
      const numbers = part.floats('edges');
      for (let i = 0; i < numbers.length; i += 2) yield [numbers[i], numbers[i + 1]];
    }
  }
}

/** @throws ToolkitError INCOMPLETE (exit 75) where a rank did not settle */
export const withSettled = <Facts, Result>(
  dir: string,
  of: number,
  use: (settled: Settled<Facts>) => Result | Promise<Result>,
): Promise<Result> => withParts<Facts, Result>(dir, 'settle', of, (parts) => use(new Settled(parts)));
