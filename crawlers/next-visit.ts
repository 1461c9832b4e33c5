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

interface Visits {
  all: number;
  again: number;
}

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

  #visits(host: string): Visits {
    const known = this.#hosts.get(host);
    if (known) return known;
    const visits = { all: 0, again: 0 };
    this.#hosts.set(host, visits);
    return visits;
  }
}
