/** The pace of hosts, addresses and all together, by a clock of the test: every time is exact. */
import { expect, it } from 'vitest';
import { type Clock, HostPace, MAX_DELAY_MS, type PaceOptions } from '../../crawlers/polite/pace.ts';

/** Time stands still while anything runs, then goes to the next moment at which somebody wakes. */
class VirtualClock implements Clock {
  #now = 0;
  readonly #sleepers: { at: number; wake: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal = never): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      this.#sleepers.push({ at: this.#now + ms, wake: resolve });
    });
  }

  async until<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const settle = (): void => {
      isDone = true;
    };
    work.then(settle, settle);
    for (;;) {
      await new Promise(setImmediate);
      if (isDone) return work;
      this.#sleepers.sort((a, b) => a.at - b.at);
      const next = this.#sleepers.shift();
      if (next === undefined) throw new Error('nobody wakes any more');
      this.#now = Math.max(this.#now, next.at);
      next.wake();
    }
  }
}

const never = new AbortController().signal;
let clock: VirtualClock;
const paceOf = (options: Partial<PaceOptions> = {}): HostPace => {
  clock = new VirtualClock();
  return new HostPace({ delayMs: 1000, clock, ...options });
};

/** Start and end of each request, in seconds, as `host start–end`; each takes `ms`. */
async function timesOf(pace: HostPace, hosts: readonly string[], ms = 100): Promise<string[]> {
  const log: string[] = [];
  const made = hosts.map((host) =>
    pace.turn(host, never, async () => {
      const start = clock.now();
      await clock.sleep(ms);
      log.push(`${host} ${start / 1000}–${clock.now() / 1000}`);
    }),
  );
  await clock.until(Promise.all(made));
  return log;
}

it('asks a host one after the other, with the pause from the end of an answer; others meanwhile', async () => {
  expect(await timesOf(paceOf(), ['a', 'a', 'b', 'a'])).toEqual(['a 0–0.1', 'b 0–0.1', 'a 1.1–1.2', 'a 2.2–2.3']);
});

it('a request that fails holds up nothing, and pauses too', async () => {
  const pace = paceOf();
  const lost = pace.turn('a', never, () => Promise.reject(new Error('lost')));
  await expect(clock.until(lost)).rejects.toThrow('lost');
  expect(await timesOf(pace, ['a'])).toEqual(['a 1–1.1']);
});

it('asks an address one after the other, whatever its hosts are called', async () => {
  const pace = paceOf();
  for (const host of ['a', 'b', 'c']) pace.place(host, '198.51.100.7');
  pace.place('d', '198.51.100.8');
  expect(await timesOf(pace, ['a', 'b', 'd', 'c', 'a'])).toEqual([
    'a 0–0.1',
    'd 0–0.1',
    'b 1.1–1.2',
    'c 2.2–2.3',
    'a 3.3–3.4',
  ]);
  expect(pace.waitMs('b')).toBe(1000);
  expect(pace.waitMs('e')).toBe(0);
});

it('a Crawl-delay of one host is not that of its address', async () => {
  const pace = paceOf();
  for (const host of ['a', 'b']) pace.place(host, '198.51.100.7');
  expect(pace.slowDown('a', 5000)).toBe(5000);
  expect(await timesOf(pace, ['a', 'b'])).toEqual(['b 0–0.1', 'a 5–5.1']);
});

it('pauses twice as long as answers take, within bounds', async () => {
  expect(await timesOf(paceOf(), ['a', 'a', 'a'], 2000)).toEqual(['a 0–2', 'a 6–8', 'a 12–14']);
  expect(await timesOf(paceOf(), ['a', 'a'], 60_000)).toEqual(['a 0–60', 'a 70–130']);
  expect(await timesOf(paceOf({ delayMs: 0 }), ['a', 'a'], 2000)).toEqual(['a 0–2', 'a 2–4']);
});

it('doubles the pause at each complaint, and shortens it by a fifth with each good answer', async () => {
  const pace = paceOf();
  const pauseOf = () => pace.slowDown('a', 0);
  for (const expected of [2000, 4000, 8000]) {
    pace.backOff('a', 10);
    expect(pauseOf()).toBe(expected);
  }
  const eased = Array.from({ length: 11 }, () => {
    pace.ease('a');
    return Math.round(pauseOf());
  });
  expect(eased).toEqual([6400, 5120, 4096, 3277, 2621, 2097, 1678, 1342, 1074, 1000, 1000]);
  pace.slowDown('a', 1500);
  pace.ease('a');
  expect(pauseOf()).toBe(1500); // what robots.txt asks for stays
});

it('a pause is never shorter than the crawl has it, nor longer than the cap', () => {
  const pace = paceOf({ delayMs: 100 });
  expect(pace.slowDown('a', 5)).toBe(100);
  expect(pace.slowDown('a', 250)).toBe(250);
  pace.backOff('a', 10);
  expect(pace.slowDown('a', 0)).toBe(500);
  expect(pace.slowDown('a', Number.POSITIVE_INFINITY)).toBe(MAX_DELAY_MS);
});

it('keeps a rate over all hosts', async () => {
  const pace = paceOf({ maxPerSecond: 4, delayMs: 0 });
  expect(await timesOf(pace, ['a', 'b', 'c', 'd', 'e'])).toEqual([
    'a 0–0.1',
    'b 0.25–0.35',
    'c 0.5–0.6',
    'd 0.75–0.85',
    'e 1–1.1',
  ]);
});

it('an abort ends the wait', async () => {
  const pace = paceOf({ delayMs: 60_000 });
  await clock.until(pace.turn('a', never, async () => {}));
  const abort = new AbortController();
  const waiting = pace.turn('a', abort.signal, async () => 'made');
  const rejected = expect(waiting).rejects.toThrow('enough');
  await new Promise(setImmediate);
  abort.abort(new Error('enough'));
  await rejected;
});
