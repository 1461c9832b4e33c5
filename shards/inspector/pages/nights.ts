/** The nights of a run: how they went, what gates found, and what is between two of them. */
import type { Difference as Between, Drift } from '../../diff.ts';
import type { Draw, Kit } from '../view.ts';
import { recordOf } from './filters.ts';

interface Finding {
  readonly gate: string;
  readonly measurement: string;
  readonly value: number;
  readonly median?: number;
  readonly limit: number;
  readonly passes: boolean;
  readonly of: string;
}
interface Night {
  readonly event: string;
  readonly time: string;
  readonly run: string;
  readonly seconds?: number;
  readonly status?: number;
  readonly figures?: {
    readonly documents: number;
    readonly rejects: number;
    readonly pages: number;
    readonly bytes: number;
    readonly hosts: number;
  };
  readonly gates?: readonly Finding[];
  readonly isHeld?: boolean;
  readonly bitsPerByte?: number;
  readonly error?: { readonly code: string; readonly message: string };
}
interface Snapshot {
  readonly name: string;
  readonly id: string;
  readonly published: string;
  readonly counts: {
    readonly documents: number;
    readonly rejects: number;
    readonly textBytes: number;
    readonly trainTokens: number;
  };
  readonly model: string | null;
  readonly pinned: { readonly reason: string } | null;
}
type BySource = Difference['added'];
/** Null where JSON has no number for it. */
type Moved = 'deviations' | 'stability';
interface Difference extends Omit<Between, 'drift'> {
  readonly from: { readonly name: string };
  readonly to: { readonly name: string };
  readonly drift: readonly (Omit<Drift, Moved> & Readonly<Record<Moved, number | null>>)[];
}

const draw: Draw = async (into, query, kit, signal) => {
  const { el, say } = kit;
  const { history, snapshots } = await kit.get<{ history: readonly Night[]; snapshots: readonly Snapshot[] }>(
    'nights',
    {},
    signal,
  );
  const nights = history.filter(({ event }) => event === 'night');
  into.append(el('h1', {}, say('Nights', 'Các đêm')));
  if (nights.length === 0 && snapshots.length === 0) {
    into.append(
      kit.empty(
        say('This folder is not of a run.', 'Thư mục này không phải của một lần chạy.'),
        say(
          '`vua run` writes a line for each night, and publishes snapshots.',
          '`vua run` ghi một dòng cho mỗi đêm và công bố các bản chụp.',
        ),
      ),
    );
    return;
  }
  const shownNight = nights.find(({ run }) => run === query.get('night')) ?? nights.at(-1);
  into.append(
    ...charts(nights, kit),
    timeline(nights, history, shownNight, kit),
    shownNight?.gates?.length ? gates(shownNight, kit) : el('span', {}),
    between(snapshots, query, kit),
  );
  const [from, to] = [query.get('from'), query.get('to')];
  if (from !== null && to !== null && from !== to)
    into.append(difference(await kit.get<Difference>('diff', { corpus: undefined, from, to }, signal), kit));
};
export default draw;

const seconds = (iso: string): number => Date.parse(iso) / 1000;

function charts(nights: readonly Night[], kit: Kit): HTMLElement[] {
  const measured = nights.filter(({ figures }) => figures !== undefined);
  if (measured.length < 2) return [];
  const series = (name: string, value: (night: Night) => number | undefined) => ({
    name,
    x: measured.map(({ time }) => seconds(time)),
    y: measured.map((night) => value(night) ?? null),
  });
  const x = { name: kit.say('night', 'đêm'), isTime: true };
  const made = [
    kit.lines({
      title: kit.say('New documents and rejects a night', 'Tài liệu mới và bị loại mỗi đêm'),
      x,
      series: [
        series(kit.say('documents', 'tài liệu'), ({ figures }) => figures?.documents),
        series(kit.say('rejects', 'bị loại'), ({ figures }) => figures?.rejects),
      ],
    }),
  ];
  if (nights.some(({ bitsPerByte }) => bitsPerByte !== undefined))
    made.push(
      kit.lines({
        title: kit.say('Held-out bits per byte', 'Bit mỗi byte trên phần giữ riêng'),
        x,
        series: [series('bits/byte', ({ bitsPerByte }) => bitsPerByte)],
      }),
    );
  return [kit.el('div', { class: 'charts' }, ...made)];
}

