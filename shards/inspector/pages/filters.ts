/** What the reader has chosen, as words that can be taken back, and what else there is to choose. */
import type { Kit, Query } from '../view.ts';

/** Parameters of an address that are no filter. */
const OTHERS = [
  'corpus',
  'offset',
  'order',
  'sample',
  'seed',
  'id',
  'with',
  'all',
  'rule',
  'threshold',
  'side',
  'tokens',
];

export const recordOf = (query: URLSearchParams): Record<string, string[]> => {
  const record: Record<string, string[]> = {};
  for (const [name, value] of query) record[name] = [...(record[name] ?? []), value];
  return record;
};

/** The filter of an address, for an endpoint. */
export const filterOf = (query: URLSearchParams): Record<string, string[]> =>
  Object.fromEntries(Object.entries(recordOf(query)).filter(([name]) => name === 'corpus' || !OTHERS.includes(name)));

/** The address with a value of a list added, or taken out where it is there. */
export function toggled(query: URLSearchParams, name: string, value: string): Query {
  const { offset: _, ...record } = recordOf(query);
  const values = record[name] ?? [];
  return { ...record, [name]: values.includes(value) ? values.filter((each) => each !== value) : [...values, value] };
}

export const replaced = (query: URLSearchParams, changes: Query): Query => {
  const { offset: _, ...record } = recordOf(query);
  return { ...record, ...changes };
};

export function chips(query: URLSearchParams, view: string, kit: Kit): HTMLElement | undefined {
  const { el, say } = kit;
  const chosen = Object.entries(filterOf(query))
    .filter(([name]) => name !== 'corpus' && name !== 'q')
    .flatMap(([name, values]) => values.map((value) => [name, value] as const));
  if (chosen.length === 0) return undefined;
  return el(
    'div',
    { class: 'chips' },
    ...chosen.map(([name, value]) =>
      el(
        'a',
        {
          class: 'chip',
          href: kit.link(view, toggled(query, name, value)),
          'data-keep': '',
          'aria-label': `${say('without', 'bỏ')} ${name} ${value}`,
        },
        el('span', { class: 'quiet' }, name),
        ` ${value || say('(none)', '(trống)')} `,
        el('span', { 'aria-hidden': 'true' }, '×'),
      ),
    ),
    el(
      'a',
      {
        href: kit.link(view, { corpus: query.get('corpus') ?? undefined, q: query.get('q') ?? undefined }),
        'data-keep': '',
      },
      say('clear', 'xóa lọc'),
    ),
  );
}

export interface FacetCounts {
  readonly words: readonly { readonly word: string; readonly documents: number; readonly bytes: number }[];
  readonly others: { readonly words: number; readonly documents: number };
}

const SHOWN = 8;

/** Each word a bar; a click chooses it. */
export function facet(
  name: string,
  { words, others }: FacetCounts,
  query: URLSearchParams,
  view: string,
  kit: Kit,
): HTMLElement {
  const { el, say } = kit;
  const chosen = query.getAll(name);
  const most = Math.max(1, ...words.map(({ documents }) => documents));
  const line = ({ word, documents }: FacetCounts['words'][number]) =>
    el(
      'li',
      {},
      el(
        'a',
        {
          href: kit.link(view, toggled(query, name, word)),
          'data-keep': '',
          class: chosen.includes(word) ? 'chosen' : undefined,
          title: word,
        },
        gauge(documents / most, kit),
        el('span', { class: 'word' }, word || say('(none)', '(trống)')),
        el('span', { class: 'n' }, kit.count(documents)),
      ),
    );
  const rest = words.slice(SHOWN);
  return el(
    'section',
    { class: 'facet' },
    el('h3', {}, name),
    el('ul', {}, ...words.slice(0, SHOWN).map(line)),
    rest.length === 0
      ? undefined
      : el(
          'details',
          {},
          el(
            'summary',
            {},
            say(`${kit.count(rest.length + others.words)} more`, `thêm ${kit.count(rest.length + others.words)}`),
          ),
          el('ul', {}, ...rest.map(line)),
          others.words === 0
            ? undefined
            : el('p', { class: 'quiet' }, `… ${kit.count(others.words)}: ${kit.count(others.documents)}`),
        ),
  );
}

/** A bar behind a line. */
export const gauge = (share: number, { svg }: Kit): Node =>
  svg(
    'svg',
    { class: 'gauge', 'aria-hidden': 'true', width: '100%', height: '100%' },
    svg('rect', { width: `${Math.max(0.5, 100 * share)}%`, height: '100%' }),
  );
