/**
 * Page → Document, or the reason why not. The stations, in order:
 *
 *   consent        what the site said about training and indexing, then or later
 *   decode         bytes → text                                   charset.ts, legacy.ts
 *   extract        HTML → metadata and main text                  extract.ts, html/, dedup/lines.ts (per host)
 *   normalise      one spelling            mojibake.ts, capitals.ts, written-marks.ts, normalize.ts
 *   version        the page of an address that was fetched last holds      dedup/versions.ts
 *   identify       Vietnamese? with diacritics? paragraph by paragraph   language.ts, syllables.ts
 *   filter         measurements against thresholds                measure.ts, filters/
 *   personal data  tags in its place                              pii.ts
 *   dedup          exact and near, against all nights before      dedup/
 *
 * Up to dedup a page is judged by itself: pure functions (work.ts), on worker threads where there is enough to do
 * (engine.ts). Only opt-outs, versions, host lines and dedup ask the store, here, in the order of pages: the same pages in the same
 * order give the same documents, whatever the number of threads.
 */
import type { XXHashAPI } from 'xxhash-wasm';
import { addressOf, isNamedBy, isRefusal, type Page, type RemovedNames, siteOf, spellingOf } from '../crawlers/page.ts';
import { RULES_FILES } from '../crawlers/polite/site-rules.ts';
import { Decision, hostOf, type KeyedPage, timeOf } from './decision.ts';
import { leastContainment } from './dedup/near-rule.ts';
import { RemovedTexts, signatureOfText, type TextSignature } from './dedup/removed.ts';
import { writePassedOver } from './dedup/seen.ts';
import { type DedupStore, openDedupStore } from './dedup/store.ts';
import type { PageKeys } from './dedup/versions.ts';
import type { Cleaned, Drop } from './document.ts';
import { Engine } from './engine/engine.ts';
import { Spool } from './engine/spool.ts';
import type { Answer } from './engine/work.ts';
import { type Recipe, recipeOf } from './recipe.ts';

/** The recipe, as far as it is another than that of `vua clean`, and what the work needs beside it. */
export interface CleanOptions extends Partial<Recipe> {
  /** JSONL files of benchmark items: documents that hold one are flagged. */
  readonly contamination?: readonly string[];
  /** Files that `vua quality train` wrote: what they say of a text stands among its measurements. */
  readonly scorers?: readonly string[];
  /** Threads beside this one; 0 does everything here. */
  readonly threads?: number;
  /**
   * Remembers pages, documents and host lines; the caller commits it (`store.commit`) and closes it. Without one pages
   * are compared to those of the same call only.
   */
  readonly store?: DedupStore;
  /** What was taken down: no page of it becomes a document, and of its text nothing is kept. */
  readonly removed?: Removed;
}

export interface Removed extends RemovedNames {
  readonly texts: readonly TextSignature[];
}

/**
 * Opens or creates the memory of cleaning by a recipe; `:memory:` keeps nothing. By another near rule it would not find
 * what it knows.
 * @throws ToolkitError BAD_DEDUP_STORE (exit 2)
 */
export const openMemory = (path: string, { near }: Recipe): DedupStore => openDedupStore(path, near);

/** By what a text that was taken down is told again; `undefined` of an empty one. */
export const signText = signatureOfText;

/** Whether a text is one that was taken down, stands in one or holds one, by the near rule of a recipe. */
export function removedTexts(texts: Iterable<TextSignature>, { near }: Recipe): Pick<RemovedTexts, 'holds'> {
  return new RemovedTexts(texts, leastContainment(near.similarity));
}

/** Pages that the memory of a rejected night knows and that of the one before it does not: counted, passed over from now on. */
export const passOver = writePassedOver;

/**
 * One outcome for each page, in order; pages that the store knows give none and are counted in `store.skipped`.
 *
 *   for await (const { kept, dropped } of clean([pageOf(url, html)])) console.log(kept?.text ?? dropped?.reason);
 *
 * @throws ToolkitError BAD_ITEMS, BAD_SCORER (exit 2) for a file of `contamination` or `scorers`, and whatever `pages` throws
 */
export async function* clean(
  pages: AsyncIterable<Page> | Iterable<Page>,
  options: CleanOptions = {},
): AsyncGenerator<Cleaned> {
  const recipe = recipeOf(options);
  const { contamination = [], scorers = [], threads = 0, removed, store = openMemory(':memory:', recipe) } = options;
  const texts = removed && removedTexts(removed.texts, recipe);
  const isNamed = removed && isNamedBy(removed);
  const engine = await Engine.open({ ...recipe, contamination, scorers }, threads);
  try {
    const answered = turnsOf(inOrder(inBatches(pages, store, engine.hash), engine));
    const isStable = recipe.dedupOrder === 'stable';
    for await (const { keyed, answer } of isStable ? inStableOrder(answered, store, engine) : answered) {
      const { page, keys } = keyed;
      // A page that was known when it was read may not be any more: what leaves lets copies come back.
      const isNew = store.pages.add(keys.page);
      const isSettled = () => !keyed.isUnsettled && store.versions.isSettled(keys, page.place, isStable);
      if (page.notice !== undefined) {
        if (isNew) hear(keyed, store);
      } else if (keyed.isPassedOver || (!isNew && isSettled())) store.skipped++;
      else {
        const said = answer ?? (await engine.answerHere(page));
        const { title, text } = 'read' in said ? said.read : said.refused;
        const id = page.id ?? engine.hash.h64ToString(spellingOf(page.url));
        if (isNamed?.(keys.address, id) || texts?.holds(title, text)) yield { dropped: takenDown(page, id) };
        else yield new Decision(keyed, recipe, store, engine, isStable).outcome(said);
      }
    }
  } finally {
    await engine.close();
    if (options.store === undefined) store.close();
  }
}

