/**
 * What a page says of itself. JSON-LD, OpenGraph and other `<meta>` are statements of the site, taken where they agree
 * with what stands on the page or where the page itself shows nothing.
 */
import { load } from 'cheerio/slim';
import { urlOf } from '../../crawlers/page.ts';
import type { Metadata } from '../document.ts';
import { ATTRIBUTE } from './attributes.ts';
import { type Element, oneLine, textBelow, traverse } from './dom.ts';

export const NO_METADATA: Metadata = { title: '', author: '', published: '', canonical: '', section: '', lang: '' };

/** More JSON-LD than this is no statement about one article. */
const MAX_JSON = 300_000;
const MAX_VALUE = 300;

/** The text of the article as JSON-LD states it (`articleBody`); empty where it does not. */
export function statedText(root: Element): string {
  const linked: Record<string, unknown>[] = [];
  traverse(root, {
    enter(element) {
      if (element.name === 'script' && LINKED_DATA.test(element.data)) readLinkedData(rawText(element), linked);
      return element.name !== 'script';
    },
  });
  const bodies = linked.map(({ articleBody }) => articleBody).filter((body) => typeof body === 'string');
  return bodies.reduce((longest, body) => (body.length > longest.length ? body : longest), '');
}

/** What the page states in elements that no reader sees, and what one look over it finds. */
interface Found {
  /** `name`, `property` or `itemprop` of `<meta>`, lower case → first content. */
  readonly meta: Map<string, string>;
  readonly linked: Record<string, unknown>[];
  readonly headings: string[];
  readonly breadcrumb: string[];
  readonly authors: string[];
  canonical: string;
  lang: string;
  document: string;
  time: string;
  markedDate: string;
  shownDate: string;
}

export function readMetadata(root: Element): Metadata {
  const found: Found = {
    ...{ meta: new Map(), linked: [], headings: [], breadcrumb: [], authors: [] },
    ...{ canonical: '', lang: '', document: '', time: '', markedDate: '', shownDate: '' },
  };
  const statements: string[] = [];
  look(root, found, statements);
  readStatements(statements.join('\n'), found);
  const { meta } = found;
  const article = found.linked.find(({ '@type': type }) => ARTICLE.test(String(type)));
  const first = (...names: string[]): string =>
    names.map((name) => meta.get(name) ?? '').find((value) => value !== '') ?? '';
  return {
    title: titleOf(found),
    author:
      authorsOf(article?.author) ||
      withoutUrls(first('author', 'article:author', 'dc.creator')) ||
      withoutUrls(found.authors.join(', ')),
    published:
      [textOf(article?.datePublished), first(...META_DATES), found.time, found.markedDate, found.shownDate]
        .map(isoDate)
        .find((date) => date !== '') ?? '',
    canonical: absolute(found.canonical) || absolute(first('og:url')),
    section: textOf(article?.articleSection) || first('article:section') || (found.breadcrumb.at(-1) ?? ''),
    lang: found.lang || first('og:locale').replace('_', '-').toLowerCase(),
  };
}

const META_DATES = [
  ...['article:published_time', 'datepublished', 'og:published_time', 'pubdate', 'date', 'dc.date', 'dc.date.issued'],
];

/** Statements come as a small document of their own: cheerio over whole pages would take longer than all of extraction. */
function readStatements(source: string, found: Found): void {
  for (const { name, attribs } of load(source).root().find('*')) {
    if (name === 'meta') state(found.meta, attribs.property ?? attribs.name ?? attribs.itemprop, attribs.content);
    else if (name === 'html') found.lang ||= (attribs.lang ?? '').trim().toLowerCase().slice(0, 20);
    else if (name === 'link' && attribs.rel === 'canonical') found.canonical ||= attribs.href ?? '';
    if (name === 'time' || attribs.itemprop === 'datePublished')
      found.time ||= attribs.content ?? attribs.datetime ?? '';
  }
}

/** The first statement of a name counts. */
function state(meta: Map<string, string>, name: string | undefined, content: string | undefined): void {
  const value = oneLine(content ?? '');
  if (name === undefined || value === '' || meta.has(name.toLowerCase())) return;
  meta.set(name.toLowerCase(), value.slice(0, MAX_VALUE));
}

