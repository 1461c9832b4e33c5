/** What is said of a page before its text is looked at: opt-outs, then and later, and later pages of its address. */
import type { XXHashAPI } from 'xxhash-wasm';
import { type Page, spellingOf, urlOf } from '../crawlers/page.ts';
import { refusalOf } from '../crawlers/polite/site-rules.ts';
import type { DedupStore } from './dedup/store.ts';
import type { PageKeys } from './dedup/versions.ts';
import type { Stage } from './document.ts';
import type { Answer } from './engine/work.ts';

export interface KeyedPage {
  readonly page: Page;
  readonly keys: PageKeys;
}

/** Why it goes no further; without a reason the one that stands in its answer. */
export interface Ahead {
  readonly stage: Stage;
  readonly reason?: string;
  readonly value?: number;
  readonly threshold?: number;
  readonly other: string;
}

const OPTED_OUT = { stage: 'consent', reason: 'opted_out_later' } as const;

/** What reading a page came to, as far as it matters before its text does. */
export type AheadKind = 'consent' | 'refused' | 'read';

export const aheadKind = (answer: Answer): AheadKind =>
  'read' in answer ? 'read' : answer.refused.stage === 'consent' ? 'consent' : 'refused';

/**
 * Asks the store, and tells it of the page.
 * @param id of the document that it would become
 * @returns `undefined` where its text decides; nothing replaces anything for what could not be read
 */
export function aheadOf(
  keyed: KeyedPage,
  id: string,
  kind: AheadKind,
  store: DedupStore,
  hash: XXHashAPI,
): Ahead | undefined {
  const { page, keys } = keyed;
  // Once more where it counts: a date has passed, or the page came with statements that its conclusion does not know.
  const refusal = refusalOf(page.consent, store.sites.table);
  if (kind === 'consent' || refusal !== undefined) {
    if (store.versions.laterThan(keys) !== undefined) store.versions.overtake(keys, page.place);
    store.optOut(keys.url, confirmedAt(keyed, store));
    store.pages.speak(keys.page);
    for (const { number } of store.versions.earlierThan(keys)) store.leave(number, 'opted_out_later');
    store.versions.met(keys);
    return { ...(kind === 'consent' ? { stage: 'consent' } : OPTED_OUT), other: refusal ?? '' };
  }
  if (isOptedOut(keyed, id, store, hash)) return { ...OPTED_OUT, other: siteRefusal(keyed, store) ?? '' };
  if (kind === 'refused') {
    store.versions.met(keys); // what could not be read replaces nothing
    return undefined;
  }
  const later = store.versions.laterThan(keys);
  if (later === undefined) return undefined;
  store.versions.overtake(keys, page.place);
  const threshold = store.versions.momentOf(keys);
  return { stage: 'version', reason: 'superseded', value: later, threshold, other: id };
}

/** Whether its URL opted out when or after it was fetched; a later page is welcome. */
function isOptedOut(keyed: KeyedPage, id: string, store: DedupStore, hash: XXHashAPI): boolean {
  const { page, keys } = keyed;
  if (store.optedOutAt(BigInt.asIntN(64, hash.h64(`id ${id}`))) !== undefined) return true;
  const since = store.optedOutAt(keys.url);
  const isTakenBack = keys.time !== undefined && store.versions.isRefused(keys, keys.time);
  const isEarlier = since !== undefined && (isTakenBack || timeOf(confirmedAt(keyed, store)) <= timeOf(since));
  if (isEarlier || siteRefusal(keyed, store) !== undefined) {
    store.versions.overtake(keys, page.place);
    return true;
  }
  if (since !== undefined) store.optIn(keys.url);
  return false;
}

/** What its site says of it, when it was last known to hold or later: the statement that decided. */
function siteRefusal({ keys }: KeyedPage, store: DedupStore): string | undefined {
  return store.sites.refusal(keys.time === undefined ? keys : { ...keys, time: store.versions.momentOf(keys) });
}

/** When it was fetched, or said to hold still. */
function confirmedAt({ page, keys }: KeyedPage, store: DedupStore): string {
  const moment = store.versions.momentOf(keys);
  return keys.time === undefined || moment === keys.time ? page.fetchedAt : new Date(moment).toISOString();
}

/** Of the document that it would become: as its source has it, else of its address. */
export const idOf = ({ id, url }: Pick<Page, 'id' | 'url'>, hash: XXHashAPI): string =>
  id ?? hash.h64ToString(spellingOf(url));

export function hostOf({ url, source }: Pick<Page, 'url' | 'source'>): string {
  return urlOf(url)?.host || source;
}

export const timeOf = (moment: string): number => Date.parse(moment) || 0;
