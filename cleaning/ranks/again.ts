/**
 * A document that leaves for a later one lets go of the pages that were dropped for it: they are judged anew, behind all
 * others, in another generation; as at the end of a run of one process.
 *
 *   order, ties, turns   of the rank's pages that are judged anew      hosts, lines   what they say of their hosts once more
 */
import { openMemory } from '../clean.ts';
import { hostOf } from '../standing.ts';
import type { Outcome } from './decide.ts';
import { ORDER_FIELDS, type StoredTurn } from './measure.ts';
import { Part, PartWriter, withParts } from './parts.ts';
import { numbersOf } from './places.ts';
import { type Progress, signStage, type World, withCounted, withWorld } from './round.ts';
import { signTurns } from './sign.ts';
import type { RankWork } from './work.ts';

export interface AgainFacts {
  readonly anew: number;
}

/** @param progress of the rounds that ended; what they let go of is of the next generation */
export async function again(work: RankWork, progress: Progress): Promise<void> {
  const { dir, rank, recipe } = work;
  const out = new PartWriter<AgainFacts>(dir, `again${progress.generation + 1}`, rank.index);
  const measured = Part.open(dir, 'measure', rank.index);
  const counted = openMemory(':memory:', recipe);
  try {
    const turns = await withWorld(work, progress, (world) => turnsAnew(world, rank.index));
    const [order, starts] = [measured.floats('order'), measured.floats('starts')];
    for (const turn of turns) {
      const entry = order.slice(turn * ORDER_FIELDS, (turn + 1) * ORDER_FIELDS);
      entry[6] = out.add('ties', measured.readAt('ties', entry[6], entry[7]));
      out.addNumbers('order', entry);
      const { keyed, answer } = measured.valueAt<StoredTurn>('turns', starts[turn]);
      if ('read' in answer && answer.read.isHtml) counted.lines.strip(hostOf(keyed.page), answer.read);
    }
    out.addNumbers('turns', Uint32Array.from(turns));
    for (const entry of counted.lines.counts('hosts')) out.addNumbers('hosts', Float64Array.from(entry));
    for (const entry of counted.lines.counts('host_lines')) out.addNumbers('lines', Float64Array.from(entry));
    out.finish({ anew: turns.length });
  } finally {
    counted.close();
    measured.close();
    out.discard();
  }
}

/** Turns of a rank whose pages repeat a document that left in the last generation. */
function turnsAnew(world: World, rank: number): number[] {
  const { left, lastBase } = world;
  const isLetGo = (document: number): boolean => (left.get(document)?.[1] ?? -1) >= lastBase;
  const [numbers, turns] = [world.places.numbers(rank), world.turnsOf(rank)];
  const anew = new Set<number>();
  for (const { index, copies } of world.before[rank].values<Outcome>('outcomes')) {
    if (copies.some(isLetGo)) anew.add(turns[index]);
  }
  for (const [slot, number] of numbers.entries()) {
    const [, by] = left.get(number) ?? [];
    if (by !== undefined && isLetGo(by)) anew.add(turns[slot]);
  }
  return [...anew].sort((a, b) => a - b);
}

/** Signs them; their numbers stand behind all others. @returns false when interrupted */
export function signAgain(work: RankWork, { round, generation }: Progress): Promise<boolean> {
  const { dir, rank } = work;
  return withCounted(work, generation, (_, counted) =>
    withWorld(work, { round, generation: generation - 1 }, ({ places }) =>
      withParts(dir, `again${generation}`, rank.of, (parts) => {
        const numbers = numbersOf(parts, rank.index).map((number) => number + places.count);
        const turns = parts[rank.index].words('turns');
        return signTurns(work, { stage: signStage(generation), counted, gates: new Map(), numbers, turns });
      }),
    ),
  );
}
