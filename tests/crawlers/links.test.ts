/** Links and tags out of HTML that no parser has put in order; pages made to cost much. */
import { describe, expect, it } from 'vitest';
import { decodeMarkup, linksOf, refreshTarget } from '../../crawlers/links/links.ts';
import { decodeEntities, tagsOf } from '../../crawlers/links/tags.ts';
import { expectLinear } from '../growth.ts';

const A = 'http://a.example/';
const links = (html: string): string[] => linksOf(html, A).map((url) => url.replace(A, ''));

describe('linksOf', () => {
  it.each<[html: string, expected: readonly string[]]>([
    ['<a href=1><A HREF="2"><a\nclass=x\n href = \'3\' >', ['1', '2', '3']],
    ['<a title="a > b" href="1">', ['1']],
    ['<a href="1"href="2"/>', ['1']],
    ['<a/href=1>', ['1']],
    ['<a href=" 1 "><a href="1#x"><a href="?q=a&amp;b=&#38;&#x41;">', ['1', '?q=a&b=&A']],
    ['<!-- <a href="1"> --><a href="2"><!-- <a href="3">', ['2']],
    ['<script>"<a href=1>"</script ><style><a href=2></style><title><a href=3></title><a href=4>', ['4']],
    ['<textarea><a href=1>', []],
    ['<base href="/x/"><a href=1><base href="/y/">', ['x/1']],
    ['<link rel="stylesheet" href="1"><link rel=\'Canonical\' href="2"><area href="3"><abbr href="4">', ['2', '3']],
    ['<a rel="nofollow noopener" href="1"><a rel="ugc" href="2"><a href="mailto:x@y.z"><a name="z">', ['2']],
    ['<a href="phở"><a href="1"><a href="2', ['ph%E1%BB%9F', '1']],
    ['<', []],
    ['<a', []],
    ['1 < 2 <a href=1>', ['1']],
  ])('%s', (html, expected) => expect(links(html)).toEqual(expected));

  it.each<[string, (n: number) => string]>([
    ['nested', (n) => '<div>'.repeat(n / 5)],
    ['opened and never closed', (n) => '<a '.repeat(n / 3)],
    ['comments', (n) => '<!--'.repeat(n / 4)],
    ['scripts', (n) => '<script>'.repeat(n / 8)],
    ['quotes', (n) => '<a href="'.repeat(n / 9)],
    ['spaces', (n) => `<a ${' '.repeat(n)}`],
    ['equals', (n) => `<a ${'='.repeat(n)}`],
  ])('the cost of %s grows evenly', (_name, html) =>
    expectLinear(
      (n) => `${html(n)}\n<a href=1>`,
      (given) => expect(links(given).length).toBeLessThanOrEqual(1),
      { from: 100_000 },
    ),
  );
});

it('tagsOf gives attributes in lower case, the first of two, with entities undone', () => {
  const [tag] = tagsOf('<META Name=robots CONTENT="no&quot;ai&#34;" content=x checked>', new Set(['meta']));
  expect(tag).toEqual({
    name: 'meta',
    attributes: new Map([
      ['name', 'robots'],
      ['content', 'no"ai"'],
      ['checked', ''],
    ]),
  });
});

it('decodeEntities leaves what is none', () => {
  expect(decodeEntities('a&b=1&copy=2&#9999999;&#x110000; &lt;')).toBe('a&b=1&copy=2&#9999999;&#x110000; <');
});

const latin = (html: string): Uint8Array => Buffer.from(html, 'latin1');
it.each<[name: string, body: Uint8Array, type: string, text: string, encoding: string]>([
  ['the header', latin('\xd0'), 'text/html; charset="windows-1258"', 'Đ', 'windows-1258'],
  ['UTF-8, whatever is said', Buffer.from('Đ'), 'text/html; charset=windows-1252', 'Đ', 'utf-8'],
  ['a name that nobody knows', Buffer.from('Đ'), 'text/html; charset=x-tcvn', 'Đ', 'utf-8'],
  ['its meta', latin('<meta http-equiv=x content="text/html; charset=windows-1258">\xd0'), '', 'Đ', 'windows-1258'],
  ['nothing', latin('caf\xe9'), 'text/html', 'café', 'windows-1252'],
  ['a mark', Buffer.from('\uFEFF<p>ệ', 'utf16le'), 'text/html; charset=utf-8', '<p>ệ', 'utf-16le'],
  ['zeros', Buffer.from('<p>ệ', 'utf16le').swap16(), '', '<p>ệ', 'utf-16be'],
])('decodes by %s', (_name, body, type, text, encoding) => {
  const { html, encoding: found } = decodeMarkup(body, type);
  expect([html.endsWith(text), found]).toEqual([true, encoding]);
});

it('writes paths in UTF-8 and queries in the encoding of the page', () => {
  const html = '<a href="/bài?q=bài#à"><a href="/?q=ệ"><a href="/x?q=%E0&amp;r=a">';
  expect(linksOf(html, 'http://a.example/', 'windows-1252')).toEqual([
    'http://a.example/b%C3%A0i?q=b%E0i',
    'http://a.example/?q=%26%237879%3B',
    'http://a.example/x?q=%E0&r=a',
  ]);
  expect(linksOf('<a href="/?q=bài">', 'http://a.example/')).toEqual(['http://a.example/?q=b%C3%A0i']);
});

it.each([
  ['0; URL=/x', '/x'],
  ['5;url = "/a b" c', '/a b'],
  ["0,URL='/x'", '/x'],
  ['0 /x', '/x'],
  ['.5;/x', '/x'],
  ['url=/x', undefined],
  ['30', undefined],
  ['30;', undefined],
  ['', undefined],
])('a refresh of %j leads to %s', (content, target) => expect(refreshTarget(content)).toBe(target));

it('finds frames and refreshes', () => {
  const html = `<meta http-equiv="Refresh" content="0; url=/r"><frameset><frame src=/f></frameset><iframe src="/i"></iframe>
    <meta name=refresh content="0;url=/never"><iframe src="" srcdoc="<a href=/never>"></iframe><frame>`;
  expect(linksOf(html, 'http://a.example/x/')).toEqual(['/r', '/f', '/i'].map((path) => `http://a.example${path}`));
});