const ARTICLE = /Article|BlogPosting|Report|Recipe|WebPage$/;
/** Words of a class that name the writer, on an element with little text. */
const AUTHOR_NAME = /(?:^|[\s_-])(?:author|byline|tac-?gia|writer)(?:$|[\s_-])/i;
const BREADCRUMB = /bread-?crumb/i;
/** What marks the day of publication, wherever on the page it stands. */
const DATE_NAME = /(?:publish|published|detail|post|entry)[-_]?(?:date|time)/i;
/** Day, and perhaps hour, as Vietnamese pages show them. */
const SHOWN_DATE = /\b\d{1,2}[/.-]\d{1,2}[/.-]\d{4}\b[\s,|–-]*(?:\d{1,2}\s*[:hg]\s*\d{2})?/;
/** A date that is shown stands at the head of the page, in a short run of text. */
const MAX_DATE_TEXT = 80;

/** Elements that state something in their attributes. */
const STATING = new Set(['html', 'meta', 'time']);
/** Nothing is asked of the other names. */
const READ_META = /title|site_name|url|locale|date|published|author|creator|section/i;
const states = (element: Element): boolean =>
  (STATING.has(element.name) && (element.name !== 'meta' || READ_META.test(element.data))) ||
  (element.carries(ATTRIBUTE.itemprop | ATTRIBUTE.rel) && /datePublished|\bcanonical\b/.test(element.data));
const MAX_STATEMENTS = 1_000;
/** One that holds more text is neither date nor author nor step; a thousand of them may hold each other. */
const MAX_NAMED = 10_000;
/** Elements that a site names. */
const NAMING = ATTRIBUTE.class | ATTRIBUTE.id | ATTRIBUTE.itemprop | ATTRIBUTE.rel;

function look(root: Element, found: Found, statements: string[]): void {
  let trail: Element | undefined;
  traverse(root, {
    enter(element) {
      if (statements.length < MAX_STATEMENTS && states(element)) {
        statements.push(`<${element.name} ${element.data}></${element.name}>`);
      }
      switch (element.name) {
        case 'script':
          if (LINKED_DATA.test(element.data)) readLinkedData(rawText(element), found.linked);
          return false;
        case 'style':
        case 'svg':
          return false;
        case 'title':
          found.document ||= oneLine(textBelow(element));
          return false;
        case 'h1':
          if (found.headings.length < MAX_HEADINGS) found.headings.push(oneLine(textBelow(element)));
          return true;
      }
      if (element.carries(NAMING)) {
        const classes = element.attribute('class') ?? '';
        if (found.markedDate === '' && DATE_NAME.test(element.data)) found.markedDate = dateIn(element);
        if (trail === undefined && BREADCRUMB.test(classes)) trail = element;
        if (found.authors.length === 0 && (element.attribute('rel') === 'author' || AUTHOR_NAME.test(classes))) {
          const name = withoutUrls(oneLine(textBelow(element, MAX_NAMED)));
          if (looksLikeName(name)) found.authors.push(name);
        }
      }
      if (trail !== undefined && element.name === 'a') {
        const step = oneLine(textBelow(element, MAX_NAMED));
        if (step !== '' && step.length < 60) found.breadcrumb.push(step);
      }
      return true;
    },
    text(data) {
      if (found.shownDate !== '' || found.headings.length === 0 || data.length > MAX_DATE_TEXT) return;
      found.shownDate = SHOWN_DATE.exec(data)?.[0] ?? '';
    },
    leave(element) {
      if (element === trail) trail = undefined;
    },
  });
}

function dateIn(element: Element): string {
  const shown = oneLine(textBelow(element, MAX_NAMED));
  return shown.length <= MAX_DATE_TEXT ? (SHOWN_DATE.exec(shown)?.[0] ?? '') : '';
}

const LINKED_DATA = /ld\+json/i;
const MAX_HEADINGS = 20;

/** Text directly below an element, scripts included. */
const rawText = (element: Element): string => (element.first?.name === '' ? element.first.data : '');

