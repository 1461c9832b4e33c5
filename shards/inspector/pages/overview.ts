/** A snapshot at a glance. */
import type { Histogram } from '../bins.ts';
import type { Draw, Kit } from '../view.ts';
import { chips, type FacetCounts, facet, filterOf, replaced } from './filters.ts';
import { histogram } from './histogram.ts';

interface Overview {
  readonly corpus: {
    readonly id: string;
    readonly name: string;
    readonly published: string | null;
    readonly model: string | null;
  };
  readonly recipe: string;
  readonly pages: number;
  readonly kept: number;
  readonly dropped: number;
  readonly textBytes: number;
  readonly fileBytes: number;
  readonly flow: readonly {
    stage: string;
    dropped: number;
    reasons: readonly { reason: string; documents: number }[];
  }[];
  readonly tokens: { readonly vocabSize: number; readonly total: { tokens: number; bytesPerToken: number } } | null;
  readonly selection: {
    readonly rows: number;
    readonly isPartial: boolean;
    readonly textBytes: number;
    readonly syllables: number;
    readonly facets: Readonly<Record<string, FacetCounts>>;
  };
}

/** Shown before all are asked for. */
const MAIN = [
  ...['syllables', 'language_score', 'diacritic_ratio', 'mean_syllable_length', 'vietnamese_ratio', 'dup_line_frac'],
  ...['symbol_ratio', 'digit_ratio', 'stopword_hits', 'top_3gram_char_frac', 'dup_8gram_char_frac', 'uppercase_ratio'],
];

const draw: Draw = async (into, query, kit, signal) => {
  const { el, say, get } = kit;
  const all = query.get('all') === '1';
  const filter = filterOf(query);
  const [facts, { histograms }] = await Promise.all([
    get<Overview>('overview', filter, signal),
    get<{ histograms: Histogram[] }>('histograms', { ...filter, names: all ? [] : MAIN }, signal),
  ]);
  const { corpus, selection } = facts;
  const order = (name: string): number => MAIN.indexOf(name);
  const shown = all ? histograms : [...histograms].sort((a, b) => order(a.measurement) - order(b.measurement));
  const isFiltered = selection.rows !== facts.kept;
  into.append(
    el(
      'div',
      { class: 'title' },
      el('h1', {}, corpus.published ? say(`Snapshot ${corpus.name}`, `Bản chụp ${corpus.name}`) : corpus.name),
      el(
        'p',
        { class: 'quiet' },
        [corpus.published && kit.time(corpus.published), say(`recipe ${facts.recipe}`, `công thức ${facts.recipe}`)]
          .filter(Boolean)
          .join(' · '),
        ' · ',
        el('code', { title: say('fingerprint of the documents', 'dấu vân tay của tài liệu') }, corpus.id),
      ),
    ),
    tiles(facts, kit),
    kit.section(say('From pages to documents', 'Từ trang đến tài liệu'), flow(facts, kit)),
    el(
      'section',
      {},
      el(
        'div',
        { class: 'heading' },
        el('h2', {}, say('What the documents are like', 'Tài liệu ra sao')),
        el(
          'p',
          { class: 'quiet' },
          isFiltered
            ? say(
                `${kit.count(selection.rows)} of ${kit.count(facts.kept)} documents, ${kit.bytes(selection.textBytes)} of text`,
                `${kit.count(selection.rows)} trên ${kit.count(facts.kept)} tài liệu, ${kit.bytes(selection.textBytes)} văn bản`,
              )
            : say(
                'click a bar, or drag over several: everything filters',
                'bấm một cột, hoặc kéo qua nhiều cột: tất cả được lọc theo',
              ),
          isFiltered ? ' · ' : undefined,
          isFiltered
            ? el('a', { href: kit.link('documents', filter) }, say('see them', 'xem các tài liệu này'))
            : undefined,
        ),
      ),
      chips(query, 'overview', kit),
      el(
        'div',
        { class: 'grid' },
        ...shown.map((each) =>
          histogram(each, kit, query.get(each.measurement), (range) =>
            kit.go(replaced(query, { [each.measurement]: range }), 'overview', true),
          ),
        ),
      ),
      el(
        'p',
        {},
        el(
          'a',
          { href: kit.link('overview', replaced(query, { all: all ? undefined : '1' })), 'data-keep': '' },
          all ? say('only the main ones', 'chỉ các chỉ số chính') : say('all measurements', 'mọi chỉ số'),
        ),
      ),
    ),
    el(
      'div',
      { class: 'facets wide' },
      ...Object.entries(selection.facets).map(([name, counts]) => facet(name, counts, query, 'overview', kit)),
    ),
  );
};
export default draw;

