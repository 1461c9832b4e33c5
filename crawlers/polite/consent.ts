/**
 * What a publisher says about the use of a page, and what follows from it (consent-table.ts). The two stay apart:
 * statements are kept word for word, each behind the place where it stood, and the conclusion is a function of them that
 * can be drawn again.
 *
 *   x-robots-tag: noai                     meta robots: noindex            robots.txt content-signal: ai-train=no
 *   tdm-reservation: 1                     meta tdm-reservation: 1         robots.txt content-usage: /blog/ train-ai=n
 *   content-usage: train-ai=n              tdmrep.json tdm-reservation: 1  ai.txt disallow: /
 *   meta gptbot: noindex                   x-robots-tag: ccbot: noai       robots.txt disallow: / (for gptbot, ccbot)
 *
 * `no-train` outweighs `no-index`, which outweighs `open`; silence, and `index, follow`, which speaks of search alone,
 * are `unknown`. `noimageai` concerns images, of which there are none here: kept, nothing follows.
 */
import { tagsOf } from '../links/tags.ts';
import type { Consent, ConsentConclusion, ConsentTable } from '../page.ts';
import type { HeaderPairs } from '../warc/http-message.ts';
import { AI_CRAWLERS, consentTable, normalAnswer } from './consent-table.ts';

/** Name by which robots.txt, `X-Robots-Tag` and meta tags address this crawler. */
export const PRODUCT_TOKEN = 'VuaBot';

export interface ConsentSignals {
  /** Raw pairs where there are any: joined values of a repeated X-Robots-Tag can no longer be told apart. */
  readonly headers: HeaderPairs | Readonly<Record<string, string>>;
  /** Markup. Meta tags are ASCII: any superset of it will do as encoding. */
  readonly html?: string;
  /** Statements of the host, in the form shown above. */
  readonly extraStatements?: readonly string[];
  readonly productToken?: string;
  readonly table?: ConsentTable;
}

const HEADER = /^(x-robots-tag|tdm-reservation|tdm-policy|content-usage|content-signal)$/;

export function consentOf({
  headers,
  html = '',
  extraStatements = [],
  productToken = PRODUCT_TOKEN,
  table = consentTable(),
}: ConsentSignals): Consent {
  const pairs = isPairs(headers) ? headers : Object.entries(headers);
  const all = [
    ...extraStatements,
    ...pairs
      .filter(([name]) => HEADER.test(name.toLowerCase()))
      .map(([name, value]) => `${name.toLowerCase()}: ${value}`),
    ...metaStatements(html, productToken),
  ].map((statement) => statement.replace(/\s+/g, ' ').trim());
  const { conclusion, statement } = decide(all, productToken, table);
  const kept = all.slice(0, MAX_STATEMENTS);
  // What decided is told, however much stands before it.
  if (statement !== undefined && !kept.includes(statement)) kept[MAX_STATEMENTS - 1] = statement;
  return { conclusion, statements: kept.map((each) => shortened(each, productToken, table)) };
}

const isPairs = (headers: ConsentSignals['headers']): headers is HeaderPairs => Array.isArray(headers);

/** They travel in record headers: a hostile page must not make its record unreadable. */
const MAX_STATEMENTS = 64;
const MAX_STATEMENT_CHARACTERS = 500;

/** What a long statement says at its end is not lost: the directive that decides goes to its front. */
function shortened(statement: string, productToken: string, table: ConsentTable): string {
  if (statement.length <= MAX_STATEMENT_CHARACTERS) return statement;
  const cut = statement.slice(0, MAX_STATEMENT_CHARACTERS);
  const { conclusion } = decide([statement], productToken, table);
  if (decide([cut], productToken, table).conclusion === conclusion) return cut;
  const [place] = /^[^:]*: /.exec(statement) ?? [''];
  const name = namesIn(statement, productToken).find((each) => table.get(each) === conclusion) ?? '';
  return `${place}${name.replace(/^ai-crawler=.*/, 'noai')}, ${statement.slice(place.length)}`.slice(
    0,
    MAX_STATEMENT_CHARACTERS,
  );
}

const META = new Set(['meta']);
const MAX_TAG_CHARACTERS = 8192;

function metaStatements(html: string, productToken: string): string[] {
  let last = -1; // most pages have theirs in the head, and nothing is to be read behind it
  for (const { index } of html.matchAll(/<meta(?=[\s/])/gi)) last = index;
  if (last < 0) return [];
  const token = productToken.toLowerCase();
  return [...tagsOf(html.slice(0, last + MAX_TAG_CHARACTERS), META)].flatMap(({ attributes }) => {
    const named = attributes.get('name') ?? attributes.get('property') ?? attributes.get('http-equiv') ?? '';
    return named
      .toLowerCase()
      .split(/[,\s]+/)
      .filter((name) => META_NAMES.test(name) || name === token || AI_CRAWLERS.has(name))
      .map((name) => `meta ${name}: ${attributes.get('content') ?? ''}`);
  });
}

/** Also of headers that are written as tags. */
const META_NAMES = /^(?:robots|x-robots-tag|tdm-reservation|tdm-policy|content-signal|content-usage)$/;

export interface Decision {
  readonly conclusion: ConsentConclusion;
  /** What decided, where something did. */
  readonly statement?: string;
}

/** The strictest thing that any of the statements says, and the first that says it. */
export function decide(
  statements: readonly string[],
  productToken = PRODUCT_TOKEN,
  table: ConsentTable = consentTable(),
): Decision {
  let found: Decision = { conclusion: 'unknown' };
  for (const statement of statements) {
    for (const name of namesIn(statement, productToken)) {
      const conclusion = table.get(name) ?? 'unknown';
      if (STRICTNESS[conclusion] > STRICTNESS[found.conclusion]) found = { conclusion, statement };
    }
  }
  return found;
}

