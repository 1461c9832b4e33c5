/** One document: its text, where it came from, every decision over it, what it repeats and what repeats it. */
import type { Kit } from '../view.ts';
import { differences } from './difference.ts';
import { filterOf, recordOf } from './filters.ts';
import { leftOutOf } from './left-out.ts';
import { documentLines, type Line } from './list.ts';
import { marked } from './marked.ts';
import { coloured } from './pieces.ts';

interface Ruling {
  readonly reason: string;
  readonly measurement: string;
  readonly needs: string;
  readonly value: number;
  readonly threshold: number;
  readonly passes: boolean;
}

export interface Found {
  readonly outcome: 'kept' | 'dropped';
  readonly shard: string;
  readonly said: Readonly<Record<string, string>>;
  readonly text: string;
  readonly textLength: number;
  readonly marks: readonly { readonly mark: string; readonly run: number }[];
  readonly measurements?: Readonly<Record<string, number>>;
  readonly value?: number | null;
  readonly threshold?: number | null;
  readonly rules: readonly Ruling[];
  readonly label: string | null;
  readonly repeats: readonly Line[];
  readonly repeatedBy: readonly Line[];
  readonly repeatedByCount: number;
}
interface Answer {
  readonly found: readonly Found[];
}

export async function drawDocument(
  into: HTMLElement,
  query: URLSearchParams,
  kit: Kit,
  signal: AbortSignal,
  view: string,
): Promise<void> {
  const id = query.get('id')!;
  const other = query.get('with');
  const corpus = query.get('corpus') ?? undefined;
  const [{ found }, beside] = await Promise.all([
    kit.get<Answer>('document', { corpus, id, whole: query.get('all') ?? undefined }, signal),
    other === null ? undefined : kit.get<Answer>('document', { corpus, id: other }, signal),
  ]);
  const { id: _, with: __, all: ___, tokens: ____, ...list } = recordOf(query);
  into.append(
    kit.el(
      'nav',
      { class: 'crumbs', 'aria-label': kit.say('Back', 'Trở lại') },
      kit.el('a', { href: kit.link(view, list), id: 'back' }, `← ${kit.say('list', 'danh sách')}`),
    ),
  );
  const [first, ...others] = found;
  if (beside) sideBySide(into, first, beside.found[0], query, kit, view);
  else whole(into, first, query, kit, view);
  if (others.length > 0 && !beside)
    into.append(
      kit.el(
        'p',
        { class: 'quiet' },
        kit.say(`${others.length} more rows have this id: `, `còn ${others.length} dòng cùng id: `),
        others.map(({ outcome, said }) => `${outcome} ${said.stage ?? ''}/${said.reason ?? ''}`).join(', '),
      ),
    );
  keys(into, first, query, kit, view, signal);
}

function whole(into: HTMLElement, document: Found, query: URLSearchParams, kit: Kit, view: string): void {
  const { el, say } = kit;
  const { text, textLength } = document;
  const body = el('article', { class: 'text', dir: 'auto', lang: 'vi' });
  const paragraphs = text.split('\n');
  const q = query.get('q') ?? '';
  const isColoured = query.get('tokens') === '1';
  if (isColoured) body.append(coloured(text, kit));
  else
    for (const line of paragraphs.slice(0, 4000))
      body.append(el('p', { dir: 'auto' }, ...(line === '' ? [] : marked(line, q, kit))));
  const isCut = text.length < textLength || paragraphs.length > 4000;
  into.append(
    heading(
      document,
      el(
        'a',
        {
          ...{ class: 'button', id: 'tokens', 'data-keep': '' },
          href: kit.link(view, { ...recordOf(query), tokens: isColoured ? undefined : 1 }),
        },
        isColoured ? say('as text', 'như văn bản') : say('tokens in colour', 'tô màu token'),
      ),
      kit,
    ),
    el(
      'div',
      { class: 'reading' },
      el(
        'div',
        {},
        text === '' ? kit.empty(say('No text was left of it.', 'Không còn văn bản nào.')) : body,
        leftOutOf({ id: document.said.id, url: document.said.url }, kit),
        isCut
          ? el(
              'p',
              { class: 'quiet' },
              say(
                `${kit.count(textLength)} characters, of which the beginning stands here`,
                `${kit.count(textLength)} ký tự, ở đây là phần đầu`,
              ),
            )
          : undefined,
      ),
      el(
        'aside',
        {},
        ...duplicates(document, query, kit, view),
        decisions(document, kit),
        provenance(document, kit),
        measured(document, kit),
      ),
    ),
  );
}

