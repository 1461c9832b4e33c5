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
import { isNamedBy, isRefusal, type Page, type RemovedNames } from '../crawlers/page.ts';
import { RULES_FILES } from '../crawlers/polite/site-rules.ts';
import { Decision } from './decision.ts';
import { leastContainment } from './dedup/near-rule.ts';
import { RemovedTexts, signatureOfText, type TextSignature } from './dedup/removed.ts';
import { writePassedOver } from './dedup/seen.ts';
import { type DedupStore, openDedupStore } from './dedup/store.ts';
import type { Cleaned, Drop } from './document.ts';
import { Engine } from './engine/engine.ts';
import { Spool } from './engine/spool.ts';
import { type Recipe, recipeOf } from './recipe.ts';
import { aheadKind, aheadOf, hostOf, idOf, type KeyedPage, timeOf } from './standing.ts';
import { rankOf, type Turn, turnsIn } from './turns.ts';

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
    const answered = turnsIn(pages, store, engine);
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
        const id = idOf(page, engine.hash);
        if (isNamed?.(keys.address, id) || texts?.holds(title, text)) yield { dropped: takenDown(page, id) };
        else {
          const ahead = aheadOf(keyed, id, aheadKind(said), store, engine.hash);
          yield new Decision(keyed, recipe, store, engine, isStable).outcome(said, ahead);
        }
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

/** What is told of an address beside its pages. */
export function hear({ page, keys }: KeyedPage, store: DedupStore): void {
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

/**
 * All pages before the first is decided on, in an order of their own: whatever asks the store of what came before gives
 * the same for any order of the input (`rankOf`). Notices are heard as they come.
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
      spool.add(rankOf(turn.keyed, answer, engine.hash), { keyed, answer });
    }
    yield* spool.inOrder();
  } finally {
    spool.close();
  }
}
