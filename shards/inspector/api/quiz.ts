/** Quizzes of `vua arena` in the folder: what was played, and one that is played now, round by round. */
import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import { badInput } from '../../../crawlers/shell/errors.ts';
import { readJsonIfPresent } from '../../../crawlers/shell/folder.ts';
import type { Asked, Board, Game, ToldGame } from '../shapes.ts';
import { endpoint, Raw, type View } from '../view.ts';

/** What `vua arena` leaves while it plays, and what it leaves behind. */
export const PLAYING = '.playing';
const MOST_BYTES = 1 << 23;
const MOST = 50;
const HEAD_BYTES = 800;
/** How often a quiz that is played is looked at, in milliseconds. */
const EVERY = 250;

/** Of the room to the right: trainer/arena/transcript.ts and sealed.ts. */
export interface ArenaDoor {
  faultsAt(path: string): readonly string[];
  boardOf(game: Game): Board;
}

export function quizView(open: () => Promise<ArenaDoor>): View {
  const told = async (dir: string, file: string): Promise<ToldGame> => {
    const game = gameAt(join(dir, file));
    const door = await open();
    const isLive = file.endsWith(PLAYING) && isAlive(join(dir, file), game);
    const faults = file.endsWith(PLAYING) ? [] : door.faultsAt(join(dir, file));
    return { file, ...game, isLive, board: door.boardOf(game), faults };
  };
  return {
    name: 'quiz',
    title: { en: 'Quiz', vi: 'Đố vui' },
    page: new URL('../pages/quiz.ts', import.meta.url),
    endpoints: [
      endpoint({
        path: 'quizzes',
        about: 'quizzes of `vua arena` in the folder, the newest first, one that is played now before all',
        query: z.object({ corpus: z.string().optional() }),
        async answer(_, root) {
          const games = await Promise.all(quizzesIn(root.dir).map((file) => told(root.dir, file)));
          return { games: games.map(({ rounds, asked: _asked, ...game }) => ({ ...game, played: rounds.length })) };
        },
      }),
      endpoint({
        path: 'quiz',
        about: 'one of them: points, rounds, and whether its transcript holds',
        query: z.object({ corpus: z.string().optional(), file: z.string() }),
        answer: async ({ file }, root) => told(root.dir, known(root.dir, file)),
      }),
      endpoint({
        path: 'quiz/live',
        about: 'the same as server-sent events, each time a round was played, until the quiz is over',
        query: z.object({ corpus: z.string().optional(), file: z.string() }),
        async answer({ file }, root) {
          const events = eventsOf(root.dir, known(root.dir, file), told);
          return new Raw('text/event-stream; charset=utf-8', Readable.from(events));
        },
      }),
    ],
  };
}

async function* eventsOf(
  dir: string,
  file: string,
  told: (dir: string, file: string) => Promise<unknown>,
): AsyncGenerator<string> {
  let last = '';
  for (;;) {
    const isOver = quizzesIn(dir).every((name) => name !== file);
    const name = isOver ? file.slice(0, -PLAYING.length) : file;
    const now = JSON.stringify(await told(dir, name).catch(() => undefined));
    if (now !== undefined && now !== last) yield `data: ${now}\n\n`;
    last = now ?? last;
    if (isOver || !file.endsWith(PLAYING)) break;
    await wait(EVERY, undefined, { ref: false });
  }
  yield 'event: over\ndata: {}\n\n';
}

/** Names of files in the folder that begin as a quiz does. */
function quizzesIn(dir: string): string[] {
  const isQuiz = (name: string): boolean => {
    try {
      const { size } = statSync(join(dir, name));
      return size < MOST_BYTES && /"format": ?"vua-arena/.test(headOf(join(dir, name)).slice(0, 200));
    } catch {
      return false; // gone meanwhile
    }
  };
  const found = readdirSync(dir).filter((name) => /\.json(?:\.playing)?$/.test(name) && isQuiz(name));
  const time = new Map(found.map((name) => [name, statSync(join(dir, name), { throwIfNoEntry: false })?.mtimeMs ?? 0]));
  return found.sort((a, b) => time.get(b)! - time.get(a)!).slice(0, MOST);
}

/** What a file begins with: while a quiz is played all of the folder are looked at, again and again. */
function headOf(path: string): string {
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(HEAD_BYTES);
    return head.toString('utf8', 0, readSync(file, head, 0, head.length, 0));
  } finally {
    closeSync(file);
  }
}

function known(dir: string, file: string): string {
  if (quizzesIn(dir).includes(file)) return file;
  throw badInput('UNKNOWN_DOCUMENT', `${file}: no quiz of this name`, 'see /api/quizzes');
}

function gameAt(path: string): Game {
  const read = readJsonIfPresent<Game & { opened?: { questions: readonly Asked[] } }>(path);
  if (read === undefined) throw badInput('UNKNOWN_DOCUMENT', `${path}: gone`);
  const { opened, ...game } = read;
  return opened === undefined ? game : { ...game, questions: opened.questions.length, asked: opened.questions };
}

/** Somebody still plays: the last round is not longer ago than a round may take. */
function isAlive(path: string, { limit, players }: Game): boolean {
  const written = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return Date.now() - written < (limit * players.length + 15) * 1000;
}
