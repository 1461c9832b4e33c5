/** A quiz: sealed questions, one after the other, each asked of every player with a clock. */
import type { Try } from '../../shards/inspector/shapes.ts';
import type { VmluItem } from '../tasks/vmlu-items.ts';
import { promptOf } from '../tasks/vmlu-prompts.ts';
import { faultOf, type Player } from './players.ts';
import { pointsFor, type Round, roundHash, type Sealed, sealOf, type Transcript } from './sealed.ts';

export interface PlayOptions {
  readonly sealed: Sealed;
  readonly players: readonly Player[];
  /** Seconds that an answer may take. */
  readonly limit: number;
  readonly signal: AbortSignal;
  readonly onRound?: (round: Round, at: number) => void;
}

/** Plays all rounds; of an aborted signal those that were played. */
export async function play({ sealed, players, limit, signal, onRound }: PlayOptions): Promise<Transcript> {
  const rounds: Round[] = [];
  const startedAt = new Date().toISOString();
  let before = sealOf(sealed);
  for (const [at, { id, question, choices, answer }] of sealed.questions.entries()) {
    if (signal.aborted) break;
    const item = { id, subject: '', question, choices } as VmluItem;
    const letters = choices.map((choice) => choice[0]);
    const tries: Try[] = [];
    // One after the other: they share the machine. Who begins changes from round to round.
    for (const player of [...players.slice(at % players.length), ...players.slice(0, at % players.length)])
      tries.push(await ask(player, promptOf('api', item, []).trimEnd(), letters, answer, limit));
    const hash = roundHash(before, id, tries);
    rounds.push({ question: id, tries, hash });
    before = hash;
    onRound?.(rounds[at], at);
  }
  const names = players.map(({ name }) => name);
  return {
    ...{ format: 'vua-arena', version: 1, sealed: sealOf(sealed), limit, players: names, startedAt, rounds },
    opened: sealed,
  };
}

async function ask(
  player: Player,
  prompt: string,
  letters: readonly string[],
  right: string,
  limit: number,
): Promise<Try> {
  const clock = AbortSignal.timeout(limit * 1000);
  const started = performance.now();
  let given = '';
  let fault: string | undefined;
  try {
    given = await player.answer(prompt, letters, clock);
    if (given === '') fault = 'no letter in what it said';
  } catch (error) {
    fault = faultOf(error, clock);
  }
  const seconds = Math.round(performance.now() - started) / 1000;
  if (seconds > limit) [given, fault] = ['', 'no answer in time'];
  const isRight = given !== '' && given === right;
  const points = pointsFor(isRight, seconds, limit);
  return { player: player.name, answer: given, seconds, right: isRight, points, ...(fault && { fault }) };
}
