/** Documents: found, filtered, sampled; and one of them. */
import type { Draw, Kit } from '../view.ts';
import { drawDocument } from './document.ts';
import { chips, type FacetCounts, facet, filterOf, recordOf, replaced } from './filters.ts';
import { documentLines, type Line, pager } from './list.ts';
import { whileTyping } from './typing.ts';

interface Page {
  readonly total: number;
  readonly listed: number;
  readonly isPartial: boolean;
  readonly isMaking: boolean;
  readonly documents: readonly Line[];
}
interface Facets {
  readonly selection: { readonly facets: Readonly<Record<string, FacetCounts>> };
}

export const LIMIT = 50;

/** The list of a kind with its search and its facets; `above` stands over it. */
export async function drawList(
  into: HTMLElement,
  query: URLSearchParams,
  kit: Kit,
  signal: AbortSignal,
  { view, kind, above }: { readonly view: string; readonly kind: 'documents' | 'rejects'; readonly above?: Node },
): Promise<void> {
  const { el, say, get } = kit;
  const filter = { ...filterOf(query), kind };
  const place = {
    order: query.getAll('order'),
    offset: query.getAll('offset'),
    sample: query.getAll('sample'),
    seed: query.getAll('seed'),
  };
  const [page, { selection }] = await Promise.all([
    get<Page>('documents', { ...filter, ...place, limit: LIMIT }, signal),
    get<Facets>('overview', filter, signal),
  ]);
  const offset = Number(query.get('offset') ?? 0);
  const q = query.get('q') ?? '';
  const open = (line: Line): string => kit.link(view, { ...recordOf(query), id: line.id });
  const facets = Object.entries(selection.facets).map(([name, counts]) => facet(name, counts, query, view, kit));
  const list = el(
    'div',
    { class: 'results' },
    searchForm(query, view, kit),
    chips(query, view, kit),
    summary(page, query, view, kit),
    page.documents.length === 0 && !page.isMaking
      ? kit.empty(
          say('Nothing fits.', 'Không có gì khớp.'),
          say('Take back a filter, or search without diacritics.', 'Hãy bỏ bớt điều kiện lọc, hoặc tìm không dấu.'),
        )
      : documentLines(page.documents, kit, open, q),
    pager(page.listed, offset, LIMIT, view, (to) => ({ ...recordOf(query), offset: to || undefined }), kit),
  );
  const aside = el(
    'aside',
    { class: 'facets', 'aria-label': say('Filters', 'Bộ lọc') },
    el('details', { open: innerWidth > 900 }, el('summary', {}, say('Filters', 'Bộ lọc')), ...facets),
  );
  into.append(...(above ? [above] : []), el('div', { class: 'beside' }, aside, list));
  labelsByKey(into, kit);
  if (page.isMaking) {
    const again = setTimeout(() => kit.go(recordOf(query), view, true), 1000);
    signal.addEventListener('abort', () => clearTimeout(again));
  }
}

function searchForm(query: URLSearchParams, view: string, kit: Kit): HTMLElement {
  const { el, say } = kit;
  const typing = whileTyping(220, () => kit.go(replaced(query, { q: input.value, sample: undefined }), view, true));
  const input: HTMLInputElement = el('input', {
    ...{
      type: 'search',
      id: 'q',
      name: 'q',
      lang: 'vi',
      autocomplete: 'off',
      spellcheck: 'false',
      value: query.get('q') ?? '',
    },
    'aria-label': say('Search', 'Tìm'),
    placeholder: say('ha noi, or "Hà Nội" in quotes', 'ha noi, hoặc "Hà Nội" trong ngoặc kép'),
    oninput: typing.typed,
  });
  return el(
    'form',
    {
      class: 'search',
      role: 'search',
      onsubmit: (event) => {
        event.preventDefault();
        typing.stop();
        kit.go(replaced(query, { q: input.value }), view);
      },
    },
    input,
  );
}

const ORDERS = ['syllables', 'bytes', 'language_score', 'diacritic_ratio', 'dup_line_frac', 'vietnamese_ratio'];

function summary({ total, isPartial, isMaking }: Page, query: URLSearchParams, view: string, kit: Kit): HTMLElement {
  const { el, say } = kit;
  const sample = query.get('sample');
  const seed = query.get('seed') ?? '1';
  const order = query.get('order') ?? '';
  const words = isMaking
    ? say(
        'The index of words is being made; what is found comes by itself.',
        'Đang tạo chỉ mục từ; kết quả sẽ tự hiện ra.',
      )
    : say(
        `${kit.count(total)}${isPartial ? '+' : ''} documents`,
        `${kit.count(total)}${isPartial ? '+' : ''} tài liệu`,
      );
  const choice = el(
    'select',
    {
      id: 'order',
      'aria-label': say('Order', 'Thứ tự'),
      onchange: () => kit.go(replaced(query, { order: choice.value, sample: undefined }), view, true),
    },
    el(
      'option',
      { value: '' },
      query.get('q') ? say('best first', 'khớp nhất trước') : say('order of the folder', 'theo thứ tự thư mục'),
    ),
    ...ORDERS.flatMap((name) => [
      el('option', { value: `-${name}`, selected: order === `-${name}` }, `${name} ↓`),
      el('option', { value: name, selected: order === name }, `${name} ↑`),
    ]),
  );
  const drawn = String(Math.floor(Math.random() * 1e6));
  return el(
    'div',
    { class: 'summary' },
    el(
      'p',
      { role: 'status' },
      sample === null
        ? words
        : say(
            `sample of ${sample}, seed ${seed}, of ${kit.count(total)}`,
            `mẫu ${sample}, hạt giống ${seed}, từ ${kit.count(total)}`,
          ),
    ),
    el(
      'div',
      { class: 'buttons' },
      el(
        'a',
        {
          class: 'button',
          href: kit.link(view, replaced(query, { sample: 50, seed: drawn, order: undefined })),
          'data-keep': '',
        },
        sample === null ? say('random sample', 'mẫu ngẫu nhiên') : say('another', 'mẫu khác'),
      ),
      sample === null
        ? choice
        : el(
            'a',
            {
              class: 'button',
              href: kit.link(view, replaced(query, { sample: undefined, seed: undefined })),
              'data-keep': '',
            },
            say('whole list', 'cả danh sách'),
          ),
    ),
  );
}

/** `g` good, `b` bad, `u` neither: of the line that has the focus. */
function labelsByKey(into: HTMLElement, kit: Kit): void {
  into.addEventListener('keydown', async ({ key, target, ctrlKey, metaKey, altKey }) => {
    const label = { g: 'good', b: 'bad', u: 'none' }[key];
    const item = (target as Element).closest<HTMLElement>('[data-item]');
    if (!label || !item || ctrlKey || metaKey || altKey) return;
    await kit.post('label', { id: item.dataset.item, label });
    item.querySelector('.label')?.remove();
    const said = label === 'good' ? kit.say('good', 'tốt') : kit.say('bad', 'xấu');
    if (label !== 'none') item.querySelector('.head')?.append(kit.el('span', { class: `label ${label}` }, said));
  });
}

const draw: Draw = async (into, query, kit, signal) => {
  if (query.has('id')) return drawDocument(into, query, kit, signal, 'documents');
  into.append(kit.el('h1', { class: 'unseen' }, kit.say('Documents', 'Tài liệu')));
  await drawList(into, query, kit, signal, { view: 'documents', kind: 'documents' });
};
export default draw;