const STRICTNESS: Readonly<Record<ConsentConclusion, number>> = { unknown: 0, open: 1, 'no-index': 2, 'no-train': 3 };

export const concludeFrom = (
  statements: readonly string[],
  productToken = PRODUCT_TOKEN,
  table: ConsentTable = consentTable(),
): ConsentConclusion => decide(statements, productToken, table).conclusion;

/**
 * The consent of a page as its record has it, concluded again: by this version, this table and this day. What a record
 * concludes beyond its statements (a foreign file states it so, or an older version) stays.
 */
export function concludeAgain(consent: Consent, table: ConsentTable = consentTable()): Consent {
  const { conclusion: stated, statements } = consent;
  const isExplained = STRICTNESS[stated] <= STRICTNESS[concludeFrom(statements)];
  const conclusion = isExplained || stated === 'unknown' ? concludeFrom(statements, PRODUCT_TOKEN, table) : stated;
  return conclusion === stated ? consent : { conclusion, statements };
}

/** True when a robots meta tag or header tells this crawler not to follow the page's links. */
export function forbidsFollowing(statements: readonly string[], productToken = PRODUCT_TOKEN): boolean {
  return statements
    .flatMap((statement) => directivesOf(parseStatement(statement), productToken))
    .some(({ directive, isForAi }) => !isForAi && (directive === 'nofollow' || directive === 'none'));
}

interface Statement {
  /** `meta`, `robots.txt`, … ; empty for a header. */
  readonly place: string;
  /** `x-robots-tag`, `robots`, `tdm-reservation`, … */
  readonly name: string;
  readonly value: string;
}

function parseStatement(statement: string): Statement {
  const [, place, name, value] =
    /^(?:(meta|robots\.txt|tdmrep\.json|ai\.txt) )?([\w.-]+): ?(.*)$/s.exec(statement) ?? [];
  return { place: place ?? '', name: name?.toLowerCase() ?? '', value: value ?? '' };
}

/** Rows of the table that a statement names. */
export function namesIn(statement: string, productToken = PRODUCT_TOKEN): string[] {
  const parsed = parseStatement(statement);
  const { place, name, value } = parsed;
  if (name === 'content-usage' || name === 'content-signal') return preferencesIn(value);
  if (name === 'tdm-reservation') return [`tdm-reservation=${value.trim()}`];
  if ((place === 'robots.txt' || place === 'ai.txt') && /\(for [^)]*\)$/.test(value)) return ['ai-crawler=disallow'];
  if (place === 'ai.txt') return [`ai.txt=${name}`];
  return directivesOf(parsed, productToken).flatMap(({ directive, isForAi }) => {
    if (isForAi) return AGAINST_AI.has(directive) ? ['ai-crawler=noindex'] : [];
    return [directive];
  });
}

/** What says to a crawler that gathers for training that it is to have no use of the page. */
const AGAINST_AI = new Set(['noindex', 'none', 'noai', 'noml', 'noarchive', 'nocache', 'unavailable_after']);

/** `search=yes, ai-train=no` (Content-Signal), `train-ai=n` (AIPREF, a dictionary of RFC 9651). */
function preferencesIn(value: string): string[] {
  // Publishers separate by comma, semicolon or space; a path may stand before the first member.
  return value
    .replace(/\s*=\s*/g, '=')
    .split(/[,;\s]+/)
    .map(normalAnswer)
    .filter((member) => /=[ny]$/.test(member));
}

/** Directives whose colon belongs to them; before any other colon stands the agent that is addressed. */
const VALUED = new Set(['unavailable_after', 'max-snippet', 'max-image-preview', 'max-video-preview']);

interface Directive {
  /** Lower case; `unavailable_after` where its date is past. */
  readonly directive: string;
  /** It is addressed to a crawler that gathers for training, not to all. */
  readonly isForAi: boolean;
}

/** Of an X-Robots-Tag header or robots meta tag: what addresses this crawler, or one for training. */
function directivesOf({ name, value }: Statement, productToken: string): Directive[] {
  const token = productToken.toLowerCase();
  if (name !== 'x-robots-tag' && name !== 'robots' && name !== token && !AI_CRAWLERS.has(name)) return [];
  let agent = AI_CRAWLERS.has(name) ? name : '*';
  const directives: Directive[] = [];
  // An agent is named once for what follows it; publishers also separate by space and semicolon.
  const parts = value.toLowerCase().split(',');
  for (let i = 0; i < parts.length; i++) {
    const [, prefix, rest = ''] = /^\s*([\w*-]+)\s*:(.*)$/s.exec(parts[i]) ?? [];
    if (prefix !== undefined && !VALUED.has(prefix)) agent = prefix;
    const isForAi = AI_CRAWLERS.has(agent);
    const add = (word: string): void =>
      void directives.push({ directive: word.replace(/^no-(?=ai$|ml$)/, 'no'), isForAi });
    if (agent !== '*' && agent !== 'robots' && agent !== token && !isForAi) continue;
    const said = prefix !== undefined && !VALUED.has(prefix) ? rest : parts[i];
    const [, before = said, date] = /^(.*?)\bunavailable_after\s*:(.*)$/s.exec(said) ?? [];
    for (const word of before.split(/[;\s]+/)) if (word !== '') add(word);
    if (date === undefined) continue;
    let whole = date; // a date may hold a comma
    while (i + 1 < parts.length && /^\s*\d/.test(parts[i + 1])) whole += `,${parts[++i]}`;
    const [day, ...others] = whole.split(';');
    if (Date.parse(day.trim().toUpperCase()) < Date.now()) add('unavailable_after');
    for (const word of others.join(' ').split(/\s+/)) if (word !== '') add(word);
  }
  return directives;
}