const takenDown = ({ url, source, fetchedAt }: Page, id: string): Drop => ({
  ...{ id, url, source, fetchedAt, stage: 'consent', reason: 'removed', value: 1, threshold: 0 },
  ...{ title: '', text: '', charset: '', other: '', language: '' },
});

/** A page as it comes. */
interface NextPage extends KeyedPage {
  /** It needs no answer: a notice, or dealt with in an earlier run. */
  readonly isKnown: boolean;
  /** It is of a night that was rejected. */
  readonly isPassedOver: boolean;
  /** It is known, and must be decided on again. */
  readonly isUnsettled?: boolean;
}

/** A page that is to be decided on, and what was answered for it ahead of its turn. */
interface Turn {
  readonly keyed: NextPage;
  readonly answer?: Answer;
}

/** A batch ends with the page that reaches either. */
const BATCH_PAGES = 64;
const BATCH_BYTES = 1_000_000;

async function* inBatches(
  pages: AsyncIterable<Page> | Iterable<Page>,
  store: DedupStore,
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

function keyed(page: Page, store: DedupStore, hash: XXHashAPI): NextPage {
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

/** What is told of an address beside its pages. */
function hear({ page, keys }: KeyedPage, store: DedupStore): void {
  const { notice, fetchedAt, source, body } = page;
  store.heard++;
  store.pages.speak(keys.page);
  if (notice === 'gone') store.marks.vanish(keys.url, timeOf(fetchedAt));
  if (notice === 'rules') {
    const file = RULES_FILES.find((path) => keys.address.endsWith(path))!;
    const [{ site }, time] = [keys, timeOf(fetchedAt)];
    store.hearRules({ site, file, time, agent: source, body: Buffer.from(body).toString() });
  }
  if (notice === 'unchanged') revisit({ page, keys }, store);
}

/** A page holds still, or opts out with a 304. */
function revisit({ page, keys }: KeyedPage, store: DedupStore): void {
  const { consent, fetchedAt, confirms } = page;
  const fetched = confirms === undefined ? undefined : timeOf(confirms);
  const isRefused = isRefusal(consent.conclusion);
  if (fetched === undefined) {
    store.marks.stands(keys.url, timeOf(fetchedAt));
    if (isRefused) store.optOut(keys.url, fetchedAt);
    return;
  }
  const since = store.optedOutAt(keys.url);
  const isOptedOut = since !== undefined && timeOf(fetchedAt) <= timeOf(since);
  if (isRefused) store.versions.refuse(keys, fetched);
  const isTakenBack = store.versions.isRefused(keys, fetched);
  const isForbidden = isTakenBack || isOptedOut || store.sites.refuses(keys);
  // What was refused for an opt-out that is later by the clock was open itself.
  if (store.versions.confirm(keys, fetched, isForbidden)) store.optIn(keys.url);
  // As late as anything that is known of what it takes back: the clock may have been set back since.
  if (isTakenBack) store.optOut(keys.url, new Date(store.versions.momentOf({ ...keys, time: fetched })).toISOString());
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

async function* turnsOf(batches: ReturnType<typeof inOrder>): AsyncGenerator<Turn> {
  for await (const { pages, answers } of batches) {
    for (const [i, keyed] of pages.entries()) yield { keyed, answer: answers[i] };
  }
}

/**
 * All pages before the first is decided on, in an order of their own: whatever asks the store of what came before gives
 * the same for any order of the input. Opt-outs come first; then texts, the longest first, of equals by the hash of title
 * and text, which says nothing of the moment at which a crawl came by; of one text the page fetched earliest; then what
 * could not be read. Notices are heard as they come.
 */
async function* inStableOrder(turns: AsyncIterable<Turn>, store: DedupStore, engine: Engine): AsyncGenerator<Turn> {
  const spool = new Spool<Turn>();
  try {
    for await (const turn of turns) {
      const { page, keys, isKnown, isPassedOver } = turn.keyed;
      if (page.notice !== undefined) {
        yield turn;
        continue;
      }
      if (isPassedOver || (isKnown && store.versions.isSettled(keys, page.place))) {
        store.skipped++;
        continue;
      }
      const answer = turn.answer ?? (await engine.answerHere(page));
      if ('read' in answer) {
        store.versions.met(keys);
        if (answer.read.isHtml) store.lines.strip(hostOf(page), answer.read);
      }
      const keyed = { ...turn.keyed, page: { ...page, body: new Uint8Array() }, isUnsettled: isKnown };
      // An address may be a place in a file: what the text is and how it is called come before it.
      const { title, text } = 'read' in answer ? answer.read : answer.refused;
      const said = engine.hash.h64ToString(`${title}\n${text}`);
      spool.add([...rankOf(answer), said, `${page.fetchedAt} ${page.id ?? ''} ${page.url}`], { keyed, answer });
    }
    yield* spool.inOrder();
  } finally {
    spool.close();
  }
}

function rankOf(answer: Answer): [group: number, length: number] {
  if ('read' in answer) return [1, -answer.assessment.measurements.syllables];
  return [answer.refused.stage === 'consent' ? 0 : 2, 0];
}
