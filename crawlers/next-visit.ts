/** Which URL of a host is asked for now: by rank, with a share for sitemaps and one for pages that are looked at again. */
import type { Frontier } from './frontier/frontier.ts';
import { RANKS } from './frontier/revisit.ts';
import type { UrlRow } from './frontier/row.ts';
import type { Limits } from './options.ts';
import type { Budget } from './polite/budget.ts';

/** Of the visits to a host, while new pages are due too. */
const AGAIN_SHARE = 0.2;
/** What a host without Vietnamese text is asked for in later runs: it may have some by now. */
const FOREIGN_VISITS = 10;

/** Visits in a row that a host may leave without any answer before the run leaves it. */
const MAX_SILENCES = 20;

interface Visits {
  all: number;
  again: number;
  /** Without an answer, the last ones. */
  silent: number;
}

type Told = { readonly kind: string; readonly status: number; readonly reason?: string };

export class NextVisit {
  readonly #frontier: Frontier;
  readonly #budget: Budget;
  readonly #maxForeignPages: number;
  readonly #hosts = new Map<string, Visits>();

  constructor(frontier: Frontier, budget: Budget, maxForeignPages: number) {
    this.#frontier = frontier;
    this.#budget = budget;
    this.#maxForeignPages = maxForeignPages;
  }

  of(host: string): UrlRow | undefined {
    const first = this.#frontier.next(host);
    if (first === undefined || first.rank < RANKS.sitemap) return first;
    if (first.kind === 'sitemap') {
      return (this.#budget.prefersPages(host) ? this.#frontier.next(host, RANKS.good) : undefined) ?? first;
    }
    const { all, again } = this.#visits(host);
    if (first.rank >= RANKS.again || again > all * AGAIN_SHARE) return first;
    const old = this.#frontier.next(host, RANKS.again);
    return old !== undefined && old.rank < RANKS.unknown ? old : first;
  }

  /** The limit that leaves nothing more of the host to this run. */
  spentBy(host: string): Exclude<keyof Limits, 'maxPages'> | undefined {
    const limit = this.#budget.spentBy(host);
    if (limit !== undefined) return limit;
    const isForeign = this.#frontier.hosts.isForeign(host, this.#maxForeignPages);
    return isForeign && this.#visits(host).all >= FOREIGN_VISITS ? 'maxForeignPages' : undefined;
  }

  count(host: string, { kind, rank }: UrlRow): void {
    const visits = this.#visits(host);
    visits.all++;
    if (kind === 'sitemap') this.#budget.countSitemap(host);
    else if (rank >= RANKS.again && rank < RANKS.unknown) visits.again++;
  }

  /** What came of a visit. */
  hear(host: string, { kind, status, reason }: Told, note?: (text: string) => void): void {
    const visits = this.#visits(host);
    visits.silent = kind === 'failed' && status === 0 ? visits.silent + 1 : 0;
    if (visits.silent === MAX_SILENCES)
      note?.(`${host}: ${MAX_SILENCES} visits in a row without an answer (${reason}): left until a later run`);
  }

  /** The host answers no more: it is left until a later run. */
  isSilent(host: string): boolean {
    return (this.#hosts.get(host)?.silent ?? 0) >= MAX_SILENCES;
  }

  #visits(host: string): Visits {
    const known = this.#hosts.get(host);
    if (known) return known;
    const visits = { all: 0, again: 0, silent: 0 };
    this.#hosts.set(host, visits);
    return visits;
  }
}
