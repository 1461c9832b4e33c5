/**
 * robots.txt by RFC 9309, with Crawl-delay, Sitemap and the usage preferences Content-Signal and Content-Usage (AIPREF).
 *
 *   User-agent: VuaBot      ┐ agents
 *   User-agent: *           ┘            ┐ a group; groups that name the same agent are read as one,
 *   Disallow: /tìm-kiếm     ┐ rules      │ and those for * hold only where no group names the crawler
 *   Allow: /tìm-kiếm/$      ┘            ┘
 *
 * The longest matching rule decides, Allow on a tie. Patterns and paths are compared with their percent-encoding
 * normalised. From Google's parser come the misspelled names, the missing colon and `Allow: /x/index.html` = `/x/`.
 */
import { normalizePercent, parseUrl } from '../links/url.ts';
import { AI_CRAWLERS } from './consent-table.ts';

export interface Pattern {
  /** What stands between the wildcards, normalised. */
  readonly pieces: readonly string[];
  /** The pattern ends in `$`. */
  readonly anchored: boolean;
  /** Length that decides which of two matching patterns is the more specific one. */
  readonly octets: number;
}

export interface Rule {
  readonly allow: boolean;
  /** As written in the file. */
  readonly value: string;
  readonly pattern: Pattern;
}

export interface Robots {
  /** The rule that decides on `url`; `undefined` when none matches, which means allowed. */
  ruleFor(url: string): Rule | undefined;
  isAllowed(url: string): boolean;
  /** Seconds between requests that the host asks for. */
  readonly crawlDelay: number | undefined;
  /** As written; may be relative. */
  readonly sitemaps: readonly string[];
  /**
   * Usage preferences that hold for `url`, word for word: `content-usage: /ai/ train-ai=n`. And what forbids it to crawlers
   * that gather for training, by their names: `disallow: / (for gptbot, ccbot)`.
   */
  preferencesFor(url: string): string[];
}

interface Preference {
  readonly name: string;
  readonly value: string;
  readonly pattern: Pattern;
}

interface Group {
  readonly agents: Set<string>;
  readonly rules: Rule[];
  readonly preferences: Preference[];
  crawlDelay?: number;
}

const DISALLOW = new Set(['disallow', 'dissallow', 'dissalow', 'disalow', 'diasllow', 'disallaw']);
const newGroup = (): Group => ({ agents: new Set(), rules: [], preferences: [] });

/** The name by which robots.txt knows a crawler: `VuaBot` of `VuaBot/0.1 (…)`. */
export const productTokenOf = (userAgent: string): string => /^[a-z_-]*/i.exec(userAgent)![0];

/** `productToken` is the crawler's name without version, `VuaBot`. */
export function parseRobots(text: string, productToken: string): Robots {
  const preamble = newGroup();
  const groups: Group[] = [];
  const sitemaps: string[] = [];
  let group = preamble;
  let takesAgents = false;
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    const bare = line.split('#', 1)[0].trim();
    const colon = bare.includes(':') ? bare.indexOf(':') : bare.search(/\s/);
    if (colon < 1) continue;
    const name = bare.slice(0, colon).toLowerCase().replace(/[\s-]/g, '');
    const value = bare.slice(colon + 1).trim();
    if (name === 'useragent') {
      if (!takesAgents) {
        group = newGroup();
        groups.push(group);
      }
      takesAgents = true;
      group.agents.add(/^\*(\s|$)/.test(value) ? '*' : productTokenOf(value).toLowerCase());
    } else if (name === 'allow' || DISALLOW.has(name)) {
      takesAgents = false;
      if (value !== '') group.rules.push(...rulesOf(name === 'allow', value));
    } else if (name === 'sitemap') sitemaps.push(value);
    else if (name === 'crawldelay' && Number(value) >= 0) group.crawlDelay = Number(value);
    else if (name === 'contentsignal' || name === 'contentusage') group.preferences.push(preferenceOf(name, value));
  }

  const token = productToken.toLowerCase();
  const own = groups.filter(({ agents }) => agents.has(token));
  const mine = own.length > 0 ? own : groups.filter(({ agents }) => agents.has('*'));
  const rules = mine.flatMap((candidate) => candidate.rules);
  const preferences = [preamble, ...mine].flatMap((candidate) => candidate.preferences);
  const delays = mine.flatMap(({ crawlDelay }) => crawlDelay ?? []);

  const ruleFor = (url: string): Rule | undefined => decisive(rules, pathOf(url));
  const aiGroups = aiGroupsOf(groups);
  return {
    ruleFor,
    isAllowed: (url) => ruleFor(url)?.allow ?? true,
    crawlDelay: delays.length > 0 ? Math.max(...delays) : undefined,
    sitemaps,
    preferencesFor(url) {
      const path = pathOf(url);
      return [...preferencesAt(preferences, path), ...aiGroups.flatMap((group) => againstAi(group, path))];
    },
  };
}

