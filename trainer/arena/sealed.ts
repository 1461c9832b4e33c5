/**
 * Questions that nobody has seen: their hash is published before, their text after, so that everybody can check that they
 * were not changed in between. A random salt is hashed with them: without it a known set would be told by its hash.
 *
 *   seal     sha256 of the canonical JSON of { salt, questions }
 *   round n  sha256 of the hash before it and of the round: whoever alters one alters all behind it
 */
import { createHash, randomBytes } from 'node:crypto';
import type { Asked, Try } from '../../shards/inspector/shapes.ts';

export interface Sealed {
  readonly salt: string;
  readonly questions: readonly Asked[];
}

export interface Round {
  readonly question: string;
  readonly tries: readonly Try[];
  readonly hash: string;
}

export interface Transcript {
  readonly format: 'vua-arena';
  readonly version: 1;
  readonly sealed: string;
  readonly limit: number;
  readonly players: readonly string[];
  readonly startedAt: string;
  readonly rounds: readonly Round[];
  /** Opened after the last round. */
  readonly opened: Sealed;
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

export const seal = (questions: readonly Asked[], salt = randomBytes(16).toString('hex')): Sealed => ({
  salt,
  questions: questions.map(({ id, question, choices, answer }) => ({ id, question, choices, answer })),
});

export const sealOf = ({ salt, questions }: Sealed): string =>
  hashOf(JSON.stringify([salt, questions.map(({ id, question, choices, answer }) => [id, question, choices, answer])]));

export const roundHash = (before: string, question: string, tries: readonly Try[]): string =>
  hashOf(
    JSON.stringify([
      before,
      question,
      tries.map(({ player, answer, seconds, right, points, fault = '' }) => [
        player,
        answer,
        seconds,
        right,
        points,
        fault,
      ]),
    ]),
  );

/** A right answer is worth 1,000 at once and 500 at the limit: round(1000 × (1 − t/limit/2)). */
export const pointsFor = (right: boolean, seconds: number, limit: number): number =>
  right && seconds <= limit ? Math.round(1000 * (1 - seconds / limit / 2)) : 0;

/** Points of each player, most first; of equal points the quicker. */
export function boardOf({
  players,
  rounds,
}: {
  readonly players: readonly string[];
  readonly rounds: readonly { readonly tries: readonly Try[] }[];
}) {
  const rows = players.map((player) => {
    const tries = rounds.flatMap((round) => round.tries.filter((each) => each.player === player));
    const sum = (of: (each: Try) => number): number => tries.reduce((total, each) => total + of(each), 0);
    return {
      player,
      points: sum(({ points }) => points),
      right: sum(({ right }) => Number(right)),
      seconds: sum(({ seconds }) => seconds),
    };
  });
  return rows.sort((a, b) => b.points - a.points || a.seconds - b.seconds);
}

/** What does not hold in a transcript; empty: all of it does. `published`: the hash that was made known before. */
export function faultsOf(transcript: Transcript, published?: string): string[] {
  const { sealed, opened, rounds, limit, players } = transcript;
  const faults: string[] = [];
  const own = sealOf(opened);
  if (own !== sealed) faults.push(`the questions have hash ${own}, sealed was ${sealed}`);
  if (published !== undefined && published !== sealed) faults.push(`sealed was ${sealed}, published ${published}`);
  let before = sealed;
  for (const [at, { question, tries, hash }] of rounds.entries()) {
    const asked = opened.questions[at];
    if (asked?.id !== question) faults.push(`round ${at + 1} asks ${question}, sealed was ${asked?.id ?? 'nothing'}`);
    const played = tries.map(({ player }) => player);
    if (played.toSorted().join('\n') !== players.toSorted().join('\n'))
      faults.push(`round ${at + 1} was played by ${played.join(', ')}, players are ${players.join(', ')}`);
    for (const { player, answer, seconds, right, points } of tries) {
      const isRight = answer !== '' && answer === asked?.answer && seconds <= limit;
      if (right !== isRight)
        faults.push(`round ${at + 1}, ${player}: ${answer || 'no answer'} counts as ${right ? 'right' : 'wrong'}`);
      const due = pointsFor(isRight, seconds, limit);
      if (points !== due) faults.push(`round ${at + 1}, ${player}: ${points} points, due are ${due}`);
    }
    if (roundHash(before, question, tries) !== hash) faults.push(`round ${at + 1}: was altered after it was played`);
    before = hash;
  }
  if (rounds.length < opened.questions.length)
    faults.push(`${rounds.length} rounds of ${opened.questions.length} questions`);
  return faults;
}