function heading(
  { said, outcome, marks, value, threshold, label, text }: Found,
  tokens: HTMLElement,
  kit: Kit,
): HTMLElement {
  const { el, say, figure } = kit;
  const verdict =
    outcome === 'kept'
      ? [say('kept', 'giữ lại'), ...marks.map(({ mark }) => mark)].join(', ')
      : `${said.stage}/${said.reason}${value === null || value === undefined ? '' : ` ${figure(value)}`}${threshold === null || threshold === undefined ? '' : ` (${say('threshold', 'ngưỡng')} ${figure(threshold)})`}`;
  const isWeb = /^https?:\/\//.test(said.url);
  const button = (name: 'good' | 'bad', text: string) =>
    el(
      'button',
      {
        type: 'button',
        id: `label-${name}`,
        class: `label ${name}`,
        'aria-pressed': String(label === name),
        'data-label': name,
      },
      text,
    );

  return el(
    'header',
    { class: 'document-head' },
    el('h1', { dir: 'auto', lang: 'vi' }, said.title || text.slice(0, 80) || said.id),
    el(
      'p',
      { class: 'facts' },
      el('span', { class: `verdict ${outcome}` }, verdict),
      ' ',
      isWeb
        ? el('a', { href: said.url, target: '_blank', rel: 'noopener noreferrer nofollow' }, said.url)
        : el('span', {}, said.url),
      el('span', { class: 'quiet' }, ` · ${kit.time(said.fetched_at ?? '')}`),
    ),
    el(
      'div',
      { class: 'buttons labels' },
      button('good', say('good', 'tốt')),
      button('bad', say('bad', 'xấu')),
      tokens,
    ),
  );
}

/** Label keys and buttons; `n` and `p` to its neighbours in the list it was opened from. */
function keys(
  into: HTMLElement,
  { said, label: before }: Found,
  query: URLSearchParams,
  kit: Kit,
  view: string,
  signal: AbortSignal,
): void {
  let label = before;
  const set = async (wanted: string): Promise<void> => {
    label = wanted === label ? 'none' : wanted;
    await kit.post('label', { id: said.id, label });
    for (const button of into.querySelectorAll('button[data-label]'))
      button.setAttribute('aria-pressed', String((button as HTMLElement).dataset.label === label));
  };
  for (const button of into.querySelectorAll<HTMLElement>('button[data-label]'))
    button.addEventListener('click', () => void set(button.dataset.label!));
  document.addEventListener(
    'keydown',
    async ({ key, target, ctrlKey, metaKey, altKey }) => {
      if (ctrlKey || metaKey || altKey || (target as Element).matches?.('input, select, textarea')) return;
      if (key === 'g' || key === 'b') await set(key === 'g' ? 'good' : 'bad');
      else if (key === 'u' && label !== 'none' && label !== null) await set(label);
      else if (key === 't') into.querySelector<HTMLElement>('#tokens')?.click();
      else if (key === 'n' || key === 'p') await neighbour(key === 'n' ? 1 : -1, said.id, query, kit, view);
      else if (key === 'Escape') (into.querySelector('#back') as HTMLElement | null)?.click();
    },
    { signal },
  );
}

async function neighbour(by: number, id: string, query: URLSearchParams, kit: Kit, view: string): Promise<void> {
  const place = { order: query.getAll('order'), sample: query.getAll('sample'), seed: query.getAll('seed') };
  const offset = Number(query.get('offset') ?? 0);
  const kind = view === 'rejects' ? 'rejects' : 'documents';
  const from = Math.max(0, offset - 1);
  const { documents } = await kit.get<{ documents: readonly Line[] }>('documents', {
    ...filterOf(query),
    kind,
    ...place,
    offset: from,
    limit: 52,
  });
  const at = documents.findIndex((line) => line.id === id);
  const next = at < 0 ? undefined : documents[at + by];
  if (next === undefined) return;
  const position = from + at + by;
  kit.go(
    { ...recordOf(query), id: next.id, with: undefined, offset: position - (position % 50) || undefined },
    view,
    true,
  );
}

function duplicates(
  { said, repeats, repeatedBy, repeatedByCount }: Found,
  query: URLSearchParams,
  kit: Kit,
  view: string,
): (HTMLElement | undefined)[] {
  const { say, section } = kit;
  const compare = (line: Line): string => kit.link(view, { ...recordOf(query), id: said.id, with: line.id });
  return [
    repeats.length === 0 ? undefined : section(say('Repeats', 'Lặp lại'), documentLines(repeats, kit, compare)),
    repeatedBy.length === 0
      ? undefined
      : section(
          say(`Repeated by ${kit.count(repeatedByCount)}`, `Bị ${kit.count(repeatedByCount)} tài liệu lặp lại`),
          documentLines(repeatedBy, kit, compare),
        ),
  ];
}

