/** Pages made to break a cleaner: each ends in bounded time as a document or a drop with a reason, and the run goes on. */
import { expect, test } from 'vitest';
import { clean } from '../../cleaning/clean.ts';
import { openDedupStore } from '../../cleaning/dedup/store.ts';
import { CONSENT_UNKNOWN, type Page } from '../../crawlers/page.ts';
import { story } from './support.ts';

const BYTES = 400_000;
const many = (part: string, bytes = BYTES): string => part.repeat(Math.ceil(bytes / part.length));
const html = (body: string): string => `<html><title>x</title><body>${body}`;

const HOSTILE: readonly (readonly [name: string, type: 'html' | 'text', body: string | Uint8Array, reason: RegExp])[] =
  [
    ['one tag that never ends', 'html', `<div ${many('x="y" ')}`, /no_text/],
    ['one attribute and nothing else', 'html', html(`<p class="${many('a ')}">${story(1)}</p>`), /kept/],
    ['100,000 nested elements', 'html', html('<div>'.repeat(100_000)), /too_nested/],
    ['100,000 nested elements with comments between', 'html', html('<div><!-- <p> -->'.repeat(100_000)), /too_nested/],
    ['nested elements in capitals, closed by others', 'html', html('<DIV></span>'.repeat(100_000)), /too_nested/],
    ['elements that close what is not open', 'html', html(`${'</div></p>'.repeat(50_000)}<p>${story(2)}</p>`), /kept/],
    ['a bomb of entities', 'html', html(`<p>${many('&amp;&lt;&#7871;&zwj;')}`), /\w/],
    ['entities that never end', 'html', html(`<p>${many('&')}`), /\w/],
    ['forty thousand links', 'html', html('<a href=x>y</a>'.repeat(40_000)), /no_text|listing/],
    ['quotes that never close', 'html', html(`${many('<a href="x>')}`), /\w/],
    ['a table of forty thousand cells', 'html', html(`<table>${'<tr><td>1<td>2'.repeat(20_000)}`), /\w/],
    ['nothing but blank lines', 'text', many('\n'), /no_text/],
    ['one word', 'text', many('a'), /\w/],
    ['one line', 'text', many('ai cũng nói '), /\w/],
    ['a line for every word', 'text', many('ai\n'), /\w/],
    ['a paragraph for every word', 'text', many('và\n\n'), /\w/],
    ['marks piled on one letter', 'text', `a${many('\u0301\u0302')}`, /\w/],
    ['digits', 'text', many('0123456789 '), /\w/],
    ['dots', 'text', many('. '), /\w/],
    ['brackets and quotes', 'text', many('(“"[{'), /\w/],
    ['at signs', 'text', many('a.b@'), /\w/],
    ['VIQR that never ends', 'text', many("a^'. "), /\w/],
    ['mojibake that never ends', 'text', many('Ã¡áº¿ '), /\w/],
    ['references that never end', 'text', many('&#1;&#'), /\w/],
    ['zero-width joiners', 'text', many('\u200d\u200b'), /no_text/],
    ['surrogates alone', 'text', Buffer.from(many('\ud800x'), 'utf16le'), /\w/],
    ['invalid UTF-8', 'text', Uint8Array.from({ length: BYTES }, (_, i) => 0x80 + (i % 0x7f)), /\w/],
    ['zero bytes', 'text', new Uint8Array(BYTES), /\w/],
    [
      'random bytes',
      'html',
      Uint8Array.from({ length: BYTES }, (_, i) => (Math.imul(i, 2654435761) >>> 13) & 0xff),
      /\w/,
    ],
    ['nothing', 'text', '', /empty/],
  ];

const page = (n: number, type: string, body: string | Uint8Array): Page => ({
  url: `http://x.test/${n}`,
  source: 'x.test',
  fetchedAt: '2026-11-01T00:00:00Z',
  status: 200,
  headers: { 'content-type': type === 'html' ? 'text/html' : 'text/plain; charset=utf-8' },
  body: typeof body === 'string' ? Buffer.from(body) : body,
  truncated: false,
  consent: CONSENT_UNKNOWN,
});

// What is quadratic takes minutes on so many bytes: then the test's own limit ends it.
test.each(HOSTILE)(
  '%s',
  async (_, type, body, reason) => {
    const store = openDedupStore(':memory:');
    const said: string[] = [];
    async function* pages(): AsyncGenerator<Page> {
      yield page(0, type, body);
      yield page(1, 'text', story(99));
    }
    for await (const { kept, dropped } of clean(pages(), { preset: 'recommended', personalData: 'strict', store })) {
      said.push(kept ? 'kept' : dropped!.reason);
      if (dropped) expect(Number.isFinite(dropped.value) && Number.isFinite(dropped.threshold)).toBe(true);
    }
    store.close();
    expect(said[0]).toMatch(reason);
    expect(said[0]).not.toBe('failed');
    expect(said[1]).toBe('kept');
  },
  60_000,
);
