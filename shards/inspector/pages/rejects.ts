/** Rejects: what each rule dropped, and who would change side with another threshold. */
import type { Draw, Kit } from '../view.ts';
import { drawDocument } from './document.ts';
import { drawList } from './documents.ts';
import { recordOf } from './filters.ts';
import { documentLines, type Line } from './list.ts';

interface Rule {
  readonly reason: string;
  readonly measurement: string;
  readonly needs: 'at least' | 'at most';
  readonly threshold: number;
  readonly dropped: number;
}
interface WhatIf {
  readonly kept: number;
  readonly lost: number;
  readonly gained: number;
  readonly lostBytes: number;
  readonly gainedBytes: number;
  readonly unmeasured: number;
  readonly examples: { readonly lost: readonly Line[]; readonly gained: readonly Line[] };
  readonly slider?: Rule & {
    readonly min: number;
    readonly max: number;
    readonly steps: readonly { readonly from: number; readonly kept: number; readonly dropped: number }[];
  };
}

const draw: Draw = async (into, query, kit, signal) => {
  if (query.has('id')) return drawDocument(into, query, kit, signal, 'rejects');
  const { el, say } = kit;
  const { rules } = await kit.get<{ rules: readonly Rule[] }>('rules', {}, signal);
  const chosen = rules.find(({ reason }) => reason === query.get('rule'));
  into.append(el('h1', { class: 'unseen' }, say('Rejects', 'Bị loại')));
  if (chosen) return drawRule(into, query, kit, signal, rules, chosen);
  const above = el(
    'div',
    { class: 'rules-line' },
    el('p', {}, say('What if a threshold moved?', 'Nếu dời một ngưỡng thì sao?')),
    ruleChoice(rules, undefined, kit),
  );
  await drawList(into, query, kit, signal, { view: 'rejects', kind: 'rejects', above });
};
export default draw;

function ruleChoice(rules: readonly Rule[], chosen: string | undefined, kit: Kit): HTMLElement {
  const { el, say } = kit;
  const choice = el(
    'select',
    { id: 'rule', 'aria-label': say('Rule', 'Luật'), onchange: () => kit.go({ rule: choice.value }, 'rejects') },
    el('option', { value: '' }, say('choose a rule…', 'chọn một luật…')),
    ...rules.map(({ reason, dropped }) =>
      el('option', { value: reason, selected: reason === chosen }, `${reason} (${kit.count(dropped)})`),
    ),
  );
  return choice;
}

async function drawRule(
  into: HTMLElement,
  query: URLSearchParams,
  kit: Kit,
  signal: AbortSignal,
  rules: readonly Rule[],
  rule: Rule,
): Promise<void> {
  const { el, say, figure } = kit;
  const moved = /=(.+)$/.exec(query.get('threshold') ?? '')?.[1];
  const threshold = moved === undefined ? rule.threshold : Number(moved);
  const ask = (at: number): Promise<WhatIf> =>
    kit.get<WhatIf>(
      'what-if',
      { rule: rule.reason, threshold: at === rule.threshold ? [] : [`${rule.reason}=${plain(at)}`] },
      signal,
    );
  const first = await ask(threshold);
  const { slider } = first;
  const outcome = el('div', { class: 'outcome', role: 'status' });
  const examples = el('div', { class: 'sides' });
  const show = (at: number, found: WhatIf): void => {
    outcome.replaceChildren(...outcomeOf(found, kit));
    examples.replaceChildren(...columnsOf(found, kit));
    said.textContent = `${rule.measurement} ${rule.needs === 'at least' ? '≥' : '≤'} ${figure(at)}`;
  };
  const said = el('output', { class: 'threshold' });
  let latest = 0;
  const move = async (at: number): Promise<void> => {
    const mine = ++latest;
    history.replaceState(
      {},
      '',
      kit.link('rejects', {
        ...recordOf(query),
        threshold: at === rule.threshold ? undefined : `${rule.reason}=${plain(at)}`,
      }),
    );
    const found = await ask(at).catch(() => undefined);
    if (found && mine === latest) show(at, found);
  };
  into.append(
    el(
      'div',
      { class: 'rules-line' },
      ruleChoice(rules, rule.reason, kit),
      el(
        'a',
        { href: kit.link('rejects', { reason: rule.reason }) },
        say(`the ${kit.count(rule.dropped)} that it dropped`, `${kit.count(rule.dropped)} tài liệu luật này đã loại`),
      ),
    ),
    el('div', { class: 'what-if' }, said, slider ? sliderOf(slider, threshold, move, kit) : undefined, outcome),
    examples,
  );
  show(threshold, first);
  into.append(await agreement(rule, kit, signal));
}

interface Labels {
  readonly labelled: number;
  readonly file: string;
  readonly rules: readonly {
    readonly reason: string;
    readonly goodPass: number;
    readonly goodFail: number;
    readonly badPass: number;
    readonly badFail: number;
  }[];
}

