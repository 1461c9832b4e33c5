/**
 * What a site says of its pages in files of its own: robots.txt, ai.txt and tdmrep.json, each as a function of a URL. The
 * crawl asks before a request; cleaning asks again when an archive brings files that say something else than before.
 */
import { wideEncodingOf } from '../bytes/encoding.ts';
import { type Consent, type ConsentTable, isRefusal } from '../page.ts';
import { consentOf, type Decision, decide, namesIn } from './consent.ts';
import { AI_CRAWLERS, CONSENT_EFFECTS, CONSENT_TABLE, consentTable } from './consent-table.ts';
import { mostSpecific, parsePattern, parseRobots, pathOf } from './robots.ts';

/** Paths of these files. */
export const RULES_FILES = ['/robots.txt', '/ai.txt', '/.well-known/tdmrep.json'] as const;
export type RulesFile = (typeof RULES_FILES)[number];

/** What such a file says where it can take something back. */
export const SPEAKS_OF_USE: Readonly<Record<RulesFile, RegExp>> = {
  '/robots.txt': new RegExp(`content-(signal|usage)|\\b(${[...AI_CRAWLERS].join('|')})\\b`, 'i'),
  '/ai.txt': /disallow/i,
  '/.well-known/tdmrep.json': /tdm-reservation/i,
};

export interface SiteRules {
  /** Whether the crawler may ask for the URL. */
  isAllowed(url: string): boolean;
  /** Statements about its use, in the form of consent.ts. */
  statementsFor(url: string): string[];
}

/** @param text empty where the site has no such file */
export function readSiteRules(file: RulesFile, text: string, productToken: string): SiteRules {
  const isAllowed = (): boolean => true;
  if (file === '/.well-known/tdmrep.json') {
    const reservations = parseReservations(text);
    return {
      isAllowed,
      statementsFor: (url) => mostSpecific(reservations, pathOf(url)).flatMap(({ statements }) => statements),
    };
  }
  const rules = parseRobots(text, productToken);
  if (file === '/robots.txt') {
    return {
      isAllowed: (url) => rules.isAllowed(url),
      statementsFor: (url) => rules.preferencesFor(url).map((preference) => `robots.txt ${preference}`),
    };
  }
  return {
    isAllowed,
    statementsFor(url) {
      const rule = rules.ruleFor(url);
      const mine = rule ? [`ai.txt ${rule.allow ? 'allow' : 'disallow'}: ${rule.value}`] : [];
      return [...mine, ...rules.preferencesFor(url).map((preference) => `ai.txt ${preference}`)];
    },
  };
}

/** What follows for a URL from all files of its site, and what decided. */
export const decisionOf = (
  rules: readonly SiteRules[],
  url: string,
  productToken: string,
  table?: ConsentTable,
): Decision =>
  decide(
    rules.flatMap((each) => each.statementsFor(url)),
    productToken,
    table,
  );

/** The statement for which a page becomes no document; `undefined` where it may become one. */
export function refusalOf({ conclusion, statements }: Consent, table?: ConsentTable): string | undefined {
  const decision = decide(statements, undefined, table);
  if (isRefusal(decision.conclusion)) return decision.statement;
  return isRefusal(conclusion) ? `${conclusion}, as its record says` : undefined;
}

/** A row of the table in force, for people. */
export interface ConsentLine {
  readonly statement: string;
  readonly conclusion: string;
  readonly effect: string;
  readonly why: string;
}

/**
 * The table in force, or what of it some statements are about.
 * @param changes rows of the user's (`noarchive=unknown`) @throws ToolkitError BAD_OPTION (exit 2)
 */
export function consentLines(changes: readonly string[] = [], statements?: readonly string[]): ConsentLine[] {
  const table = consentTable(changes);
  const lineOf = (name: string, why: string): ConsentLine => {
    const conclusion = table.get(name) ?? 'unknown';
    return { statement: name, conclusion, effect: CONSENT_EFFECTS[conclusion], why };
  };
  if (statements === undefined) return CONSENT_TABLE.map(({ statement, why }) => lineOf(statement, why));
  return statements.map((statement) => {
    const { conclusion, statement: decisive } = decide([statement], undefined, table);
    const names = namesIn(statement).filter((name) => table.get(name) === conclusion);
    const why =
      decisive === undefined
        ? 'nothing follows'
        : (CONSENT_TABLE.find((row) => names.includes(row.statement))?.why ?? '');
    return { statement, conclusion, effect: CONSENT_EFFECTS[conclusion], why };
  });
}

/** The table of `--consent`. @throws ToolkitError BAD_OPTION (exit 2) */
export const consentBy = (changes: readonly string[]): ConsentTable => consentTable(changes);

interface Reservation {
  readonly pattern: ReturnType<typeof parsePattern>;
  readonly statements: readonly string[];
}

/** `[{"location": "/news/*", "tdm-reservation": 1, "tdm-policy": "https://…"}]`; anything else states nothing. */
function parseReservations(json: string): Reservation[] {
  let entries: unknown;
  try {
    entries = JSON.parse(json);
  } catch {
    return [];
  }
  return (Array.isArray(entries) ? entries : []).flatMap((entry: Readonly<Record<string, unknown>> | null) => {
    const location = entry?.location;
    if (typeof location !== 'string') return [];
    const statements = ['tdm-reservation', 'tdm-policy'].flatMap((name) =>
      entry![name] === undefined ? [] : `tdmrep.json ${name}: ${String(entry![name])}`,
    );
    return [{ pattern: parsePattern(location), statements }];
  });
}

/** Text of such a file, in UTF-8 or UTF-16; half a line at a cut would be a rule that nobody wrote. */
export function wholeLines({ body, truncated }: { readonly body: Uint8Array; readonly truncated?: string }): string {
  const text = new TextDecoder(wideEncodingOf(body, (byte) => byte >= 9 && byte < 0x7f)).decode(body);
  return truncated !== undefined ? text.slice(0, Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1) : text;
}

/** What an answer says of the use of its page: by its headers and its meta tags. */
export const consentOfPage = (headers: Readonly<Record<string, string>>, html: string): Consent =>
  consentOf({ headers: Object.entries(headers), html });
