/** What tests of frontiers share. */
import { vi } from 'vitest';
import type { Frontier } from '../../crawlers/frontier/frontier.ts';
import type { Discovery } from '../../crawlers/frontier/row.ts';

export const A = 'http://a.example/';
export const HOUR = 3_600_000;
export const NIGHT = 24 * HOUR;
export const WEEK = 7 * NIGHT;

export const found = (url: string, depth = 0, kind: 'page' | 'sitemap' = 'page'): Discovery => {
  return { url, kind, depth, hops: 0 };
};

/** All that a host has ready, settled one after the other. */
export function drain(frontier: Frontier, host: string): string[] {
  const order: string[] = [];
  for (let row = frontier.next(host); row; row = frontier.next(host)) {
    order.push(row.url);
    frontier.settle(row.url, { state: 'done' });
  }
  return order;
}

/** Of dates alone. */
export const clock = (ms: number): void => void vi.useFakeTimers({ toFake: ['Date'], now: ms });
