/**
 * Pages as they come, each with its keys and with what is said of it by itself: answers are asked for a few batches ahead,
 * on threads where there are any. The stable order is told here too.
 */
import type { XXHashAPI } from 'xxhash-wasm';
import { addressOf, type Page, siteOf } from '../crawlers/page.ts';

import type { DedupStore } from './dedup/store.ts';
import type { PageKeys } from './dedup/versions.ts';
import type { Engine } from './engine/engine.ts';
import type { Rank } from './engine/spool.ts';
import type { Answer } from './engine/work.ts';
import { type KeyedPage, timeOf } from './standing.ts';

/** A page as it comes. */
export interface NextPage extends KeyedPage {
  /** It needs no answer: a notice, or dealt with in an earlier run. */
  readonly isKnown: boolean;
  /** It is of a night that was rejected. */
  readonly isPassedOver: boolean;
  /** It is known, and must be decided on again. */
  readonly isUnsettled?: boolean;
}

/** A page that is to be decided on, and what was answered for it ahead of its turn. */
export interface Turn {
  readonly keyed: NextPage;
  readonly answer?: Answer;
}

/** A batch ends with the page that reaches either. */
const BATCH_PAGES = 64;
const BATCH_BYTES = 1_000_000;

async function* inBatches(
  pages: AsyncIterable<Page> | Iterable<Page>,
  store: Pick<DedupStore, 'pages'>,
  hash: XXHashAPI,
): AsyncGenerator<NextPage[]> {
  let batch: NextPage[] = [];
  let bytes = 0;
  for await (const page of pages) {
    batch.push(keyed(page, store, hash));
    bytes += page.body.byteLength;
    if (batch.length < BATCH_PAGES && bytes < BATCH_BYTES) continue;
    yield batch;
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) yield batch;
}

function keyed(page: Page, store: Pick<DedupStore, 'pages'>, hash: XXHashAPI): NextPage {
  const keys = keysOf(page, hash);
  const isPassedOver = page.notice === undefined && store.pages.isPassedOver(keys);
  return { page, keys, isKnown: page.notice !== undefined || isPassedOver || store.pages.has(keys.page), isPassedOver };
}

export function keysOf({ url, consent, body, fetchedAt, row, notice }: Page, hash: XXHashAPI): PageKeys {
  const keyOf = (text: string): bigint => BigInt.asIntN(64, hash.h64(text));
  const address = addressOf(url);
  // A notice is news each time, a page only when it says something else.
  const bodyHash = hash.h64Raw(body);
  const said = notice === undefined ? `${url}\n` : `${notice} ${fetchedAt} ${url}\n`;
  return {
    page: BigInt.asIntN(64, hash.h64(said + consent.conclusion, bodyHash)),
    body: bodyHash,
    url: keyOf(address),
    version: keyOf(row?.key === undefined ? address : `row ${row.key}`),
    site: keyOf(siteOf(address)),
    address,
    fetchedAt,
    ...(row?.key === undefined && { time: timeOf(fetchedAt) }),
    ...(row !== undefined && { input: keyOf(row.input) }),
  };
}

/** The pages in their order, with an answer for each that is new. */
export async function* turnsIn(
  pages: AsyncIterable<Page> | Iterable<Page>,
  store: Pick<DedupStore, 'pages'>,
  engine: Engine,
): AsyncGenerator<Turn> {
  for await (const { pages: batch, answers } of inOrder(inBatches(pages, store, engine.hash), engine)) {
    for (const [i, keyed] of batch.entries()) yield { keyed, answer: answers[i] };
  }
}

/** Answers to batches in their order, a few batches ahead. */
async function* inOrder(
  batches: AsyncIterable<NextPage[]>,
  engine: Engine,
): AsyncGenerator<{ readonly pages: readonly NextPage[]; readonly answers: readonly (Answer | undefined)[] }> {
  const ahead: { pages: NextPage[]; answers: Promise<(Answer | undefined)[]> }[] = [];
  const first = async () => {
    const { pages, answers } = ahead.shift()!;
    return { pages, answers: await answers };
  };
  for await (const pages of batches) {
    const answers = answersFor(pages, engine);
    answers.catch(() => {}); // thrown where it is awaited, in its turn
    ahead.push({ pages, answers });
    while (ahead.length >= engine.width) yield await first();
  }
  while (ahead.length > 0) yield await first();
}

/** An answer for each page that is new. */
async function answersFor(pages: readonly NextPage[], engine: Engine): Promise<(Answer | undefined)[]> {
  const answers = await engine.answer(pages.filter(({ isKnown }) => !isKnown).map(({ page }) => page));
  let next = 0;
  return pages.map(({ isKnown }) => (isKnown ? undefined : answers[next++]));
}

/**
 * Its place in the stable order, which says nothing of the moment at which a crawl came by: opt-outs come first; then texts,
 * the longest first, of equals by the hash of title and text; of one text the page fetched earliest; then what could not be
 * read.
 */
export function rankOf({ page }: KeyedPage, answer: Answer, hash: XXHashAPI): Rank {
  // An address may be a place in a file: what the text is and how it is called come before it.
  const { title, text } = 'read' in answer ? answer.read : answer.refused;
  return [...groupOf(answer), hash.h64ToString(`${title}\n${text}`), `${page.fetchedAt} ${page.id ?? ''} ${page.url}`];
}

function groupOf(answer: Answer): [group: number, length: number] {
  if ('read' in answer) return [1, -answer.assessment.measurements.syllables];
  return [answer.refused.stage === 'consent' ? 0 : 2, 0];
}
