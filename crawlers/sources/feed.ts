/** Saved RSS and Atom: an entry is a page of HTML, as much of its text as the feed holds. */
import { decodeEntities, tagsOf } from '../links/tags.ts';
import { parseUrl } from '../links/url.ts';
import { CONSENT_UNKNOWN, type Page } from '../page.ts';
import { changedAt, countSkip, type InputFile, type ReadContext, rowOf } from './source.ts';

export function* feedPages(xml: string, file: InputFile, context: ReadContext): Generator<Page> {
  const entries = xml.split(/<(?:[\w.-]+:)?(?:item|entry)(?=[\s>])[^<>]*>/i).slice(1);
  for (const entry of entries) {
    const [own] = entry.split(/<\/(?:[\w.-]+:)?(?:item|entry)\s*>/i, 1);
    const text = ['content:encoded', 'content', 'description', 'summary']
      .map((name) => elementIn(own, name))
      .find(Boolean);
    if (text === undefined) {
      countSkip(context, 'entry without text');
      continue;
    }
    const title = elementIn(own, 'title')
      ?.replace(/<[^<>]*>/g, '')
      .trim();
    const url = linkOf(own);
    const id = elementIn(own, 'guid') ?? elementIn(own, 'id') ?? url;
    const date = Date.parse(
      ['pubDate', 'published', 'updated', 'dc:date'].map((name) => elementIn(own, name)).find(Boolean) ?? '',
    );
    yield {
      url: url ?? `file:${file.name}#${id ?? ''}`,
      source: url === undefined ? file.name : new URL(url).hostname,
      fetchedAt: Number.isNaN(date) ? changedAt(file) : new Date(date).toISOString(),
      status: 200,
      headers: { 'content-type': 'text/html; charset=utf-8' },
      body: Buffer.from(`<!doctype html><article>${/<(p|br|div)\b/i.test(text) ? text : `<p>${text}</p>`}</article>`),
      truncated: false,
      consent: CONSENT_UNKNOWN,
      row: url === undefined ? rowOf(file, context, id) : { input: rowOf(file, context).input },
      ...(title ? { title } : {}),
    };
  }
}

function linkOf(entry: string): string | undefined {
  const links = [...tagsOf(entry, new Set(['link']))].map(({ attributes }) => attributes);
  const atom = links.find((link) => link.has('href') && (link.get('rel') ?? 'alternate') === 'alternate');
  const link = (atom?.get('href') ?? elementIn(entry, 'link'))?.trim();
  return link !== undefined && parseUrl(link) !== undefined && /^https?:/i.test(link) ? link : undefined;
}

/** Its text, out of CDATA or with its entities undone. */
function elementIn(xml: string, name: string): string | undefined {
  const found = new RegExp(`<${name}(?=[\\s>])[^<>]*>`, 'i').exec(xml);
  if (found === null) return undefined;
  const start = found.index + found[0].length;
  const end = xml.indexOf(`</${name}>`, start);
  if (end < 0) return undefined;
  const content = xml.slice(start, end).trim();
  const [, plain] = /^<!\[CDATA\[([\s\S]*)\]\]>$/.exec(content) ?? [];
  return plain ?? decodeEntities(content);
}
