/**
 * What a site says of its pages in files of its own: robots.txt, ai.txt and tdmrep.json, each as a function of a URL. The
 * crawl asks before a request; cleaning asks again when an archive brings files that say something else than before.
 */
import type { ConsentConclusion } from '../page.ts';
import { concludeFrom } from './consent.ts';
import { mostSpecific, parsePattern, parseRobots, pathOf } from './robots.ts';

/** Paths of these files. */
export const RULES_FILES = ['/robots.txt', '/ai.txt', '/.well-known/tdmrep.json'] as const;
export type RulesFile = (typeof RULES_FILES)[number];

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
      return rule ? [`ai.txt ${rule.allow ? 'allow' : 'disallow'}: ${rule.value}`] : [];
    },
  };
}

/** What follows for a URL from all files of its site. */
export const conclusionOf = (rules: readonly SiteRules[], url: string, productToken: string): ConsentConclusion =>
  concludeFrom(
    rules.flatMap((each) => each.statementsFor(url)),
    productToken,
  );

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

/** Text of such a file; half a line at a cut would be a rule that nobody wrote. */
export function wholeLines({ body, truncated }: { readonly body: Uint8Array; readonly truncated?: string }): string {
  const text = new TextDecoder().decode(body);
  return truncated !== undefined ? text.slice(0, Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1) : text;
}
