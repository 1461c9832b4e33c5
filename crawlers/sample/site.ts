/**
 * A host of the sample web as data: every address it knows with what it answers. `buildSite` lays a host's pages out
 * (articles, section lists with pagination, home page) in that host's design; special.ts adds the odd ones.
 */
import { blocksOf, type PageFile } from './page-file.ts';

export interface Resource {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A function streams: its size is not told in advance, and it is sent without compression. */
  readonly body: string | Uint8Array | (() => Iterable<string>);
  /** Day of the last change, YYYY-MM-DD: Last-Modified. Without it the answer has no validators. */
  readonly changed?: string;
  /** Announce this many bytes more than are sent, then drop the connection. */
  readonly missingBytes?: number;
}

export interface Site {
  readonly hostname: string;
  /** Compression that it uses when the client accepts it. */
  readonly coding: 'gzip' | 'br' | 'deflate';
  /** By path and query, percent-encoded as `new URL` does it. */
  readonly resources: Map<string, Resource>;
}

export interface Link {
  readonly href: string;
  readonly text: string;
}

export interface ArticleView {
  readonly page: PageFile;
  /** Further tags for the head. */
  readonly head: string;
  readonly section: Link;
  readonly sections: readonly Link[];
  /** For the "read more" boxes. */
  readonly related: readonly Link[];
  readonly older: Link | undefined;
}

export interface ListView {
  /** Absent on the home page. */
  readonly section: Link | undefined;
  readonly entries: readonly { readonly page: PageFile; readonly link: Link; readonly teaser: string }[];
  /** Links to the list's pages; the one shown is `current`. */
  readonly numbers: readonly Link[];
  readonly current: number;
  readonly sections: readonly Link[];
  /** Old, foreign and odd addresses that the home page names. */
  readonly elsewhere: readonly Link[];
}

/** How a host looks: its addresses and its HTML, by hand. */
export interface Design {
  readonly hostname: string;
  readonly coding: Site['coding'];
  readonly contentType: string;
  readonly entriesPerPage: number;
  pathOf(page: PageFile): string;
  listPath(section: string, number: number): string;
  article(view: ArticleView): string;
  list(view: ListView): string;
}

const HOME_ENTRIES = 12;

/** Lays out `pages` (newest first). A slug in `unlisted` has its page, and no link leads to it. */
export function buildSite(
  design: Design,
  pages: readonly PageFile[],
  elsewhere: readonly Link[],
  unlisted: ReadonlySet<string> = new Set(),
): Site {
  const resources = new Map<string, Resource>();
  const listed = pages.filter(({ slug }) => !unlisted.has(slug));
  const sections = sectionsOf(design, listed);
  const linkTo = (page: PageFile): Link => ({ href: design.pathOf(page), text: page.title });
  const entriesOf = (some: readonly PageFile[]): ListView['entries'] =>
    some.map((page) => ({ page, link: linkTo(page), teaser: teaserOf(page) }));

  for (const page of pages) {
    resources.set(design.pathOf(page), articleResource(design, page, listed));
  }
  for (const section of sections) {
    const all = listed.filter((page) => page.section === section.text);
    const count = Math.ceil(all.length / design.entriesPerPage);
    const numbers = Array.from({ length: count }, (_, i) => ({
      href: design.listPath(section.text, i + 1),
      text: String(i + 1),
    }));
    for (let current = 1; current <= count; current++) {
      const shown = all.slice((current - 1) * design.entriesPerPage, current * design.entriesPerPage);
      const view = { section, entries: entriesOf(shown), numbers, current, sections, elsewhere: [] };
      resources.set(numbers[current - 1].href, htmlResource(design, design.list(view), all[0].date));
    }
  }
  const home = { section: undefined, entries: entriesOf(listed.slice(0, HOME_ENTRIES)), numbers: [], current: 1 };
  resources.set('/', htmlResource(design, design.list({ ...home, sections, elsewhere }), listed[0].date));
  return { hostname: design.hostname, coding: design.coding, resources };
}

/** A page in a host's design, surrounded by links to the host's `listed` pages. */
export function articleResource(design: Design, page: PageFile, listed: readonly PageFile[], head = ''): Resource {
  const others = listed.filter(({ slug }) => slug !== page.slug);
  const near = others.filter(({ section }) => section === page.section).slice(0, 3);
  const older = others.filter(({ date }) => date < page.date);
  const link = (other: PageFile): Link => ({ href: design.pathOf(other), text: other.title });
  const view = {
    page,
    head,
    section: { href: design.listPath(page.section, 1), text: page.section },
    sections: sectionsOf(design, listed),
    related: [...near, ...older.filter((other) => !near.includes(other)).slice(0, 2)].map(link),
    older: older[0] && link(older[0]),
  };
  return htmlResource(design, design.article(view), page.date);
}

function sectionsOf(design: Design, pages: readonly PageFile[]): Link[] {
  const names = [...new Set(pages.map(({ section }) => section))].sort((a, b) => a.localeCompare(b, 'vi'));
  return names.map((name) => ({ href: design.listPath(name, 1), text: name }));
}

const htmlResource = ({ contentType }: Pick<Design, 'contentType'>, body: string, changed: string): Resource => ({
  headers: { 'content-type': contentType },
  body,
  changed,
});

export const redirect = (location: string, status: 301 | 302 = 301): Resource => ({
  status,
  headers: { location, 'content-type': 'text/html; charset=utf-8' },
  body: `<html><head><title>${status}</title></head><body><a href="${escapeHtml(location)}">${status}</a></body></html>\n`,
});

export const escapeHtml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character]!);

/** "Đô thị" → "do-thi". */
export const slugOf = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll('đ', 'd')
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9]+/g, '-');

/** "2024-03-17" → { day: 17, month: 3, year: 2024, weekday: "Chủ nhật" }. */
export function dayOf(date: string): { day: number; month: number; year: number; weekday: string } {
  const [year, month, day] = date.split('-').map(Number) as [number, number, number];
  const weekdays = ['Chủ nhật', 'Thứ hai', 'Thứ ba', 'Thứ tư', 'Thứ năm', 'Thứ sáu', 'Thứ bảy'];
  return { day, month, year, weekday: weekdays[new Date(`${date}T00:00:00Z`).getUTCDay()] };
}

/** The first syllables of a page, for lists. */
function teaserOf(page: PageFile): string {
  const first = blocksOf(page)[0];
  const text = 'text' in first ? first.text : first.lines.join(' / ');
  const syllables = text.split(' ');
  return syllables.length > 28 ? `${syllables.slice(0, 28).join(' ')}…` : text;
}
