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

  private constructor({ recipe }: RankWork, engine: Engine, met: readonly Part[]) {
    this.#recipe = recipe;
    this.#engine = engine;
    this.#lines = openMemory(':memory:', recipe);
    for (const part of met) {
      this.#lines.lines.load('hosts', pairsIn(part.floats('hosts')));
      this.#lines.lines.load('host_lines', pairsIn(part.floats('lines')));
    }
    this.memory = new RankMemory(this.#lines.lines);
  }

  static async open(work: RankWork, met: readonly Part[]): Promise<Judge> {
    const { recipe, contamination } = work;
    return new Judge(work, await Engine.open({ ...recipe, contamination }, 0), met);
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
  const { dir, rank, recipe } = work;
  const out = new PartWriter(dir, 'sign', rank.index);
  const measured = Part.open(dir, 'measure', rank.index);
  try {
    return await withParts(dir, 'meet', rank.of, async (met) => {
      const judge = await Judge.open(work, met);
      try {
        const gates = new Map(met.flatMap((part) => [...part.values<Gate>(`gate:${rank.index}`)]));
        const numbers = met[rank.index].words('numbers');
        const texts = new TextsWriter(out);
        let [index, skipped] = [0, 0];
        for (const turn of measured.values<StoredTurn>('turns')) {
          if (work.signal.aborted) return false;
          const [number, gate] = [numbers[index], gates.get(index)];
          index++;
          if (gate === 'known') {
            skipped++;
            out.put('rows', undefined);
            continue;
          }
          judge.memory.begin(number, NOTHING_BEFORE);
          const cleaned = judge.decide(turn, gate);
          out.put('rows', cleaned);
          const { text, print } = judge.memory.told;
          if (text === undefined || print === undefined) continue;
          texts.add(number, encodeText(text));
          addKeys(out, work, recipe.near, number, print, text.key, WHOLE);
          out.put(`ids:${bucketOf(hash32(baseOf(text.id)) >>> 0, rank)}`, [text.id, number]);
          work.progress(index);
        }
        out.finish({ skipped });
        return true;
      } finally {
        await judge.close();
      }
    });
  } finally {
    measured.close();
    out.discard();
  }
}
