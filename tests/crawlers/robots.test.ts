/** robots.txt by RFC 9309: groups, patterns, encodings, preferences; Google's vectors where they are given. */
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matches, parsePattern, parseRobots, productTokenOf } from '../../crawlers/polite/robots.ts';
import { expectLinear } from '../growth.ts';

const lines = (...text: readonly string[]): string => `${text.join('\n')}\n`;

describe('rules', () => {
  it.each<[name: string, robots: string, path: string, allowed: boolean]>([
    ['an empty file allows', '', '/a', true],
    ['an HTML page allows', '<!doctype html>\n<p>disallow: /</p>', '/a', true],
    ['rules outside of a group are void', lines('Disallow: /'), '/a', true],
    ['the group for all', lines('User-agent: *', 'Disallow: /a'), '/ab', false],
    ['paths are case-sensitive', lines('User-agent: *', 'Disallow: /A'), '/a', true],
    [
      'the own group shuts out the one for all',
      lines('User-agent: *', 'Disallow: /', 'User-agent: vuabot', 'Allow: /'),
      '/a',
      true,
    ],
    ['an own group without rules allows', lines('User-agent: *', 'Disallow: /', 'User-agent: VUABOT'), '/a', true],
    [
      'groups of one agent are joined',
      lines('User-agent: VuaBot', 'Disallow: /a', 'User-agent: X', 'Disallow: /', 'User-agent: VuaBot', 'Disallow: /b'),
      '/b',
      false,
    ],
    ['agents share a group', lines('User-agent: X', 'User-agent: VuaBot', 'Disallow: /'), '/', false],
    [
      'other records do not end a list of agents',
      lines('User-agent: X', 'Sitemap: /s.xml', 'Crawl-delay: 1', 'User-agent: *', 'Disallow: /'),
      '/',
      false,
    ],
    ['a version in the agent line is passed over', lines('User-agent: VuaBot/2.0', 'Disallow: /'), '/', false],
    ['a longer product token is another crawler', lines('User-agent: VuaBotImages', 'Disallow: /'), '/', true],
    ['a shorter product token is another crawler', lines('User-agent: Vua', 'Disallow: /'), '/', true],
    ['the longest match decides', lines('User-agent: *', 'Disallow: /a', 'Allow: /a/b'), '/a/b/c', true],
    ['whatever the order', lines('User-agent: *', 'Allow: /a/b', 'Disallow: /a'), '/a/c', false],
    ['allow wins a tie', lines('User-agent: *', 'Disallow: /a', 'Allow: /a'), '/a', true],
    ['an empty Disallow says nothing', lines('User-agent: *', 'Disallow:'), '/a', true],
    ['* spans characters', lines('User-agent: *', 'Disallow: /*/in/'), '/a/b/in/', false],
    ['* spans none', lines('User-agent: *', 'Disallow: /a*b'), '/ab', false],
    ['$ ends', lines('User-agent: *', 'Disallow: /*.php$'), '/a.php', false],
    ['$ ends only', lines('User-agent: *', 'Disallow: /*.php$'), '/a.php?x', true],
    ['$ needs the last occurrence', lines('User-agent: *', 'Disallow: /*a$'), '/aba', false],
    ['$ inside is a character', lines('User-agent: *', 'Disallow: /a$b'), '/a$b', false],
    ['%2A is a star', lines('User-agent: *', 'Disallow: /a%2Ab'), '/a*b', false],
    ['%2A is no wildcard', lines('User-agent: *', 'Disallow: /a%2Ab'), '/axb', true],
    ['raw pattern, encoded path', lines('User-agent: *', 'Disallow: /tìm-kiếm'), '/t%C3%ACm-ki%E1%BA%BFm?q=1', false],
    ['raw pattern, lower-case escapes', lines('User-agent: *', 'Disallow: /tìm-kiếm'), '/t%c3%acm-ki%e1%ba%bfm', false],
    ['encoded pattern, raw path', lines('User-agent: *', 'Disallow: /t%c3%acm-ki%e1%ba%bfm'), '/tìm-kiếm', false],
    ['escaped letters are letters', lines('User-agent: *', 'Disallow: /foo/bar/%62%61%7A'), '/foo/bar/baz', false],
    ['an escaped slash is not a slash', lines('User-agent: *', 'Disallow: /a/b'), '/a%2Fb', true],
    ['but in the query it is', lines('User-agent: *', 'Disallow: /a?u=http://b'), '/a?u=http%3A%2F%2Fb', false],
    ['comments', lines('User-agent: * # all', 'Disallow: /a # not this'), '/a', false],
    ['byte order mark', `\uFEFF${lines('User-agent: *', 'Disallow: /')}`, '/', false],
    ['CR alone ends a line', 'User-agent: *\rDisallow: /\r', '/', false],
    ['spaces around the colon', lines('  user-agent : * ', ' DISALLOW :/a'), '/a', false],
    ['a missing colon', lines('user-agent *', 'disallow /a'), '/a', false],
    ['a misspelling', lines('User-agent: *', 'Dissalow: /a'), '/a', false],
    ['index.html stands for its folder', lines('User-agent: *', 'Disallow: /', 'Allow: /x/index.html'), '/x/', true],
  ])('%s', (_name, robots, path, allowed) => {
    expect(parseRobots(robots, 'VuaBot').isAllowed(`http://a.example${path}`)).toBe(allowed);
  });

  it('the cost of matching grows evenly with the path', () => {
    const pattern = parsePattern(`/${'*a'.repeat(300)}*b$`);
    return expectLinear(
      (n) => `/${'a'.repeat(n)}c`,
      (path) => expect(matches(pattern, path)).toBe(false),
      { from: 10_000 },
    );
  });

  it('the cost of parsing one line grows evenly', () =>
    expectLinear(
      (n) => `a${' '.repeat(n)}b`,
      (robots) => parseRobots(robots, 'VuaBot'),
      { from: 10_000 },
    ));

  it('agrees with a regular expression', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '/'), maxLength: 8 });
    const property = fc.property(
      letters,
      fc.boolean(),
      fc.string({ unit: fc.constantFrom('a', 'b', '/') }),
      (text, end, path) => {
        const expected = new RegExp(`^/${text.replaceAll('*', '.*')}${end ? '$' : ''}`).test(`/${path}`);
        expect(matches(parsePattern(`/${text}${end ? '$' : ''}`), `/${path}`)).toBe(expected);
      },
    );
    fc.assert(property, { numRuns: 2000 });
  });
});