/** Objects of a JSON-LD block, `@graph` opened; broken JSON says nothing. */
function readLinkedData(json: string, into: Record<string, unknown>[]): void {
  if (json.length > MAX_JSON) return;
  try {
    const value: unknown = JSON.parse(json.trim().replace(/^<!--|-->$/g, ''));
    for (const item of Array.isArray(value) ? value : [value]) {
      if (typeof item !== 'object' || item === null) continue;
      into.push(item as Record<string, unknown>);
      const graph = (item as { '@graph'?: unknown })['@graph'];
      if (Array.isArray(graph)) into.push(...graph.filter((each) => typeof each === 'object' && each !== null));
    }
  } catch {}
}

/** A string, the name of an object, or the first of a list. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return oneLine(value).slice(0, MAX_VALUE);
  if (Array.isArray(value)) return textOf(value[0]);
  if (typeof value === 'object' && value !== null) return textOf((value as { name?: unknown }).name);
  return '';
}

const authorsOf = (value: unknown): string =>
  withoutUrls((Array.isArray(value) ? value.map(textOf) : [textOf(value)]).filter((name) => name !== '').join(', '));

/** A name without `By` and what trails it; an address names nobody. */
function withoutUrls(author: string): string {
  const name = author.replace(/^(?:by|bởi|tác giả)\s*:?\s+/i, '').replace(/(?<![\s|,–-])[\s|,–-]+$/, '');
  return /https?:|www\.|^[\w.-]+\.\w{2,4}$/i.test(name) ? '' : name;
}

/** Two to six words, no sentence. */
const looksLikeName = (text: string): boolean =>
  text.length <= 60 && /^\p{Lu}/u.test(text) && text.split(' ').length <= 6 && !/[.!?:]\s|\d{3}/.test(text);

/**
 * `2024-05-12T07:30:00+07:00`, `12/05/2024 07:30` and their like → ISO 8601; empty when it is no date. Days come before
 * months, as Vietnamese writes them; a time without an offset stays without one.
 */
export function isoDate(text: string): string {
  const iso =
    /^\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\s*(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?\s*(Z|[+-]\d{2}:?\d{2})?)?/.exec(
      text,
    );
  if (iso !== null) {
    const [, year, month, day, hour, minute, second = '00', offset = ''] = iso;
    return dateOf(year!, month!, day!, hour, minute, second, offset.replace(/^([+-]\d{2})(\d{2})$/, '$1:$2'));
  }
  const shown = /(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[\s,|–-]*(\d{1,2})\s*[:hg]\s*(\d{2}))?/.exec(text);
  if (shown === null) return '';
  const [, day, month, year, hour, minute] = shown;
  return dateOf(year!, month!, day!, hour, minute, '00', '');
}

function dateOf(
  year: string,
  month: string,
  day: string,
  hour: string | undefined,
  minute: string | undefined,
  second: string,
  offset: string,
): string {
  const inRange =
    Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 31 && Number(year) >= 1900;
  if (!inRange) return '';
  const date = `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}`;
  if (hour === undefined || Number(hour) > 23 || Number(minute) > 59) return date;
  return `${date}T${hour.padStart(2, '0')}:${minute}:${second}${offset}`;
}

const absolute = (url: string): string => (/^https?:\/\//i.test(url) && urlOf(url)?.href) || '';

/** What the page calls itself: the `<h1>` that its `og:title` or `<title>` repeats, else these without the site's name. */
function titleOf({ meta, headings, document }: Found): string {
  const shared = meta.get('og:title') ?? '';
  const given = shared || document;
  const shown = headings.filter((text) => text !== '');
  const heading = shown.find((text) => given.includes(text)) ?? (shown.length === 1 ? shown[0] : undefined);
  if (heading !== undefined && (shared === '' || given.includes(heading))) return heading;
  return withoutSiteName(given, meta.get('og:site_name') ?? '');
}

/** Of `Title - Site` and `Site - Title` the part that is not the site's name, or that is clearly longer. */
function withoutSiteName(title: string, site: string): string {
  const parts = title.split(/ [|»·–—-] /);
  if (site !== '' && parts.length > 1) {
    const rest = parts.filter((part) => part.toLowerCase() !== site.toLowerCase());
    if (rest.length === 1) return rest[0];
  }
  if (parts.length !== 2) return title;
  const [first, second] = parts as [string, string];
  if (second.length <= SITE_NAME * first.length) return first;
  return first.length <= SITE_NAME * second.length ? second : title;
}

/** A site's name is at most this share of the title beside it. */
const SITE_NAME = 0.6;
