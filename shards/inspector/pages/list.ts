/** Lines of a list of documents, and moving through its pages. */
import type { Kit, Query } from '../view.ts';
import { marked } from './marked.ts';

export interface Line {
  readonly row: number;
  readonly id: string;
  readonly url: string;
  readonly title: string;
  readonly source: string;
  readonly fetchedAt: string;
  readonly excerpt: string;
  readonly isCut: boolean;
  readonly bytes: number;
  readonly syllables: number | null;
  readonly stage?: string;
  readonly reason?: string;
  readonly value?: number | null;
  readonly threshold?: number | null;
  readonly label?: string | null;
}

export function documentLines(
  lines: readonly Line[],
  kit: Kit,
  addressOf: (line: Line) => string,
  q = '',
): HTMLElement {
  const { el } = kit;
  return el(
    'ol',
    { class: 'documents' },
    ...lines.map((line) => el('li', { 'data-label': line.label ?? undefined }, one(line, kit, addressOf(line), q))),
  );
}

function one(line: Line, kit: Kit, href: string, q: string): HTMLElement {
  const { el, say } = kit;
  const facts = [
    line.url || line.id,
    line.syllables === null
      ? kit.bytes(line.bytes)
      : say(`${kit.count(line.syllables)} syllables`, `${kit.count(line.syllables)} âm tiết`),
  ];
  return el(
    'a',
    { href, 'data-item': line.id, class: 'line' },
    el(
      'span',
      { class: 'head' },
      el('strong', { dir: 'auto', lang: 'vi' }, ...marked(line.title || say('untitled', 'không tiêu đề'), q, kit)),
      line.reason === undefined
        ? undefined
        : el(
            'span',
            { class: 'verdict dropped' },
            `${line.stage}/${line.reason}`,
            line.value === null ? '' : ` ${kit.figure(line.value)}`,
          ),
      line.label
        ? el('span', { class: `label ${line.label}` }, line.label === 'good' ? say('good', 'tốt') : say('bad', 'xấu'))
        : undefined,
    ),
    el(
      'span',
      { class: 'excerpt', dir: 'auto', lang: 'vi' },
      ...marked(line.excerpt.replace(/\s+/g, ' '), q, kit),
      line.isCut ? '…' : '',
    ),
    el('span', { class: 'quiet facts' }, facts.join(' · ')),
  );
}

/** @param at the query with another offset */
export function pager(
  total: number,
  offset: number,
  limit: number,
  view: string,
  at: (offset: number) => Query,
  kit: Kit,
): HTMLElement | undefined {
  const { el, say } = kit;
  if (total <= limit && offset === 0) return undefined;
  const link = (to: number, text: string, rel: string) =>
    to < 0 || to >= total ? el('span', { class: 'quiet' }, text) : el('a', { href: kit.link(view, at(to)), rel }, text);
  return el(
    'nav',
    { class: 'pager', 'aria-label': say('Pages', 'Các trang kết quả') },
    link(offset - limit, `← ${say('before', 'trước')}`, 'prev'),
    el('span', {}, `${kit.count(offset + 1)}–${kit.count(Math.min(total, offset + limit))} / ${kit.count(total)}`),
    link(offset + limit, `${say('next', 'sau')} →`, 'next'),
  );
}
