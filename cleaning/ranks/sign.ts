/**
 * The third stage: a rank judges its own texts as if each were alone, and says by which keys they find each other.
 *
 *   rows      what becomes of each page so, in order; nothing of those that are known     ids:B    of texts, by their names
 *   text, texts   the texts that others are compared to      near:B, exact:B   their keys
 */

import { openMemory } from '../clean.ts';
import { Decision } from '../decision.ts';
import type { Cleaned } from '../document.ts';
import { Engine } from '../engine/engine.ts';
import { hash32 } from '../vietnamese/lexicon.ts';
import type { StoredTurn } from './measure.ts';
import type { Gate } from './meet.ts';
import { NOTHING_BEFORE, RankMemory } from './memory.ts';
import { Part, PartWriter, withParts } from './parts.ts';
import { addKeys, encodeText, TextsWriter, WHOLE } from './texts.ts';
import { bucketOf, type RankWork } from './work.ts';

/** Those of one name, and of such that are made of it (`x~2`), stand in one bucket. */
export const baseOf = (id: string): string => id.replace(/~\d+$/, '');

/** What becomes of a page; nothing where it was known already. */
export type Row = Cleaned | undefined;

/** Decides on texts of one rank: what lines its hosts repeat is known. */
export class Judge {
  readonly memory: RankMemory;
  readonly #recipe: RankWork['recipe'];
  readonly #engine: Engine;
  readonly #lines: ReturnType<typeof openMemory>;

  private constructor({ recipe }: RankWork, engine: Engine, counted: readonly Part[]) {
    this.#recipe = recipe;
    this.#engine = engine;
    this.#lines = openMemory(':memory:', recipe);
    for (const part of counted) {
      this.#lines.lines.load('hosts', pairsIn(part.floats('hosts')));
      this.#lines.lines.load('host_lines', pairsIn(part.floats('lines')));
    }
    this.memory = new RankMemory(this.#lines.lines);
  }

  /** @param counted parts of `meet`, and of `again` up to the generation in hand */
  static async open(work: RankWork, counted: readonly Part[]): Promise<Judge> {
    const { recipe, contamination, scorers } = work;
    return new Judge(work, await Engine.open({ ...recipe, contamination, scorers }, 0), counted);
  }

  decide({ keyed, answer }: StoredTurn, ahead: Exclude<Gate[1], 'known'> | undefined): Cleaned {
    return new Decision(keyed, this.#recipe, this.memory, this.#engine, true).outcome(answer, ahead);
  }

  async close(): Promise<void> {
    this.#lines.close();
    await this.#engine.close();
  }
}

function* pairsIn(numbers: Float64Array): Generator<[number, number]> {
  for (let i = 0; i < numbers.length; i += 2) yield [numbers[i], numbers[i + 1]];
}

/** @returns false when interrupted */
export async function sign(work: RankWork): Promise<boolean> {
  const { dir, rank } = work;
  return withParts(dir, 'meet', rank.of, async (met) => {
    const gates = new Map(met.flatMap((part) => [...part.values<Gate>(`gate:${rank.index}`)]));
    const numbers = met[rank.index].words('numbers');
    return signTurns(work, { stage: 'sign', counted: met, gates, numbers });
  });
}

interface Signing {
  readonly stage: string;
  readonly counted: readonly Part[];
  readonly gates: ReadonlyMap<number, Gate[1]>;
  readonly numbers: Uint32Array;
  /** Which of the rank's turns; without it all. */
  readonly turns?: Uint32Array;
}

/** @returns false when interrupted */
export async function signTurns(work: RankWork, { stage, counted, gates, numbers, turns }: Signing): Promise<boolean> {
  const { dir, rank, recipe } = work;
  const out = new PartWriter(dir, stage, rank.index);
  const measured = Part.open(dir, 'measure', rank.index);
  const judge = await Judge.open(work, counted);
  try {
    const starts = measured.floats('starts');
    const texts = new TextsWriter(out);
    let skipped = 0;
    for (const [slot, number] of numbers.entries()) {
      if (work.signal.aborted) return false;
      const turn = turns?.[slot] ?? slot;
      const gate = gates.get(turn);
      if (gate === 'known') {
        skipped++;
        out.put('rows', undefined);
        continue;
      }
      judge.memory.begin(number, NOTHING_BEFORE);
      out.put('rows', judge.decide(measured.valueAt<StoredTurn>('turns', starts[turn]), gate));
      const { text, print } = judge.memory.told;
      if (text === undefined || print === undefined) continue;
      texts.add(number, encodeText(text));
      addKeys(out, work, recipe.near, number, print, text.key, WHOLE);
      out.put(`ids:${bucketOf(hash32(baseOf(text.id)) >>> 0, rank)}`, [text.id, number]);
      work.progress(slot + 1);
    }
    out.addNumbers('numbers', numbers);
    if (turns !== undefined) out.addNumbers('turns', turns);
    out.finish({ skipped });
    return true;
  } finally {
    await judge.close();
    measured.close();
    out.discard();
  }
}