const decisive = (rules: readonly Rule[], path: string): Rule | undefined =>
  mostSpecific(rules, path).sort((a, b) => Number(b.allow) - Number(a.allow))[0];

const preferencesAt = (preferences: readonly Preference[], path: string): string[] =>
  ['content-signal', 'content-usage'].flatMap((name) =>
    mostSpecific(
      preferences.filter((preference) => preference.name === name),
      path,
    ).map(({ value }) => `${name}: ${value}`),
  );

/** What a file says to crawlers that gather for training, by their names: those to which it says the same are one. */
function aiGroupsOf(groups: readonly Group[]): Group[] {
  const names = new Set(groups.flatMap(({ agents }) => [...agents].filter((agent) => AI_CRAWLERS.has(agent))));
  const found = new Map<string, Group>();
  for (const name of names) {
    const mine = groups.filter(({ agents }) => agents.has(name));
    const rules = mine.flatMap((group) => group.rules);
    const preferences = mine.flatMap((group) => group.preferences);
    const said = JSON.stringify([rules.map(({ allow, value }) => [allow, value]), preferences]);
    const known = found.get(said);
    if (known) known.agents.add(name);
    else found.set(said, { agents: new Set([name]), rules, preferences });
  }
  return [...found.values()].filter(({ rules, preferences }) => rules.length + preferences.length > 0);
}

function againstAi({ agents, rules, preferences }: Group, path: string): string[] {
  const rule = decisive(rules, path);
  const names = [...agents].join(', ');
  const forbids = rule !== undefined && !rule.allow ? [`disallow: ${rule.value} (for ${names})`] : [];
  return [...forbids, ...preferencesAt(preferences, path)];
}

function rulesOf(allow: boolean, value: string): Rule[] {
  const rules = [{ allow, value, pattern: parsePattern(value) }];
  const folder = allow ? /^(.*\/)index\.html?$/.exec(value)?.[1] : undefined;
  if (folder !== undefined) rules.push({ allow, value, pattern: parsePattern(`${folder}$`) });
  return rules;
}

/** `train-ai=n` holds everywhere, `/ai/ train-ai=n` below /ai/. */
function preferenceOf(field: string, value: string): Preference {
  const path = /^([/*]\S*)\s/.exec(value)?.[1] ?? '/';
  return { name: field.replace('content', 'content-'), value, pattern: parsePattern(path) };
}

/** A path pattern of RFC 9309 §2.2.3: `*` stands for any characters, a final `$` for the end of the path. */
export function parsePattern(value: string): Pattern {
  const anchored = value.endsWith('$');
  const whole = normalizePath(anchored ? value.slice(0, -1) : value, '*');
  return { pieces: whole.split('*'), anchored, octets: whole.length + Number(anchored) };
}

/** Linear in the path for each piece: leftmost placement of every piece is enough, so nothing is tried twice. */
export function matches({ pieces, anchored }: Pattern, path: string): boolean {
  const [first, ...rest] = pieces as [string, ...string[]];
  if (!path.startsWith(first)) return false;
  if (rest.length === 0) return !anchored || path === first;
  const last = anchored ? rest.pop()! : '';
  let from = first.length;
  for (const piece of rest) {
    const at = path.indexOf(piece, from);
    if (at < 0) return false;
    from = at + piece.length;
  }
  return path.length - from >= last.length && path.endsWith(last);
}

/** The matching entries with the longest pattern. */
export function mostSpecific<T extends { readonly pattern: Pattern }>(entries: readonly T[], path: string): T[] {
  const matching = entries.filter(({ pattern }) => matches(pattern, path));
  const longest = Math.max(...matching.map(({ pattern }) => pattern.octets));
  return matching.filter(({ pattern }) => pattern.octets === longest);
}

/** Path and query of a URL as patterns are compared with it. */
export function pathOf(url: string): string {
  const { pathname, search } = parseUrl(url) ?? { pathname: '/', search: '' };
  return normalizePath(pathname + search, '');
}

/**
 * Percent-encoding normalised; `*` and `$` encoded unless they are wildcards, so that `%2A` in a pattern is a literal
 * star. Behind the `?`, `:` and `/` compare alike raw and encoded (RFC 9309 §2.2.2, second row of its table).
 */
function normalizePath(text: string, wildcard: '*' | ''): string {
  const [path, ...query] = normalizePercent(text).replace(/\$/g, '%24').split('?');
  const joined = [path, ...query.map((part) => part.replace(/%3A/g, ':').replace(/%2F/g, '/'))].join('?');
  return wildcard === '*' ? joined : joined.replace(/\*/g, '%2A');
}
