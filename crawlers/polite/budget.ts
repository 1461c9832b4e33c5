/**
 * How much one run asks of the web, and of each host. Every request counts when it is made, whatever it is for
 * (robots.txt, sitemaps, redirects) and whatever comes of it (304, 404, no answer), and bytes are those of the wire.
 * What is spent stays spent until the run ends; the URLs that are left wait for the next.
 */

export interface Budgets {
  readonly maxRequests: number;
  /** Received, headers included; answers under way when it is spent are still read. */
  readonly maxTotalBytes: number;
  /** Since the first request; no request is made later. */
  readonly maxMinutes: number;
  readonly maxHostRequests: number;
  readonly maxHostBytes: number;
  /** In which a request to the host was under way. */
  readonly maxHostMinutes: number;
}

/**
 * Where nothing is said, a run is bounded by its pages, and of several hosts each by half of that: a page is worth four
 * requests of a megabyte together, and a hundred requests are always for rules and sitemaps. Minutes follow from that.
 */
export function budgetsOf(maxPages: number, hosts: number, given: Partial<Budgets>): Budgets {
  const share = hosts > 1 ? 0.5 : 1;
  const maxRequests = given.maxRequests ?? 100 + 4 * maxPages;
  const maxTotalBytes = given.maxTotalBytes ?? (256 + maxPages) * 2 ** 20;
  return {
    maxRequests,
    maxTotalBytes,
    maxMinutes: given.maxMinutes ?? Number.POSITIVE_INFINITY,
    maxHostRequests: given.maxHostRequests ?? Math.ceil(maxRequests * share),
    maxHostBytes: given.maxHostBytes ?? Math.ceil(maxTotalBytes * share),
    maxHostMinutes: given.maxHostMinutes ?? Number.POSITIVE_INFINITY,
  };
}

/** The request was not made. */
export class BudgetSpent extends Error {
  readonly limit: keyof Budgets;

  constructor(limit: keyof Budgets, host: string) {
    super(`${host}: ${limit} is spent`);
    this.limit = limit;
  }
}

interface Spending {
  requests: number;
  bytes: number;
  /** Under way, in all. */
  ms: number;
  /** Of the requests: for sitemaps. */
  sitemaps: number;
}

const MINUTE_MS = 60_000;
/** Sitemaps are read first until they have taken so many requests of a host, or this share of them. */
const SITEMAPS_FIRST = 3;
const SITEMAP_SHARE = 0.2;

export class Budget {
  readonly limits: Budgets;
  readonly #now: () => number;
  readonly #hosts = new Map<string, Spending>();
  readonly #run = { requests: 0, bytes: 0 };
  #startedAt: number | undefined;

  /** `now`: milliseconds of a clock that nobody sets. */
  constructor(limits: Budgets, now: () => number = () => performance.now()) {
    this.limits = limits;
    this.#now = now;
  }

  get requests(): number {
    return this.#run.requests;
  }

  get bytes(): number {
    return this.#run.bytes;
  }

  /** The limit of the run that leaves no further request to any host. */
  spent(): 'maxRequests' | 'maxTotalBytes' | 'maxMinutes' | undefined {
    if (this.#run.requests >= this.limits.maxRequests) return 'maxRequests';
    if (this.#run.bytes >= this.limits.maxTotalBytes) return 'maxTotalBytes';
    return this.msLeft() <= 0 ? 'maxMinutes' : undefined;
  }

  /** The limit that leaves no further request to this host. */
  spentBy(host: string): 'maxHostRequests' | 'maxHostBytes' | 'maxHostMinutes' | undefined {
    const spending = this.#hosts.get(host);
    if (!spending) return undefined;
    if (spending.requests >= this.limits.maxHostRequests) return 'maxHostRequests';
    if (spending.bytes >= this.limits.maxHostBytes) return 'maxHostBytes';
    return spending.ms >= this.limits.maxHostMinutes * MINUTE_MS ? 'maxHostMinutes' : undefined;
  }

  /** Until the run's minutes are over. */
  msLeft(): number {
    const used = this.#startedAt === undefined ? 0 : this.#now() - this.#startedAt;
    return this.limits.maxMinutes * MINUTE_MS - used;
  }

  /** Sitemaps of this host have had their share: pages that are due go first. */
  prefersPages(host: string): boolean {
    const { requests, sitemaps } = this.#of(host);
    return sitemaps >= Math.max(SITEMAPS_FIRST, requests * SITEMAP_SHARE);
  }

  countSitemap(host: string): void {
    this.#of(host).sitemaps++;
  }

  /** @throws BudgetSpent when no request may be made to the host, or its turn comes too late. */
  check(host: string, waitMs = 0): void {
    const limit = this.spent() ?? this.spentBy(host) ?? (waitMs > this.msLeft() ? 'maxMinutes' : undefined);
    if (limit) throw new BudgetSpent(limit, host);
  }

  /**
   * Makes a request and counts it. `received`: bytes that came from the host so far.
   * @throws BudgetSpent when it may not be made.
   */
  async request<T>(host: string, received: () => number, make: () => Promise<T>): Promise<T> {
    this.check(host);
    const spending = this.#of(host);
    spending.requests++;
    this.#run.requests++;
    const startedAt = this.#now();
    const before = received();
    this.#startedAt ??= startedAt;
    try {
      return await make();
    } finally {
      const bytes = received() - before;
      spending.ms += this.#now() - startedAt;
      spending.bytes += bytes;
      this.#run.bytes += bytes;
    }
  }

  /** A request that is made once more within `request`. @throws BudgetSpent when it may not be. */
  again(host: string): void {
    this.check(host);
    this.#of(host).requests++;
    this.#run.requests++;
  }

  #of(host: string): Spending {
    const known = this.#hosts.get(host);
    if (known) return known;
    const spending = { requests: 0, bytes: 0, ms: 0, sitemaps: 0 };
    this.#hosts.set(host, spending);
    return spending;
  }
}
