/** Links and tags out of HTML that no parser has put in order; pages made to cost much. */
import { describe, expect, it } from 'vitest';
import { decodeMarkup, linksOf } from '../../crawlers/links/links.ts';
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

it('decodeMarkup goes by the header, else UTF-8', () => {
  expect(decodeMarkup(new Uint8Array([0xd0]), 'text/html; charset="windows-1258"')).toBe('Đ');
  expect(decodeMarkup(new TextEncoder().encode('Đ'), 'text/html; charset=x-tcvn')).toBe('Đ');
});
