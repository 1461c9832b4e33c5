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
import { addressOf, isRefusal, type Page, siteOf, spellingOf } from '../crawlers/page.ts';
import { RULES_FILES, refusalOf } from '../crawlers/polite/site-rules.ts';
import type { Relation } from './dedup/near.ts';
import { leastContainment, type NearRule } from './dedup/near-rule.ts';
import { type DedupStore, openDedupStore } from './dedup/store.ts';
import type { PageKeys } from './dedup/versions.ts';
import type { Cleaned, Document, Drop } from './document.ts';
import { Engine } from './engine/engine.ts';
import { type Answer, type Assessment, assess, type ReadPage } from './engine/work.ts';
import type { Rejection } from './filters/filter.ts';
import { type Recipe, recipeOf } from './recipe.ts';

/** The recipe, as far as it is another than that of `vua clean`, and what the work needs beside it. */
export interface CleanOptions extends Partial<Recipe> {
  /** JSONL files of benchmark items: documents that hold one are flagged. */
  readonly contamination?: readonly string[];
  /** Threads beside this one; 0 does everything here. */
  readonly threads?: number;
  /**
   * Remembers pages, documents and host lines; the caller commits it (`store.commit`) and closes it. Without one pages
   * are compared to those of the same call only.
   */
  readonly store?: DedupStore;
}

/**
 * Opens or creates the memory of cleaning by a recipe; `:memory:` keeps nothing. By another near rule it would not find
 * what it knows.
 * @throws ToolkitError BAD_DEDUP_STORE (exit 2)
 */
export const openMemory = (path: string, { near }: Recipe): DedupStore => openDedupStore(path, near);

/**
 * One outcome for each page, in order; pages that the store knows give none and are counted in `store.skipped`.
 *
 *   for await (const { kept, dropped } of clean([pageOf(url, html)])) console.log(kept?.text ?? dropped?.reason);
 *
 * @throws ToolkitError BAD_ITEMS (exit 2) for a file of `contamination`, and whatever `pages` throws
 */
export async function* clean(
  pages: AsyncIterable<Page> | Iterable<Page>,
  options: CleanOptions = {},
): AsyncGenerator<Cleaned> {
  const recipe = recipeOf(options);
  const { contamination = [], threads = 0, store = openMemory(':memory:', recipe) } = options;
  const engine = await Engine.open({ ...recipe, contamination }, threads);
  try {
    for await (const batch of inOrder(inBatches(pages, store, engine.hash), engine)) {
      for (const [i, keyed] of batch.pages.entries()) {
        const { page, keys } = keyed;
        // A page that was known when it was read may not be any more: what leaves lets copies come back.
        const isNew = store.pages.add(keys.page);
        if (page.notice !== undefined) {
          if (isNew) hear(keyed, store);
        } else if (!isNew && store.versions.isSettled(keys)) store.skipped++;
        else yield new Decision(keyed, recipe, store, engine).outcome(batch.answers[i] ?? engine.answerHere(page));
      }
    }
  } finally {
    await engine.close();
    if (options.store === undefined) store.close();
  }
}

interface KeyedPage {
  readonly page: Page;
  readonly keys: PageKeys;
  /** It needs no answer: a notice, or dealt with in an earlier run. */
  readonly isKnown: boolean;
}

/** A batch ends with the page that reaches either. */
const BATCH_PAGES = 64;
const BATCH_BYTES = 1_000_000;

