/** A quiz of `vua arena` while it is played: points that grow round by round, what was asked, who said what; and those before. */
import type { ToldGame } from '../shapes.ts';
import type { Draw, Kit } from '../view.ts';

/** As a list has it. */
type Head = Omit<ToldGame, 'rounds' | 'asked'>;

const draw: Draw = async (into, query, kit, signal) => {
  const { el, say } = kit;
  const { games } = await kit.get<{ games: readonly (Head & { played: number })[] }>('quizzes', {}, signal);
  into.append(el('h1', {}, say('Quiz', 'Đố vui')));
  const chosen = query.get('file') ?? games[0]?.file;
  if (chosen === undefined) {
    into.append(
      kit.empty(
        say('Nobody has played in this folder.', 'Chưa có ai chơi trong thư mục này.'),
        'vua arena --questions de-thi.jsonl --players vua=vua-out/model --out vua-out/arena.json',
      ),
    );
    return;
  }
  const place = el('div', { class: 'quiz' });
  into.append(place);
  const game = await kit.get<ToldGame>('quiz', { file: chosen }, signal);
  place.replaceChildren(...shown(kit, game));
  if (game.isLive) follow(chosen, signal, (now) => place.replaceChildren(...shown(kit, now)));
  if (games.length > 1)
    into.append(
      kit.section(
        say('Others', 'Các trận khác'),
        el(
          'ul',
          { class: 'quizzes' },
          ...games
            .filter(({ file }) => file !== chosen)
            .map(({ file, board, startedAt }) =>
              el(
                'li',
                {},
                el('a', { href: kit.link('quiz', { file }) }, file),
                ` · ${kit.time(startedAt)} · ${board[0]?.player ?? ''}`,
              ),
            ),
        ),
      ),
    );
};

export default draw;

/** Told again after each round, until the quiz is over or the page is left. */
function follow(file: string, signal: AbortSignal, tell: (game: ToldGame) => void): void {
  const events = new EventSource(`/api/quiz/live?${new URLSearchParams({ file })}`);
  events.onmessage = ({ data }) => tell(JSON.parse(data));
  events.addEventListener('over', () => events.close());
  signal.addEventListener('abort', () => events.close());
}

function shown(kit: Kit, game: ToldGame): HTMLElement[] {
  const { el, say } = kit;
  const { board, rounds, asked, questions, isLive, faults, sealed } = game;
  const most = Math.max(1000 * Math.max(1, rounds.length), 1);
  const state = isLive
    ? say(`round ${rounds.length} of ${questions}`, `câu ${rounds.length} trên ${questions}`)
    : faults.length > 0
      ? say('does not hold', 'không khớp')
      : rounds.length < questions
        ? say('stopped', 'đã dừng')
        : say('holds: every round is as it was played', 'khớp: mọi câu đúng như đã chơi');
  const rows = board.map(({ player, points, right }, at) =>
    el(
      'li',
      { class: at === 0 && points > 0 ? 'leads' : '' },
      el('span', { class: 'rank' }, String(at + 1)),
      el('span', { class: 'player' }, player),
      el('meter', { min: 0, max: most, value: points, 'aria-label': `${player}: ${points}` }),
      el('strong', { class: 'points' }, kit.count(points)),
      el('span', { class: 'quiet' }, say(`${right} right`, `${right} câu đúng`)),
    ),
  );
  return [
    el(
      'p',
      { class: 'quiz-state', role: 'status' },
      isLive ? el('span', { class: 'live' }, say('live', 'trực tiếp')) : undefined,
      ` ${state}`,
    ),
    ...(faults.length > 0 ? [el('ul', { class: 'problem' }, ...faults.map((fault) => el('li', {}, fault)))] : []),
    el('ol', { class: 'board' }, ...rows),
    ...rounds
      .map((round, at) => {
        const question = asked.find(({ id }) => id === round.question);
        return el(
          'details',
          { class: 'round', open: at === rounds.length - 1 },
          el(
            'summary',
            {},
            el('span', { class: 'rank' }, String(at + 1)),
            el('span', { lang: 'vi' }, question?.question ?? round.question),
            el(
              'span',
              { class: 'marks' },
              ...round.tries.map(({ player, right }) =>
                el('span', { class: right ? 'right' : '', title: player }, `${player} ${right ? '✓' : '✗'}`),
              ),
            ),
          ),
          el(
            'ol',
            { class: 'choices', lang: 'vi' },
            ...(question?.choices ?? []).map((choice) =>
              el('li', { class: choice.trim()[0] === question?.answer ? 'right' : '' }, choice),
            ),
          ),
          kit.table(
            [say('player', 'người chơi'), say('answer', 'trả lời'), say('seconds', 'giây'), say('points', 'điểm')],
            round.tries.map(({ player, answer, seconds, right, points, fault }) => [
              player,
              answer === '' ? (fault ?? '–') : `${answer} ${right ? '✓' : '✗'}`,
              seconds.toFixed(2),
              kit.count(points),
            ]),
          ),
        );
      })
      .reverse(),
    el('p', { class: 'quiet sealed' }, say('sealed before as ', 'niêm phong trước bằng '), el('code', {}, sealed)),
  ];
}