function tiles(
  { pages, kept, textBytes, fileBytes, tokens, selection }: Overview,
  { el, say, count, bytes, percent, figure }: Kit,
): HTMLElement {
  const hosts = selection.facets.host;
  const tile = (name: string, value: string, note: string) =>
    el('div', { class: 'tile' }, el('dt', {}, name), el('dd', {}, value), el('dd', { class: 'quiet' }, note));
  return el(
    'dl',
    { class: 'tiles' },
    tile(
      say('documents', 'tài liệu'),
      count(kept),
      say(`${percent(kept / pages)} of ${count(pages)} pages`, `${percent(kept / pages)} của ${count(pages)} trang`),
    ),
    tile(say('text', 'văn bản'), bytes(textBytes), say(`${bytes(fileBytes)} on disk`, `${bytes(fileBytes)} trên đĩa`)),
    tile(say('syllables', 'âm tiết'), count(selection.syllables), say('in what is chosen', 'trong phần đang chọn')),
    tile(
      say('tokens', 'token'),
      tokens ? count(tokens.total.tokens) : '–',
      tokens
        ? say(
            `${figure(tokens.total.bytesPerToken)} bytes each`,
            `${figure(tokens.total.bytesPerToken)} byte mỗi token`,
          )
        : say('none written yet', 'chưa có'),
    ),
    tile(
      say('hosts', 'máy chủ'),
      hosts ? count(hosts.words.length + hosts.others.words) : '–',
      say('in what is chosen', 'trong phần đang chọn'),
    ),
  );
}

/** Stations in their order: what came, what each took, what is left. */
function flow({ pages, kept, flow: stations }: Overview, kit: Kit): HTMLElement {
  const { el, svg, say, count, percent } = kit;
  let left = pages;
  const bar = (from: number, dropped: number): Node =>
    svg(
      'svg',
      { class: 'flow-bar', 'aria-hidden': 'true', width: '100%', height: '18' },
      svg('rect', { class: 'left', width: `${(100 * (from - dropped)) / Math.max(1, pages)}%`, height: '100%' }),
      svg('rect', {
        class: 'dropped',
        x: `${(100 * (from - dropped)) / Math.max(1, pages)}%`,
        width: `${(100 * dropped) / Math.max(1, pages)}%`,
        height: '100%',
      }),
    );
  const row = (name: string, from: number, dropped: number, figures: string, more?: Node) =>
    el(
      'li',
      {},
      el('span', { class: 'stage' }, name),
      el('span', { class: 'track' }, bar(from, dropped)),
      el('span', { class: 'n' }, figures),
      more,
    );
  const rows = [row(say('read', 'đã đọc'), pages, 0, count(pages))];
  for (const { stage, dropped, reasons } of stations) {
    const links = el(
      'span',
      { class: 'reasons' },
      ...reasons.map(({ reason, documents }) =>
        el('a', { href: kit.link('rejects', { reason }) }, reason, el('span', { class: 'n' }, ` ${count(documents)}`)),
      ),
    );
    rows.push(row(stage, left, dropped, `−${count(dropped)} · ${percent(dropped / pages)}`, links));
    left -= dropped;
  }
  rows.push(row(say('kept', 'giữ lại'), kept, 0, `${count(kept)} · ${percent(kept / Math.max(1, pages))}`));
  return el('ol', { class: 'flow' }, ...rows);
}