async function* inBatches(
  pages: AsyncIterable<Page> | Iterable<Page>,
  store: DedupStore,
  hash: XXHashAPI,
): AsyncGenerator<KeyedPage[]> {
  let batch: KeyedPage[] = [];
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

function keyed(page: Page, store: DedupStore, hash: XXHashAPI): KeyedPage {
  const keys = keysOf(page, hash);
  return { page, keys, isKnown: page.notice !== undefined || store.pages.has(keys.page) };
}

export function keysOf({ url, consent, body, fetchedAt, row, notice }: Page, hash: XXHashAPI): PageKeys {
  const keyOf = (text: string): bigint => BigInt.asIntN(64, hash.h64(text));
  const address = addressOf(url);
  // A notice is news each time, a page only when it says something else.
  const said = notice === undefined ? `${url}\n` : `${notice} ${fetchedAt} ${url}\n`;
  return {
    page: BigInt.asIntN(64, hash.h64(said + consent.conclusion, hash.h64Raw(body))),
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
  const { notice, consent, fetchedAt, source, body } = page;
  store.heard++;
  store.pages.speak(keys.page);
  if (notice === 'gone') store.marks.vanish(keys.url, timeOf(fetchedAt));
  if (notice === 'rules') {
    const file = RULES_FILES.find((path) => keys.address.endsWith(path))!;
    const [{ site }, time] = [keys, timeOf(fetchedAt)];
    store.hearRules({ site, file, time, agent: source, body: Buffer.from(body).toString() });
  }
  if (notice === 'unchanged') store.versions.seeAt(keys);
  if (notice === 'unchanged' && isRefusal(consent.conclusion)) store.optOut(keys.url, fetchedAt);
}

/** Answers to batches in their order, a few batches ahead. */
async function* inOrder(
  batches: AsyncIterable<KeyedPage[]>,
  engine: Engine,
): AsyncGenerator<{ readonly pages: readonly KeyedPage[]; readonly answers: readonly (Answer | undefined)[] }> {
  const ahead: { pages: KeyedPage[]; answers: Promise<(Answer | undefined)[]> }[] = [];
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
async function answersFor(pages: readonly KeyedPage[], engine: Engine): Promise<(Answer | undefined)[]> {
  const answers = await engine.answer(pages.filter(({ isKnown }) => !isKnown).map(({ page }) => page));
  let next = 0;
  return pages.map(({ isKnown }) => (isKnown ? undefined : answers[next++]));
}

/** What becomes of one page, asked in its turn. */
class Decision {
  readonly #keyed: KeyedPage;
  readonly #recipe: Recipe;
  readonly #store: DedupStore;
  readonly #engine: Engine;
  readonly #id: string;

  constructor(keyed: KeyedPage, recipe: Recipe, store: DedupStore, engine: Engine) {
    this.#keyed = keyed;
    this.#recipe = recipe;
    this.#store = store;
    this.#engine = engine;
    this.#id = keyed.page.id ?? engine.hash.h64ToString(spellingOf(keyed.page.url));
  }

  outcome(answer: Answer): Cleaned {
    const store = this.#store;
    const { page, keys } = this.#keyed;
    if ('refused' in answer) {
      if (answer.refused.stage === 'consent') {
        store.optOut(keys.url, page.fetchedAt);
        store.pages.speak(keys.page);
        for (const { number } of store.versions.earlierThan(keys)) store.leave(number, 'opted_out_later');
      } else if (this.#isOptedOut()) return this.#drop(this.#optedOut());
      store.versions.met(keys); // what could not be read replaces nothing
      const isByConsent = answer.refused.stage === 'consent';
      return this.#drop({
        ...answer.refused,
        ...(isByConsent && { other: refusalOf(page.consent, store.sites.table) }),
      });
    }
    if (this.#isOptedOut()) return this.#drop(this.#optedOut());
    const { title, text, charset } = answer.read;
    const later = store.versions.laterThan(keys);
    if (later !== undefined) {
      const moments = { value: later, threshold: store.versions.momentOf(keys) };
      return this.#drop({ ...SUPERSEDED, ...moments, title, text, charset, other: this.#id });
    }
    return this.#judge(answer.read, answer.assessment);
  }

  /** Whether its URL opted out when or after it was fetched; a later page is welcome. */
  #isOptedOut(): boolean {
    if (this.#store.sites.refuses(this.#keyed.keys)) return true;
    if (this.#store.optedOutAt(BigInt.asIntN(64, this.#engine.hash.h64(`id ${this.#id}`))) !== undefined) return true;
    const since = this.#store.optedOutAt(this.#keyed.keys.url);
    if (since === undefined) return false;
    if (timeOf(this.#keyed.page.fetchedAt) <= timeOf(since)) return true;
    this.#store.optIn(this.#keyed.keys.url);
    return false;
  }

  /** With the statement of its site that decided, where that was it. */
  #optedOut() {
    return { ...OPTED_OUT, other: this.#store.sites.refusal(this.#keyed.keys) ?? '' };
  }

  #judge(read: ReadPage, assessment: Assessment): Cleaned {
    const store = this.#store;
    const { preset, near } = this.#recipe;
    const { page, keys } = this.#keyed;
    const { title, text } = read.isHtml ? store.lines.strip(hostOf(page), read) : read;
    const said = { title, charset: read.charset };
    if (text !== '' && (text !== read.text || title !== read.title)) {
      assessment = assess({ ...read, text, title }, this.#engine.settings, this.#engine.hash);
    }
    const content = BigInt.asIntN(64, this.#engine.hash.h64(`${title}\n${text === '' ? '' : assessment.text}`));
    const same = this.#supersede(content);
    if (text === '') return this.#drop({ ...NO_TEXT, ...said, text });
    const { judgement, language, measurements } = assessment;
    const measured = { ...said, text: assessment.text, language: language.code, measurements };
    if (judgement !== true) return this.#drop({ stage: judgement.stage, ...judgement.verdict, ...measured });
    if (same !== undefined) return this.#drop({ ...UNCHANGED, other: same, ...measured });

    const { duplicate, excerpts } = findRelations(store, assessment, near);
    const nearest = duplicate?.document ?? excerpts[0]?.document;
    const relative = nearest === undefined ? undefined : store.document(nearest);
    if (duplicate !== undefined && preset !== 'keep-all') {
      store.addCopy(duplicate.document, keys.page, page.place);
      return this.#drop({ stage: duplicate.stage, ...duplicate.rejection, other: relative!.id, ...measured });
    }
    // Once more where it counts: a date has passed, or the page came with statements that its conclusion does not know.
    const refusal = refusalOf(page.consent, store.sites.table);
    if (refusal !== undefined) {
      store.optOut(keys.url, page.fetchedAt);
      store.pages.speak(keys.page);
      return this.#drop({ ...OPTED_OUT, other: refusal });
    }
    const id = store.freeId(this.#id);
    const isAlone = relative === undefined || preset !== 'keep-all';
    const cluster = isAlone ? undefined : relative.clusterNumber;
    const number = store.addDocument({ id, keys, key: assessment.key, content, cluster });
    store.exact.add(assessment.key, number);
    store.near.add(number, assessment.print);
    if (preset !== 'keep-all') {
      for (const { document, containment } of excerpts) store.leaveAsExcerpt(document, number, containment);
    }
    return { kept: this.#document(id, title, isAlone ? id : relative.cluster, read, assessment) };
  }

  /**
   * Earlier documents of what this page is a version of leave, whatever becomes of it. Not the one with the same title
   * and text: its id.
   */
  #supersede(content: bigint): string | undefined {
    const { versions } = this.#store;
    const { keys } = this.#keyed;
    const earlier = versions.earlierThan(keys);
    const same = earlier.length > 0 ? versions.withText(keys, content) : undefined;
    if (same !== undefined) versions.see(same.number, keys);
    for (const { number } of earlier) {
      if (number !== same?.number) this.#store.leave(number, 'superseded', this.#id, versions.momentOf(keys));
    }
    versions.met(keys);
    return same?.id;
  }

  #document(id: string, title: string, cluster: string, read: ReadPage, assessment: Assessment): Document {
    const { url, source, fetchedAt, consent, licence = 'unknown' } = this.#keyed.page;
    const { author, published, canonical, section, lang, charset } = read;
    const { text, language, paragraphLanguages, contamination, measurements } = assessment;
    return {
      id,
      text,
      url,
      title,
      author,
      published,
      canonical,
      section,
      lang,
      source,
      fetchedAt,
      consent,
      licence,
      charset,
      language: language.code,
      paragraphLanguages,
      diacritics: language.diacritics,
      cluster,
      contamination,
      measurements,
    };
  }

  #drop(drop: Omit<Drop, 'id' | 'url' | 'source' | 'fetchedAt' | 'other' | 'language'> & Partial<Drop>): Cleaned {
    const { url, source, fetchedAt } = this.#keyed.page;
    if (drop.text !== '') this.#store.addReject(this.#keyed.keys);
    return { dropped: { id: this.#id, url, source, fetchedAt, other: '', language: '', ...drop } };
  }
}

const NOTHING_READ = { title: '', text: '', charset: '' };
const OPTED_OUT = { stage: 'consent', reason: 'opted_out_later', value: 1, threshold: 0, ...NOTHING_READ } as const;
const SUPERSEDED = { stage: 'version', reason: 'superseded' } as const;
const UNCHANGED = { stage: 'exact', reason: 'exact_duplicate', value: 1, threshold: 1 } as const;
const NO_TEXT = { stage: 'extract', reason: 'no_text', value: 0, threshold: 1 } as const;

interface Duplicate {
  readonly stage: 'exact' | 'near';
  /** Number of the document that was kept. */
  readonly document: number;
  readonly rejection: Rejection;
}

/** The document that it repeats; else those that are excerpts of it. */
interface Relations {
  readonly duplicate?: Duplicate;
  readonly excerpts: readonly Relation[];
}

function findRelations(store: DedupStore, { key, print }: Assessment, { similarity }: NearRule): Relations {
  const same = store.exact.find(key);
  if (same !== undefined) {
    const rejection = { reason: 'exact_duplicate', value: 1, threshold: 1 };
    return { duplicate: { stage: 'exact', document: same, rejection }, excerpts: [] };
  }
  const relations = store.near.find(print, similarity);
  const whole = relations.find(({ kind }) => kind !== 'superset');
  if (whole === undefined) return { excerpts: relations };
  const reason = whole.kind === 'copy' ? 'near_duplicate' : 'excerpt';
  const rejection = { reason, value: whole.containment, threshold: leastContainment(similarity) };
  return { duplicate: { stage: 'near', document: whole.document, rejection }, excerpts: [] };
}

function hostOf({ url, source }: Page): string {
  return URL.canParse(url) ? new URL(url).host || source : source;
}

const timeOf = (moment: string): number => Date.parse(moment) || 0;