function decisions({ rules }: Found, kit: Kit): HTMLElement | undefined {
  const { el, say, figure } = kit;
  if (rules.length === 0) return undefined;
  const failed = rules.filter(({ passes }) => !passes);
  const rows = [...failed, ...rules.filter(({ passes }) => passes)].map(
    ({ reason, value, needs, threshold, passes }) => [
      el(
        'a',
        { href: kit.link('rejects', { rule: reason }), class: passes ? 'pass' : 'fail' },
        `${passes ? '✓' : '✕'} ${reason}`,
      ),
      figure(value),
      `${needs === 'at least' ? '≥' : '≤'} ${figure(threshold)}`,
    ],
  );
  return kit.section(
    say(`${rules.length} rules, ${failed.length} failed`, `${rules.length} luật, ${failed.length} không đạt`),
    kit.table([say('rule', 'luật'), say('value', 'giá trị'), say('threshold', 'ngưỡng')], rows, { class: 'decisions' }),
  );
}

function provenance({ said, shard }: Found, { el, say, section }: Kit): HTMLElement {
  const hidden = ['title', 'stage', 'reason', 'other'];
  const rows = Object.entries({ ...said, shard }).filter(([name, value]) => value !== '' && !hidden.includes(name));
  return section(
    say('Provenance', 'Nguồn gốc'),
    el(
      'dl',
      { class: 'facts-list' },
      ...rows.flatMap(([name, value]) => [el('dt', {}, name), el('dd', { dir: 'auto' }, value)]),
    ),
  );
}

function measured({ measurements, rules }: Found, { el, say, figure }: Kit): HTMLElement | undefined {
  if (!measurements) return undefined;
  const judged = new Set(rules.map(({ measurement }) => measurement));
  const rest = Object.entries(measurements).filter(
    ([name, value]) => !judged.has(name) && value !== 0 && value !== null,
  );
  return el(
    'details',
    {},
    el('summary', {}, say('Also measured', 'Các chỉ số khác')),
    el(
      'dl',
      { class: 'facts-list' },
      ...rest.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, figure(value))]),
    ),
  );
}

function sideBySide(
  into: HTMLElement,
  left: Found,
  right: Found,
  query: URLSearchParams,
  kit: Kit,
  view: string,
): void {
  const { el, say } = kit;
  const { parts, same, isWhole } = differences(left.text, right.text);
  const column = (document: Found, side: 'left' | 'right') => {
    const text = el('article', { class: 'text', dir: 'auto', lang: 'vi' });
    for (const part of parts) {
      if (part.side !== 'both' && part.side !== side) continue;
      text.append(part.side === 'both' ? part.text : el(side === 'left' ? 'del' : 'ins', {}, part.text));
    }
    return el(
      'div',
      {},
      el(
        'h2',
        { dir: 'auto', lang: 'vi' },
        el(
          'a',
          { href: kit.link(document.outcome === 'kept' ? 'documents' : 'rejects', { id: document.said.id }) },
          document.said.title || document.said.id,
        ),
      ),
      el(
        'p',
        { class: 'facts' },
        el(
          'span',
          { class: `verdict ${document.outcome}` },
          document.outcome === 'kept' ? say('kept', 'giữ lại') : `${document.said.stage}/${document.said.reason}`,
        ),
        ' ',
        el('span', { class: 'quiet' }, document.said.url),
      ),
      text,
    );
  };
  const { with: _, ...alone } = recordOf(query);
  into.append(
    el('h1', {}, say('Side by side', 'Đặt cạnh nhau')),
    el(
      'p',
      { class: 'quiet', role: 'status' },
      say(
        `${kit.percent(same)} of the words are in both, in the same order`,
        `${kit.percent(same)} số từ có ở cả hai, cùng thứ tự`,
      ),
      isWhole ? '' : say(' (compared by lines: the texts are long)', ' (so theo dòng: văn bản dài)'),
      ' · ',
      el('a', { href: kit.link(view, alone) }, say('only the first', 'chỉ tài liệu đầu')),
    ),
    el('div', { class: 'sides' }, column(left, 'left'), column(right, 'right')),
  );
}
