/**
 * What a publisher says about the use of a page, and what follows from it. The two stay apart: statements are kept word
 * for word, each behind the place where it stood, and the conclusion is a function of them that can be drawn again.
 *
 *   x-robots-tag: noai                     meta robots: noindex            robots.txt content-signal: ai-train=no
 *   tdm-reservation: 1                     meta tdm-reservation: 1         robots.txt content-usage: /blog/ train-ai=n
 *   content-usage: train-ai=n              tdmrep.json tdm-reservation: 1  ai.txt disallow: /
 *
 * `no-train` outweighs `no-index`, which outweighs `open`; silence, and `index, follow`, which speaks of search alone,
 * are `unknown`. `noimageai` concerns images, of which there are none here: kept, nothing follows.
 */

import { tagsOf } from '../links/tags.ts';
import type { Consent, ConsentConclusion } from '../page.ts';
import type { HeaderPairs } from '../warc/http-message.ts';

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
}

const HEADER = /^(x-robots-tag|tdm-reservation|tdm-policy|content-usage|content-signal)$/;

export function consentOf({
  headers,
  html = '',
  extraStatements = [],
  productToken = PRODUCT_TOKEN,
}: ConsentSignals): Consent {
  const pairs = isPairs(headers) ? headers : Object.entries(headers);
  const statements = [
    ...extraStatements,
    ...pairs
      .filter(([name]) => HEADER.test(name.toLowerCase()))
      .map(([name, value]) => `${name.toLowerCase()}: ${value}`),
    ...metaStatements(html, productToken),
  ]
    .slice(0, MAX_STATEMENTS)
    .map((statement) => statement.slice(0, MAX_STATEMENT_CHARACTERS).replace(/\s+/g, ' ').trim());
  return { conclusion: concludeFrom(statements, productToken), statements };
}

const isPairs = (headers: ConsentSignals['headers']): headers is HeaderPairs => Array.isArray(headers);

/** They travel in record headers: a hostile page must not make its record unreadable. */
const MAX_STATEMENTS = 64;
const MAX_STATEMENT_CHARACTERS = 500;

const META = new Set(['meta']);

function metaStatements(html: string, productToken: string): string[] {
  const names = ['robots', 'tdm-reservation', 'tdm-policy', productToken.toLowerCase()];
  return [...tagsOf(html, META)].flatMap(({ attributes }) => {
    const name = attributes.get('name')?.trim().toLowerCase() ?? '';
    return names.includes(name) ? `meta ${name}: ${attributes.get('content') ?? ''}` : [];
  });
}

/** The strictest thing that any of the statements says. */
export function concludeFrom(statements: readonly string[], productToken = PRODUCT_TOKEN): ConsentConclusion {
  const said = new Set(statements.flatMap((statement) => meaningsOf(statement, productToken)));
  return (['no-train', 'no-index', 'open'] as const).find((conclusion) => said.has(conclusion)) ?? 'unknown';
}

/** True when a robots meta tag or header tells this crawler not to follow the page's links. */
export function forbidsFollowing(statements: readonly string[], productToken = PRODUCT_TOKEN): boolean {
  return statements
    .flatMap((statement) => directivesOf(statement, productToken))
    .some((directive) => directive === 'nofollow' || directive === 'none');
}

interface Statement {
  /** `x-robots-tag`, `robots`, `tdm-reservation`, … */
  readonly name: string;
  readonly value: string;
}

function parseStatement(statement: string): Statement {
  const [, name, value] = /^(?:(?:meta|robots\.txt|tdmrep\.json|ai\.txt) )?([\w-]+): ?(.*)$/s.exec(statement) ?? [];
  return { name: name ?? '', value: value ?? '' };
}

const OF_DIRECTIVE: Readonly<Record<string, ConsentConclusion>> = {
  noai: 'no-train',
  noarchive: 'no-train', // asks that no copy be kept; the larger engines read it as "not for training" too
  noindex: 'no-index',
  none: 'no-index',
};
const OF_VALUE: Readonly<Record<string, Readonly<Record<string, ConsentConclusion>>>> = {
  'tdm-reservation': { '1': 'no-train', '0': 'open' },
};
const TRAINING = new Set(['ai-train', 'train-ai', 'train-genai', 'tdm', 'bots']);

function meaningsOf(statement: string, productToken: string): ConsentConclusion[] {
  const { name, value } = parseStatement(statement);
  if (name === 'content-usage' || name === 'content-signal') return preferenceMeanings(value);
  if (statement.startsWith('ai.txt ')) return [name === 'disallow' ? 'no-train' : 'open'];
  const meaning = OF_VALUE[name]?.[value.trim()];
  if (meaning) return [meaning];
  return directivesOf(statement, productToken).flatMap((directive) => OF_DIRECTIVE[directive] ?? []);
}

/** `search=yes, ai-train=no` (Content-Signal), `train-ai=n` (AIPREF, a dictionary of RFC 9651). */
function preferenceMeanings(value: string): ConsentConclusion[] {
  // Publishers separate by comma, semicolon or space; a path may stand before the first member.
  const members = value
    .toLowerCase()
    .replace(/\s*=\s*/g, '=')
    .split(/[,;\s]+/);
  return members.flatMap((member): ConsentConclusion[] => {
    const [use, right = ''] = member.split('=') as [string, string?];
    const answer = right.replace(/["?]/g, '');
    const isNo = answer === 'n' || answer === 'no' || answer === '0';
    if (use === 'search') return isNo ? ['no-index'] : [];
    if (!TRAINING.has(use)) return [];
    return isNo ? ['no-train'] : answer === 'y' || answer === 'yes' || answer === '1' ? ['open'] : [];
  });
}

/** Directives whose colon belongs to them; before any other colon stands the agent that is addressed. */
const VALUED = new Set(['unavailable_after', 'max-snippet', 'max-image-preview', 'max-video-preview']);

/** Directives of an X-Robots-Tag header or robots meta tag that address this crawler, in lower case. */
function directivesOf(statement: string, productToken: string): string[] {
  const { name, value } = parseStatement(statement);
  if (name !== 'x-robots-tag' && name !== 'robots' && name !== productToken.toLowerCase()) return [];
  let agent = '*';
  return value
    .toLowerCase()
    .split(',') // an agent is named once for what follows it; publishers also separate by space and semicolon
    .flatMap((part) => {
      const [, prefix, rest] = /^\s*([\w*-]+)\s*:(.*)$/s.exec(part) ?? [];
      if (prefix !== undefined && !VALUED.has(prefix)) agent = prefix;
      const directive = prefix !== undefined && !VALUED.has(prefix) ? rest! : part;
      const isMine = agent === '*' || agent === 'robots' || agent === productToken.toLowerCase();
      return isMine ? directive.split(/[;\s]+/).filter(Boolean) : [];
    });
}