it('reads Crawl-delay, Sitemap and usage preferences', () => {
  const robots = parseRobots(
    lines(
      'Content-Signal: search=yes',
      'User-agent: X',
      'Crawl-delay: 9',
      'Disallow:',
      'User-agent: *',
      'Crawl-delay: 1.5',
      'Content-Signal: ai-train=no, search=yes # kept',
      'Content-Usage: train-ai=n',
      'Content-Usage: /mo/ train-ai=y',
      'Sitemap: https://a.example/s.xml',
      'sitemap: /t.xml.gz',
    ),
    'VuaBot',
  );
  expect(robots.crawlDelay).toBe(1.5);
  expect(robots.sitemaps).toEqual(['https://a.example/s.xml', '/t.xml.gz']);
  expect(robots.preferencesFor('http://a.example/')).toEqual([
    'content-signal: search=yes',
    'content-signal: ai-train=no, search=yes',
    'content-usage: train-ai=n',
  ]);
  expect(robots.preferencesFor('http://a.example/mo/1').at(-1)).toBe('content-usage: /mo/ train-ai=y');
  expect(parseRobots(lines('User-agent: *', 'Crawl-delay: soon'), 'VuaBot').crawlDelay).toBeUndefined();
});

it.each([
  ['VuaBot/0.1 (x)', 'VuaBot'],
  ['my-bot', 'my-bot'],
])('product token of %s is %s', (userAgent, token) => expect(productTokenOf(userAgent)).toBe(token));

/**
 * Google's vectors differ from RFC 9309 §2.2.2 in three places: its matcher leaves it to the caller to encode a URL
 * (two vectors), and does not undo the escapes of letters (one). There this parser follows the RFC.
 */
const BY_THE_RFC: ReadonlySet<string> = new Set([
  '/foo/bar/ツ | http://foo.bar/foo/bar/ツ',
  '/foo/bar/%E3%83%84 | http://foo.bar/foo/bar/ツ',
  '/foo/bar/%62%61%7A | http://foo.bar/foo/bar/baz',
]);
const vectorsPath = process.env.VUA_ROBOTS_VECTORS ?? '';

it("agrees with Google's vectors where these agree with the RFC", ({ skip }) => {
  skip(!existsSync(vectorsPath), "set VUA_ROBOTS_VECTORS to the JSON file of Google's robots.txt vectors");
  const vectors: { robots: string; ua: string; url: string; allowed: boolean }[] = JSON.parse(
    readFileSync(vectorsPath, 'utf8'),
  );
  const differing = vectors
    .filter(({ robots, ua, url, allowed }) => parseRobots(robots, ua).isAllowed(url) !== allowed)
    .map(({ robots, url }) => `${/allow: (\S+)\n$/i.exec(robots)?.[1]} | ${url}`);
  expect(vectors).toHaveLength(142);
  expect(new Set(differing)).toEqual(BY_THE_RFC);
});

describe('crawlers that gather for training, by their names', () => {
  const said = (text: string, url = 'http://a.example/x'): string[] => parseRobots(text, 'VuaBot').preferencesFor(url);
  it.each<[name: string, text: string, said: string[]]>([
    ['one', 'User-agent: GPTBot\nDisallow: /', ['disallow: / (for gptbot)']],
    [
      'several in groups of their own',
      'User-agent: GPTBot\nDisallow: /\n\nUser-agent: CCBot\nDisallow: /',
      ['disallow: / (for gptbot, ccbot)'],
    ],
    [
      'beside all',
      'User-agent: *\nAllow: /\nUser-agent: Google-Extended/1.0\nUser-agent: ClaudeBot\nDisallow: /',
      ['disallow: / (for google-extended, claudebot)'],
    ],
    ['another path', 'User-agent: GPTBot\nDisallow: /y', []],
    ['this path', 'User-agent: GPTBot\nDisallow: /\nAllow: /y', ['disallow: / (for gptbot)']],
    ['allowed', 'User-agent: GPTBot\nDisallow:', []],
    ['a search engine', 'User-agent: Bingbot\nDisallow: /', []],
    ['a preference', 'User-agent: CCBot\nContent-Usage: train-ai=n\nAllow: /', ['content-usage: train-ai=n']],
  ])('%s', (_name, text, expected) => expect(said(text)).toEqual(expected));
});