/** How far a rule agrees with what a reader called good and bad. */
async function agreement({ reason }: Rule, kit: Kit, signal: AbortSignal): Promise<HTMLElement> {
  const { el, say, count } = kit;
  const { labelled, rules, file } = await kit.get<Labels>('labels', {}, signal);
  const own = rules.find((each) => each.reason === reason);
  if (labelled === 0 || !own)
    return el(
      'p',
      { class: 'quiet' },
      say(
        'Label documents with g and b: here stands then how far this rule agrees.',
        'Gắn nhãn tài liệu bằng phím g và b: ở đây sẽ hiện luật này khớp đến đâu.',
      ),
    );
  const rows = [
    [say('called good', 'gọi là tốt'), count(own.goodPass), count(own.goodFail)],
    [say('called bad', 'gọi là xấu'), count(own.badPass), count(own.badFail)],
  ];
  return kit.section(
    say('Beside labels', 'So với nhãn'),
    kit.table(['', say('passes', 'đạt'), say('fails', 'không đạt')], rows, { class: 'figures' }),
    el('p', { class: 'quiet' }, `${count(labelled)} · `, el('code', {}, file)),
  );
}

/** As `--what-if` reads it: no exponent. */
const plain = (value: number): string => String(Number(value.toPrecision(6))).replace(/e.*$/, '');

function sliderOf(
  { min, max, steps, threshold, reason }: NonNullable<WhatIf['slider']>,
  now: number,
  move: (at: number) => void,
  kit: Kit,
): HTMLElement {
  const { el, svg, say, figure } = kit;
  const most = Math.max(1, ...steps.map(({ kept, dropped }) => kept + dropped));
  const scale = (n: number): number => (n === 0 ? 0 : Math.max(1, 100 * Math.sqrt(n / most)));
  const width = 600 / Math.max(1, steps.length);
  const drawing = svg(
    'svg',
    { class: 'slider-bars', viewBox: '0 0 600 100', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    ...steps.flatMap(({ kept, dropped }, i) => [
      svg('rect', {
        class: 'left',
        x: i * width + 0.5,
        width: width - 1,
        y: 100 - scale(kept + dropped),
        height: scale(kept + dropped),
      }),
      svg('rect', {
        class: 'dropped',
        x: i * width + 0.5,
        width: width - 1,
        y: 100 - scale(dropped),
        height: scale(dropped),
      }),
    ]),
    line('now', threshold),
  );
  function line(name: string, at: number): SVGElement {
    const x = (600 * (at - min)) / (max - min || 1);
    return svg('line', { class: name, x1: x, x2: x, y1: 0, y2: 100 });
  }
  const [low, high] = [Math.min(min, threshold), Math.max(max, threshold)];
  const input = el('input', {
    ...{ type: 'range', id: 'threshold', min: low, max: high, step: (high - low) / 400 || 1, value: now },
    'aria-label': say(`threshold of ${reason}`, `ngưỡng của ${reason}`),
    oninput: () => move(Number(Number(input.value).toPrecision(4))),
  });
  return el(
    'div',
    { class: 'slider' },
    drawing as unknown as Node,
    input,
    el(
      'div',
      { class: 'ends' },
      el('span', {}, figure(low)),
      el(
        'button',
        {
          type: 'button',
          class: 'plain',
          onclick: () => {
            input.value = String(threshold);
            move(threshold);
          },
        },
        say(`now ${figure(threshold)}`, `hiện nay ${figure(threshold)}`),
      ),
      el('span', {}, figure(high)),
    ),
  );
}

function outcomeOf(
  { kept, lost, gained, lostBytes, gainedBytes, unmeasured }: WhatIf,
  { el, say, count, bytes }: Kit,
): HTMLElement[] {
  const tile = (name: string, value: string, note: string, kind = '') =>
    el('div', { class: `tile ${kind}` }, el('dt', {}, name), el('dd', {}, value), el('dd', { class: 'quiet' }, note));
  return [
    el(
      'dl',
      { class: 'tiles' },
      tile(
        say('would be kept', 'sẽ giữ'),
        count(kept - lost + gained),
        say(`now ${count(kept)}`, `hiện nay ${count(kept)}`),
      ),
      tile(say('would be dropped', 'sẽ bị loại thêm'), `−${count(lost)}`, bytes(lostBytes), 'lost'),
      tile(say('would pass the rules', 'sẽ qua các luật'), `+${count(gained)}`, bytes(gainedBytes), 'gained'),
    ),
    el(
      'p',
      { class: 'quiet' },
      say(
        `From stored measurements; deduplication is not repeated. ${count(unmeasured)} were dropped before they were measured.`,
        `Tính từ số đo đã lưu, không khử trùng lặp lại. ${count(unmeasured)} tài liệu bị loại trước khi đo.`,
      ),
    ),
  ];
}

function columnsOf({ examples, lost, gained }: WhatIf, kit: Kit): HTMLElement[] {
  const { el, say } = kit;
  const column = (title: string, total: number, lines: readonly Line[], view: string) =>
    el(
      'section',
      {},
      el('h2', {}, `${title} (${kit.count(total)})`),
      lines.length === 0
        ? kit.empty(say('none', 'không có'))
        : documentLines(lines, kit, ({ id }) => kit.link(view, { id })),
    );
  return [
    column(say('Would be dropped', 'Sẽ bị loại'), lost, examples.lost, 'documents'),
    column(say('Would come back', 'Sẽ trở lại'), gained, examples.gained, 'rejects'),
  ];
}