function timeline(
  nights: readonly Night[],
  history: readonly Night[],
  shown: Night | undefined,
  kit: Kit,
): HTMLElement {
  const { el, say, count } = kit;
  const verdicts = new Map(history.filter(({ event }) => event !== 'night').map(({ run, event }) => [run, event]));
  const state = ({ run, isHeld, error, gates: found = [] }: Night): HTMLElement => {
    const verdict = verdicts.get(run);
    if (error) return el('span', { class: 'verdict dropped', title: error.message }, error.code);
    if (isHeld)
      return el(
        'span',
        { class: 'verdict dropped' },
        verdict === 'accepted'
          ? say('held, accepted', 'bị giữ, đã nhận')
          : verdict === 'rejected'
            ? say('held, rejected', 'bị giữ, đã bỏ')
            : say('held', 'bị giữ'),
      );
    const failed = found.filter(({ passes }) => !passes).length;
    return el(
      'span',
      { class: 'verdict kept' },
      failed > 0 ? say(`${failed} gates failed`, `${failed} cổng không qua`) : say('published', 'đã công bố'),
    );
  };
  const rows = nights
    .toReversed()
    .slice(0, 400)
    .map((night) => [
      el(
        'a',
        {
          href: kit.link('nights', { night: night.run }),
          'data-item': night.run,
          'data-keep': '',
          'aria-current': night === shown ? 'true' : undefined,
        },
        kit.time(night.time),
      ),
      state(night),
      night.figures ? count(night.figures.pages) : '–',
      night.figures ? `+${count(night.figures.documents)}` : '–',
      night.figures ? count(night.figures.rejects) : '–',
      night.bitsPerByte === undefined ? '–' : kit.figure(night.bitsPerByte),
      night.seconds === undefined ? '–' : `${count(Math.round(night.seconds))} s`,
    ]);
  return kit.section(
    say('Timeline', 'Dòng thời gian'),
    kit.table(
      [
        say('night', 'đêm'),
        '',
        say('pages', 'trang'),
        say('documents', 'tài liệu'),
        say('rejects', 'bị loại'),
        'bits/byte',
        say('time', 'thời gian'),
      ],
      rows,
      { class: 'figures' },
    ),
  );
}

function gates({ time, gates: found = [] }: Night, kit: Kit): HTMLElement {
  const { el, say, figure } = kit;
  const rows = found.map(({ gate, measurement, value, median, limit, passes, of }) => [
    el('span', { class: passes ? 'pass' : 'fail', title: measurement }, `${passes ? '✓' : '✕'} ${gate}`),
    figure(value),
    median === undefined ? say('first night', 'đêm đầu') : figure(median),
    figure(limit),
    of,
  ]);
  return kit.section(
    say(`Gates of ${kit.time(time)}`, `Các cổng của ${kit.time(time)}`),
    kit.table(
      [
        say('gate', 'cổng'),
        say('value', 'giá trị'),
        say('median before', 'trung vị trước'),
        say('limit', 'giới hạn'),
        say('of', 'trên'),
      ],
      rows,
      { class: 'figures' },
    ),
  );
}

