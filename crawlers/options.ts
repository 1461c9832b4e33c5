/** What a crawl is told, and what it does where nothing is said. */
import type { LookupFunction } from 'node:net';
import type { Budgets } from './polite/budget.ts';

/** Budgets that are not given follow from `maxPages` (polite/budget.ts). */
export interface CrawlOptions extends Partial<Budgets> {
  readonly outDir: string;
  /** http(s) URLs. May be empty when the folder holds a crawl: then it goes on. */
  readonly seeds: readonly string[];
  /** Name of the WARC files and `source` of the pages. Default: files `crawl-…`, pages by their host. */
  readonly source?: string;
  /** Hosts that links, redirects and sitemaps may lead to, besides those of the seeds of this and earlier runs. */
  readonly allowedHosts?: readonly string[];
  /** Patterns of what links and redirects may lead to on their hosts, and of what they may not (polite/paths.ts). */
  readonly allowedPaths?: readonly string[];
  readonly deniedPaths?: readonly string[];
  /** Host → `address:port` for its connections, as curl's --connect-to. URLs and Host headers stay. */
  readonly connectTo?: Readonly<Record<string, string>>;
  /** IP addresses and networks in CIDR notation that are open besides the public ones (addresses.ts). */
  readonly allowedAddresses?: readonly string[];
  /** Resolver of host names. Default: the system's. */
  readonly lookup?: LookupFunction;
  readonly userAgent?: string;
  /** Mail address or URL by which site owners reach whoever crawls; outside this machine one is needed in the user agent. */
  readonly contact?: string;
  /** Hosts asked at the same time. */
  readonly concurrency?: number;
  /** Pause between two requests to a host, and to an IP address; a longer Crawl-delay counts, up to MAX_DELAY_MS. */
  readonly delayMs?: number;
  /** Requests that start in a second, to all hosts together. Default: no limit but those of the hosts. */
  readonly maxPerSecond?: number;
  /** Pages fetched in this run; redirects, sitemaps and unchanged pages do not count, but in `maxRequests` they do. */
  readonly maxPages?: number;
  /** Pages that a host may give without Vietnamese text before it is left; later runs ask it for a few. */
  readonly maxForeignPages?: number;
  /** Links from the nearest seed. */
  readonly maxDepth?: number;
  /** Per response, unpacked; what is longer is cut and marked. */
  readonly maxBytes?: number;
  /** Per request, from connecting to the last byte. */
  readonly timeoutMs?: number;
  /**
   * The longest time until a page is asked for again. Seeds, feeds, sitemaps and lists are every night, and pages that
   * change as often as they do (frontier/revisit.ts).
   */
  readonly refreshAfterMs?: number;
  /** First pause before a failed request is made again. */
  readonly retryDelayMs?: number;
  /** Hears once, when the first visits begin, how to look at what is under way. */
  readonly onStart?: (look: () => View) => void;
  /** Hears once why the run ended, unless an error ended it. */
  readonly onEnd?: (ending: Ending) => void;
  /** Hears about delays that hosts ask for, private addresses, and WARC files that lost something. */
  readonly note?: (text: string) => void;
}

export type Limits = Budgets & { readonly maxPages: number; readonly maxForeignPages: number };

/** A crawl at one moment. */
export interface View {
  /** URLs, those that have waited longest first. */
  readonly underWay: readonly { readonly what: string; readonly ms: number }[];
  readonly requests: number;
  readonly receivedBytes: number;
  readonly limits: Budgets;
  /** Until the run's minutes are over; Infinity where it has no such limit. */
  readonly msLeft: number;
}

export interface Ending {
  /** `nothing_due`, or the limit that ended the run, or its signal. */
  readonly endedBy: 'nothing_due' | 'signal' | keyof Limits;
  /** Hosts that were left before all of their URLs were asked for, and by which limit. */
  readonly spentHosts: readonly (readonly [host: string, limit: keyof Limits])[];
  readonly limits: Limits;
  /** All that were tried, also what met a private address before a byte was sent. */
  readonly requests: number;
  /** On the wire, headers included. */
  readonly receivedBytes: number;
  /** URLs of all kinds that were not asked for, or wait to be asked again. */
  readonly remaining: number;
  /** `host pattern` of addresses that were left because they gave the same again and again (links/trap.ts). */
  readonly closedPatterns: readonly string[];
}

export const CRAWL_DEFAULTS = {
  userAgent: 'VuaBot/0.1 (collects Vietnamese text for research)',
  concurrency: 8,
  delayMs: 1000,
  maxPages: 10_000,
  maxForeignPages: 50,
  maxDepth: 16,
  maxBytes: 8 * 2 ** 20,
  timeoutMs: 30_000,
  refreshAfterMs: 7 * 24 * 3_600_000,
  retryDelayMs: 1000,
} as const;

/** `VuaBot/0.1 (collects …; me@example.org)` */
export function withContact<T extends { userAgent: string; contact?: string }>(settings: T): T {
  const { userAgent, contact } = settings;
  if (contact === undefined) return settings;
  const said = userAgent.endsWith(')') ? `${userAgent.slice(0, -1)}; ${contact})` : `${userAgent} (${contact})`;
  return { ...settings, userAgent: said };
}
