/** The pace for each host: one request at a time, the pause, Crawl-delay, an end of waiting. */
import { expect, it } from 'vitest';
import { HostPace, MAX_DELAY_MS } from '../../crawlers/polite/politeness.ts';

const never = new AbortController().signal;
const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

it('requests to one host do not overlap, those to others do; a failed one does not block the next', async () => {
  const pace = new HostPace(20);
  const log: string[] = [];
  const request = (name: string) => async () => {
    log.push(`+${name}`);
    await wait(30);
    log.push(`-${name}`);
    if (name === 'a1') throw new Error('lost');
  };
  const [first] = await Promise.allSettled([
    pace.turn('a.example', never, request('a1')),
    pace.turn('a.example', never, request('a2')),
    pace.turn('b.example', never, request('b1')),
  ]);
  expect(log).toEqual(['+a1', '+b1', '-a1', '-b1', '+a2', '-a2']);
  expect(first.status).toBe('rejected');
});

it('the pause counts from the end of an answer', async () => {
  const pace = new HostPace(80);
  const times: number[] = [];
  for (let i = 0; i < 2; i++) {
    await pace.turn('a.example', never, async () => {
      times.push(performance.now());
      await wait(40);
    });
  }
  expect(times[1] - times[0]).toBeGreaterThanOrEqual(118);
  expect(pace.waitMs('a.example')).toBeGreaterThan(0);
  expect(pace.waitMs('b.example')).toBe(0);
});

it('a pause is never shorter than the crawl has it, nor longer than the cap', () => {
  const pace = new HostPace(100);
  expect(pace.slowDown('a.example', 5)).toBe(100);
  expect(pace.slowDown('a.example', 250)).toBe(250);
  pace.backOff('a.example', 10);
  expect(pace.slowDown('a.example', 0)).toBe(500);
  expect(pace.slowDown('a.example', Number.POSITIVE_INFINITY)).toBe(MAX_DELAY_MS);
});

it('an abort ends the wait', async () => {
  const pace = new HostPace(60_000);
  await pace.turn('a.example', never, async () => {});
  const abort = new AbortController();
  const waiting = pace.turn('a.example', abort.signal, async () => 'made');
  abort.abort();
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
});
