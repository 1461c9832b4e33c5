/** URLs in one form each, and those that are traps. */
import { describe, expect, it } from 'vitest';
import {
  canonicalHost,
  canonicalUrl,
  hostOf,
  normalizePercent,
  originOf,
  placeOf,
  trapReason,
} from '../../crawlers/links/url.ts';

describe('canonicalUrl', () => {
  it('knows names in Vietnamese after many thousand others, too', () => {
    for (let n = 0; n < 30_000; n++) canonicalUrl(`https://bao.example/${n}`);
    expect(canonicalUrl('https://báo.example/chín')).toBe('https://xn--bo-mia.example/ch%C3%ADn');
    expect(canonicalHost('báo.example')).toBe('xn--bo-mia.example');
  });

  it.each([
    ['HTTP://Bao.Example:80/a#top', 'http://bao.example/a'],
    ['https://bao.example:443', 'https://bao.example/'],
    ['http://bao.example:8080/', 'http://bao.example:8080/'],
    ['http://bao.example./a', 'http://bao.example/a'],
    ['http://user:secret@bao.example/', 'http://bao.example/'],
    ['http://bao.example/t%c3%acm-ki%e1%ba%bfm/%7Eanh', 'http://bao.example/t%C3%ACm-ki%E1%BA%BFm/~anh'],
    ['http://bao.example/tìm-kiếm?q=phở', 'http://bao.example/t%C3%ACm-ki%E1%BA%BFm?q=ph%E1%BB%9F'],
    ['http://bao.example/a%2fb', 'http://bao.example/a%2Fb'],
    ['http://bao.example/a/../b/./c', 'http://bao.example/b/c'],
    ['http://bao.example/a?utm_source=x&id=7&fbclid=abc&UTM_Medium=y', 'http://bao.example/a?id=7'],
    ['http://bao.example/a?fbclid=abc', 'http://bao.example/a'],
    ['http://bao.example/a?', 'http://bao.example/a'],
    ['http://bao.example/a?b=1&&a=2', 'http://bao.example/a?b=1&a=2'],
    ['http://TiếngViệt.example/', 'http://xn--tingvit-5t4cyc.example/'],
  ])('%s → %s', (input, expected) => {
    const url = canonicalUrl(input);
    expect(url).toBe(expected);
    expect(canonicalUrl(url!)).toBe(url);
  });

  it.each([
    'mailto:a@b.example',
    'javascript:void(0)',
    'data:text/html,x',
    'ftp://a.example/',
    'http://',
    'bao.example',
  ])('refuses %s', (input) => expect(canonicalUrl(input)).toBeUndefined());

  it('resolves against a base', () => {
    expect(canonicalUrl('../b?x=1#y', 'http://a.example/c/d/e')).toBe('http://a.example/c/b?x=1');
  });
});

it('normalizePercent leaves what is no escape alone', () => {
  expect(normalizePercent('100%/%zz/%4')).toBe('100%/%zz/%4');
});

it('canonicalHost takes a host name and nothing else', () => {
  expect(canonicalHost('ĐẤT.example')).toBe(new URL('http://đất.example').hostname);
  for (const bad of ['http://a.example', 'a.example/x', '', 'a b']) expect(canonicalHost(bad)).toBeUndefined();
});

it.each([
  'http://a.example',
  'https://u:p@a.example:8443/x?a=1&b=http://b.example/#c',
  'http://[::1]:8080/:8/@x',
  'http://[::1]/?',
  'http://a.example?q=/x:y',
  'http://a.example../;j=1',
])('the parts of %s are those that URL has', (input) => {
  const url = canonicalUrl(input)!;
  const { hostname, origin, pathname, search } = new URL(url);
  expect({ hostname: hostOf(url), origin: originOf(url), ...placeOf(url) }).toEqual({
    hostname,
    origin,
    pathname,
    search,
  });
  expect([canonicalUrl(url), hostname.endsWith('.')]).toEqual([url, false]);
});

describe('trapReason', () => {
  const at = (path: string): string | undefined => trapReason(`http://a.example${path}`);
  it.each([
    ['/tin/2024/11/11/bai-viet', undefined],
    ['/lich/thang/lich/thang/lich/thang/lich/thang', 'repeated_path'],
    [`/${Array.from({ length: 21 }, (_, i) => i).join('/')}`, 'repeated_path'],
    [`/${'a'.repeat(1100)}`, 'url_too_long'],
    ['/anh/bia.JPG', 'other_media'],
    ['/anh/bia.jpg.html', undefined],
    ['/tai?file=bia.jpg', undefined],
  ])('%s: %s', (path, expected) => expect(at(path)).toBe(expected));
});