function between(snapshots: readonly Snapshot[], query: URLSearchParams, kit: Kit): HTMLElement {
  const { el, say } = kit;
  // A night may publish a second snapshot, for its model: the documents are the same.
  const distinct = snapshots.filter(({ id }, i) => snapshots.findIndex((other) => other.id === id) === i);
  if (distinct.length < 2)
    return el(
      'p',
      { class: 'quiet' },
      say(
        'One snapshot is kept: with two, what is between them is shown here.',
        'Mới có một bản chụp: khi có hai, khác biệt sẽ hiện ở đây.',
      ),
    );
  const from = query.get('from') ?? distinct.at(-2)!.id;
  const to = query.get('to') ?? distinct.at(-1)!.id;
  const choice = (name: 'from' | 'to', chosen: string, label: string) => {
    const select = el(
      'select',
      { id: `diff-${name}`, 'aria-label': label },
      ...distinct.map((each) =>
        el('option', { value: each.id, selected: each.id === chosen }, `${each.name} · ${kit.time(each.published)}`),
      ),
    );
    return select;
  };
  const [first, second] = [choice('from', from, say('from', 'từ')), choice('to', to, say('to', 'đến'))];
  return kit.section(
    say('Between two snapshots', 'Giữa hai bản chụp'),
    el(
      'form',
      {
        class: 'between',
        onsubmit: (event) => {
          event.preventDefault();
          kit.go({ ...recordOf(query), from: first.value, to: second.value }, 'nights', true);
        },
      },
      first,
      el('span', {}, '→'),
      second,
      el('button', { type: 'submit' }, say('Compare', 'So sánh')),
    ),
  );
}

function difference(
  { from, to, before, after, added, removed, changed, unchanged, drift, hosts }: Difference,
  kit: Kit,
): HTMLElement {
  const { el, say, count, figure } = kit;
  const sum = (of: BySource): number =>
    Object.values(of).reduce((total, reasons) => total + Object.values(reasons).reduce((a, b) => a + b, 0), 0);
  const signed = (n: number): string => `${n > 0 ? '+' : ''}${count(n)}`;
  const moves = (['added', 'removed', 'changed'] as const).flatMap((kind) =>
    Object.entries({ added, removed, changed }[kind]).flatMap(([source, reasons]) =>
      Object.entries(reasons).map(([reason, n]) => ({ kind, source, reason, n })),
    ),
  );
  const names = { added: say('added', 'thêm'), removed: say('removed', 'bớt'), changed: say('changed', 'đổi') };
  const tile = (name: string, value: string, note = '') =>
    el('div', { class: 'tile' }, el('dt', {}, name), el('dd', {}, value), el('dd', { class: 'quiet' }, note));
  const hostRows = (['new', 'vanished'] as const).flatMap((kind) =>
    Object.entries(hosts[kind])
      .slice(0, 30)
      .map(([host, { documents }]) => [
        host,
        kind === 'new' ? say('new', 'mới') : say('vanished', 'biến mất'),
        count(documents),
      ]),
  );
  return el(
    'div',
    { id: 'difference' },
    el('h2', {}, `${from.name} → ${to.name}`),
    el(
      'dl',
      { class: 'tiles' },
      tile(
        say('documents', 'tài liệu'),
        signed(after.documents - before.documents),
        `${count(before.documents)} → ${count(after.documents)}`,
      ),
      tile(names.added, count(sum(added))),
      tile(names.removed, count(sum(removed))),
      tile(names.changed, count(sum(changed)), say(`${count(unchanged)} as they were`, `${count(unchanged)} như cũ`)),
      tile(
        say('text', 'văn bản'),
        `${after.bytes >= before.bytes ? '+' : '−'}${kit.bytes(Math.abs(after.bytes - before.bytes))}`,
      ),
    ),
    moves.length === 0
      ? undefined
      : kit.table(
          [say('source', 'nguồn'), '', say('why', 'vì sao'), say('documents', 'tài liệu')],
          moves
            .sort((a, b) => b.n - a.n)
            .slice(0, 40)
            .map(({ kind, source, reason, n }) => [source, names[kind], reason, count(n)]),
          { class: 'figures' },
        ),
    kit.section(
      say('Drift of measurements', 'Độ trôi của số đo'),
      kit.table(
        [say('measurement', 'số đo'), say('before', 'trước'), say('after', 'sau'), 'σ', 'PSI'],
        drift
          .filter((each) => each.before !== each.after)
          .slice(0, 25)
          .map((each) => [
            each.measurement,
            figure(each.before),
            figure(each.after),
            figure(each.deviations),
            figure(each.stability),
          ]),
        { class: 'figures' },
      ),
    ),
    hostRows.length === 0
      ? undefined
      : kit.section(
          say('Hosts', 'Máy chủ'),
          kit.table([say('host', 'máy chủ'), '', say('documents', 'tài liệu')], hostRows, { class: 'figures' }),
        ),
  );
}
