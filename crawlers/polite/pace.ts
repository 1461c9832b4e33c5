/**
 * When a host may be asked. One request at a time to a host, and to an IP address, whatever the hosts there are called;
 * between two a pause, counted from the end of the answer, which is the longest of
 *
 *   what the crawl has     `delayMs`; of an address the same
 *   what the host asks for Crawl-delay, up to MAX_DELAY_MS
 *   what it can bear       twice the time that its answers take, up to MAX_LATENCY_MS
 *   what it complains of   429 and 503 double the pause, each good answer takes a fifth off again
 *
 * A crawl without a pause (`delayMs` 0, machines of one's own) has none for its answers and addresses either. Over all
 * hosts requests start at a rate. Times are of a clock that only goes forward: one that is set back would stop a host.
 */
import { setTimeout as timeout } from 'node:timers/promises';

/** A longer Crawl-delay is not waited for; the crawl says so. */
export const MAX_DELAY_MS = 60_000;
const MAX_LATENCY_MS = 10_000;
const LATENCIES = 2;
const EASED = 0.8;

export interface Clock {
  /** Milliseconds. */
  now(): number;
  /** @throws what `signal` was aborted with */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

const CLOCK: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => timeout(Math.ceil(ms), undefined, { signal }),
};

class Lane {
  /** Resolves when the requests before have ended. */
  last: Promise<unknown> = Promise.resolve();
  readyAt = 0;
  /** Kept for the host's sake. */
  askedMs = 0;
  backOffMs = 0;
  /** Of its answers, lately; 0 before the first. */
  latencyMs = 0;
}

export interface PaceOptions {
  readonly delayMs: number;
  /** Requests that start in a second, to all hosts together. */
  readonly maxPerSecond?: number;
  readonly clock?: Clock;
}

export class HostPace {
  readonly #lanes = new Map<string, Lane>();
  readonly #addresses = new Map<string, string>();
  readonly #delayMs: number;
  readonly #spacingMs: number;
  readonly #clock: Clock;
  #nextStart = 0;

  constructor({ delayMs, maxPerSecond = Number.POSITIVE_INFINITY, clock = CLOCK }: PaceOptions) {
    this.#delayMs = delayMs;
    this.#spacingMs = 1000 / maxPerSecond;
    this.#clock = clock;
  }

  /** The IP address at which a host is. */
  place(host: string, address: string): void {
    if (this.#delayMs > 0) this.#addresses.set(host, `at ${address}`);
  }

  /** Milliseconds until the host may be asked again, as far as can be told. */
  waitMs(host: string): number {
    const address = this.#addresses.get(host);
    const readyAt = Math.max(this.#lanes.get(host)?.readyAt ?? 0, this.#lanes.get(address ?? '')?.readyAt ?? 0);
    return Math.max(0, readyAt - this.#clock.now());
  }

  /** Sets the host's pause, never below the crawl's own and never above MAX_DELAY_MS; returns what holds. */
  slowDown(host: string, delayMs: number): number {
    const lane = this.#lane(host);
    lane.askedMs = Math.max(lane.askedMs, Math.min(delayMs, MAX_DELAY_MS));
    return this.#hold(lane);
  }

  /** Doubles the pause of a host that says that it is asked too often; it becomes `leastMs` at least. */
  backOff(host: string, leastMs: number): void {
    const lane = this.#lane(host);
    lane.backOffMs = Math.min(MAX_DELAY_MS, Math.max(leastMs, 2 * this.#pauseOf(lane)));
    this.#hold(lane);
  }

  /** The host has answered well: a pause that its complaints made longer becomes shorter again. */
  ease(host: string): void {
    const lane = this.#lane(host);
    lane.backOffMs = lane.backOffMs * EASED < this.#delayMs ? 0 : lane.backOffMs * EASED;
  }

  /** Waits for the turn of the host and its address, then makes the request. @throws what `signal` was aborted with. */
  turn<T>(host: string, signal: AbortSignal, request: () => Promise<T>): Promise<T> {
    const lane = this.#lane(host);
    return this.#enter(lane, signal, () => {
      const address = this.#addresses.get(host);
      const timed = () => this.#timed(lane, signal, request);
      return address === undefined ? timed() : this.#enter(this.#lane(address), signal, timed);
    });
  }

  #enter<T>(lane: Lane, signal: AbortSignal, make: () => Promise<T>): Promise<T> {
    const answer = lane.last.then(async () => {
      for (let wait = lane.readyAt - this.#clock.now(); wait > 0; wait = lane.readyAt - this.#clock.now()) {
        await this.#clock.sleep(wait, signal);
      }
      try {
        return await make();
      } finally {
        this.#hold(lane);
      }
    });
    lane.last = answer.catch(() => {}); // its caller hears of the failure; the next request goes on
    return answer;
  }

  async #timed<T>(lane: Lane, signal: AbortSignal, request: () => Promise<T>): Promise<T> {
    const startsAt = Math.max(this.#clock.now(), this.#nextStart);
    this.#nextStart = startsAt + this.#spacingMs;
    if (startsAt > this.#clock.now()) await this.#clock.sleep(startsAt - this.#clock.now(), signal);
    const started = this.#clock.now();
    try {
      return await request();
    } finally {
      const took = this.#clock.now() - started;
      lane.latencyMs = lane.latencyMs === 0 ? took : (lane.latencyMs + took) / 2;
    }
  }

  #pauseOf({ askedMs, backOffMs, latencyMs }: Lane): number {
    const borne = this.#delayMs > 0 ? Math.min(LATENCIES * latencyMs, MAX_LATENCY_MS) : 0;
    return Math.max(this.#delayMs, askedMs, backOffMs, borne);
  }

  #hold(lane: Lane): number {
    const pause = this.#pauseOf(lane);
    lane.readyAt = Math.max(lane.readyAt, this.#clock.now() + pause);
    return pause;
  }

  #lane(key: string): Lane {
    const known = this.#lanes.get(key);
    if (known) return known;
    const lane = new Lane();
    this.#lanes.set(key, lane);
    return lane;
  }
}
