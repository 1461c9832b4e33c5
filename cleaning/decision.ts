/** What becomes of one page that was read, asked in its turn: opt-outs, versions, lines of its host, filters, duplicates. */
import type { GroupKey } from './dedup/groups.ts';
import type { Fingerprint, Neighbours, Relation } from './dedup/near.ts';
import { leastContainment } from './dedup/near-rule.ts';
import { cutPassages, type Passage, passagesIn } from './dedup/passages.ts';
import type { DedupStore } from './dedup/store.ts';
import type { Standing } from './dedup/versions.ts';
import type { Cleaned, Document, Drop } from './document.ts';
import type { Engine } from './engine/engine.ts';
import { type Answer, type Assessment, assess, type ReadPage, type Refusal, withoutPassages } from './engine/work.ts';
import type { Rejection } from './filters/filter.ts';
import type { Recipe } from './recipe.ts';
import { type Ahead, hostOf, idOf, type KeyedPage } from './standing.ts';

/** What a decision asks of what came before it, and tells it: the store, or what ranks know of each other (ranks/). */
export type Memory = Pick<
  DedupStore,
  'freeId' | 'addDocument' | 'document' | 'addCopy' | 'addReject' | 'leave' | 'leaveAsExcerpt'
> & {
  readonly exact: Pick<DedupStore['exact'], 'add'> & { find(key: bigint, print: Fingerprint): number | undefined };
  readonly near: Pick<DedupStore['near'], 'find' | 'add'>;
  readonly groups: Pick<DedupStore['groups'], 'join' | 'add'>;
  readonly copies: Pick<DedupStore['copies'], 'add'>;
  readonly lines: Pick<DedupStore['lines'], 'strip'>;
  readonly versions: Pick<DedupStore['versions'], 'earlierThan' | 'withText' | 'see' | 'met' | 'momentOf'>;
};

/** A text that passed all that is asked of it alone. */
export interface Judged {
  readonly read: ReadPage;
  readonly title: string;
  readonly assessment: Assessment;
  readonly content: bigint;
  readonly earlier: readonly Standing[];
  readonly measured: Measured;
}

/** What becomes of one page, asked in its turn. */
export class Decision {
  readonly #keyed: KeyedPage;
  readonly #recipe: Recipe;
  readonly #store: Memory;
  readonly #engine: Engine;
  readonly #id: string;
  readonly #isCounted: boolean;

  /** @param isCounted whether the lines of the page were counted for its host before */
  constructor(keyed: KeyedPage, recipe: Recipe, store: Memory, engine: Engine, isCounted = false) {
    this.#isCounted = isCounted;
    this.#keyed = keyed;
    this.#recipe = recipe;
    this.#store = store;
    this.#engine = engine;
    this.#id = idOf(keyed.page, engine.hash);
  }

  /** @param ahead what `aheadOf` said */
  outcome(answer: Answer, ahead: Ahead | undefined): Cleaned {
    if (ahead !== undefined) return this.refuse(ahead, answer);
    if ('refused' in answer) return this.#drop(answer.refused);
    const judged = this.judge(answer.read, answer.assessment);
    return 'dropped' in judged ? judged : this.settle(judged);
  }

  /** What was said of the page before its text was looked at. */
  refuse(ahead: Ahead, answer: Answer): Cleaned {
    if (ahead.reason === undefined)
      return this.#drop({ ...(answer as { refused: Refusal }).refused, other: ahead.other });
    const { title, text, charset } = 'read' in answer && ahead.stage === 'version' ? answer.read : NOTHING_READ;
    const { value = 1, threshold = 0, other } = ahead;
    return this.#drop({ stage: ahead.stage, reason: ahead.reason, value, threshold, title, text, charset, other });
  }

  /** All that is decided of a text before it is compared to others: lines of its host, filters. */
  judge(read: ReadPage, assessment: Assessment): Judged | { readonly dropped: Drop } {
    const store = this.#store;
    const { page, keys } = this.#keyed;
    const { title, text } = read.isHtml ? store.lines.strip(hostOf(page), read, this.#isCounted) : read;
    const said = { title, charset: read.charset };
    if (text !== '' && (text !== read.text || title !== read.title)) {
      assessment = assess({ ...read, text, title }, this.#engine.settings, this.#engine.hash);
    }
    const content = BigInt.asIntN(64, this.#engine.hash.h64(`${title}\n${text === '' ? '' : assessment.text}`));
    const earlier = store.versions.earlierThan(keys);
    const same = this.#supersede(content, earlier);
    if (text === '') return this.#drop({ ...NO_TEXT, ...said, text });
    const { judgement, language, measurements } = assessment;
    const measured = { ...said, text: assessment.text, language: language.code, measurements };
    if (judgement !== true) return this.#drop({ stage: judgement.stage, ...judgement.verdict, ...measured });
    if (same !== undefined) return this.#drop({ ...UNCHANGED, other: same, ...measured });
    return { read, title, assessment, content, earlier, measured };
  }

  /** What becomes of a text among those that were kept. */
  settle({ read, title, assessment, content, earlier, measured }: Judged): Cleaned {
    const store = this.#store;
    const { preset, passages } = this.#recipe;
    const { keys } = this.#keyed;
    const found = this.#relations(assessment);
    const { duplicate, excerpts = [] } = found;
    const kin = [...found.kin, ...earlier.map(({ number }) => number)];
    const whole = this.#keyOf(assessment.text);
    store.groups.join(whole, kin);
    if (duplicate !== undefined && preset !== 'keep-all') return this.#dropDuplicate(duplicate, measured);
    const cut: WithoutPassages =
      passages === 'cut' && duplicate === undefined ? this.#withoutPassages(title, assessment, found) : assessment;
    if ('duplicate' in cut) return this.#dropDuplicate(cut.duplicate, measured);
    const id = store.freeId(this.#id);
    const nearest = duplicate?.document ?? excerpts[0]?.document;
    const relative = nearest === undefined || preset !== 'keep-all' ? undefined : store.document(nearest);
    const number = store.addDocument({ id, keys, key: assessment.key, content, cluster: relative?.clusterNumber });
    store.exact.add(assessment.key, number);
    store.near.add(number, cut.print);
    const key = cut === assessment ? whole : this.#keyOf(cut.text);
    store.groups.add(number, key);
    if (cut !== assessment) store.groups.join(key, [...kin, ...(cut.kin ?? [])]);
    if (preset !== 'keep-all') {
      for (const { document, containment } of excerpts) store.leaveAsExcerpt(document, number, containment);
    }
    return { kept: this.#document(id, title, relative?.cluster ?? id, read, cut) };
  }

  /** The kept document that it repeats; else those that are excerpts of it, and the texts that share passages with it. */
  #relations({ key, print }: Assessment): Found {
    const same = this.#store.exact.find(key, print);
    if (same !== undefined) {
      const rejection = { reason: 'exact_duplicate', value: 1, threshold: 1 };
      return { duplicate: { stage: 'exact', document: same, rejection }, kin: [same] };
    }
    const { similarity } = this.#recipe.near;
    const { relations, kin, texts } = this.#store.near.find(print, similarity);
    const whole = relations.find(({ kind }) => kind !== 'superset');
    if (whole === undefined) return { excerpts: relations, kin, texts };
    const reason = whole.kind === 'copy' ? 'near_duplicate' : 'excerpt';
    const rejection = { reason, value: whole.containment, threshold: leastContainment(similarity) };
    return { duplicate: { stage: 'near', document: whole.document, rejection }, kin };
  }

  /** By which it is held out or not: of its address, of its text where it has none. */
  #keyOf(text: string): GroupKey {
    const { url, address } = this.#keyed.keys;
    const isPage = address.startsWith('//');
    return Number((isPage ? BigInt.asUintN(64, url) : this.#engine.hash.h64(text)) >> 11n);
  }

  /** Without what kept documents say as well, or the one of which too little is left then. */
  #withoutPassages(title: string, assessment: Assessment, { excerpts = [], texts = [] }: Found): WithoutPassages {
    const { text, print } = assessment;
    const leaving = new Set(excerpts.map(({ document }) => document));
    const passages = texts.flatMap(({ document, sequence }) =>
      leaving.has(document) ? [] : passagesIn(print.sequence, sequence, document),
    );
    const left = passages.length === 0 ? text : cutPassages(text, title, passages);
    if (left === text) return assessment;
    const cut = withoutPassages(assessment, left, title, this.#engine.settings, this.#engine.hash);
    if (left === '' || cut.judgement !== true) {
      const rejection = { reason: 'repeated_passages', value: 1 - left.length / text.length, threshold: 0 };
      const partners = passages.map(({ document }) => document);
      return { duplicate: { stage: 'near', document: longest(passages).document, partners, rejection } };
    }
    const { duplicate, kin } = this.#relations(cut);
    return duplicate === undefined ? { ...cut, kin } : { duplicate };
  }

  #dropDuplicate(
    { stage, document, partners = [], rejection }: Duplicate,
    measured: Measured,
  ): { readonly dropped: Drop } {
    const { page, keys } = this.#keyed;
    this.#store.groups.join(this.#keyOf(measured.text), [document]);
    this.#store.addCopy(document, keys.page, page.place);
    for (const partner of partners) this.#store.copies.add(partner, keys.page, page.place);
    return this.#drop({ stage, ...rejection, other: this.#store.document(document).id, ...measured });
  }

  /**
   * Earlier documents of what this page is a version of leave, whatever becomes of it. Not the one with the same title
   * and text: its id.
   */
  #supersede(content: bigint, earlier: readonly Standing[]): string | undefined {
    const { versions } = this.#store;
    const { keys } = this.#keyed;
    const same = earlier.length > 0 ? versions.withText(keys, content) : undefined;
    if (same !== undefined) versions.see(same.number, keys);
    for (const { number } of earlier) {
      if (number !== same?.number) this.#store.leave(number, 'superseded', this.#id, versions.momentOf(keys));
    }
    versions.met(keys);
    return same?.id;
  }

  #document(id: string, title: string, cluster: string, read: ReadPage, assessment: Assessment): Document {
    const { url, source, fetchedAt, consent, licence = 'unknown', status, row } = this.#keyed.page;
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
      httpStatus: row === undefined ? status : Number.NaN,
      rawHash: this.#keyed.keys.body.toString(16).padStart(16, '0'),
      personalData: this.#recipe.personalData,
      measurements,
    };
  }

  #drop(drop: DropOf & Partial<Drop>): { readonly dropped: Drop } {
    const { url, source, fetchedAt } = this.#keyed.page;
    if (drop.text !== '') this.#store.addReject(this.#keyed.keys);
    return { dropped: { id: this.#id, url, source, fetchedAt, other: '', language: '', ...drop } };
  }
}

const NOTHING_READ = { title: '', text: '', charset: '' };
const UNCHANGED = { stage: 'exact', reason: 'exact_duplicate', value: 1, threshold: 1 } as const;
const NO_TEXT = { stage: 'extract', reason: 'no_text', value: 0, threshold: 1 } as const;

type DropOf = Omit<Drop, 'id' | 'url' | 'source' | 'fetchedAt' | 'other' | 'language'>;
type Measured = Pick<Drop, 'title' | 'text' | 'charset' | 'language' | 'measurements'>;

interface Duplicate {
  readonly stage: 'exact' | 'near';
  /** Number of the document that was kept. */
  readonly document: number;
  /** All that say parts of it: when one of them leaves it is judged anew. */
  readonly partners?: readonly number[];
  readonly rejection: Rejection;
}

type WithoutPassages = (Assessment & Partial<Pick<Found, 'kin'>>) | { readonly duplicate: Duplicate };

interface Found {
  readonly duplicate?: Duplicate;
  readonly excerpts?: readonly Relation[];
  /** Documents that it belongs to when some are held out. */
  readonly kin: readonly number[];
  readonly texts?: Neighbours['texts'];
}

const longest = (passages: readonly Passage[]): Passage =>
  passages.reduce((best, one) => (one.to - one.from > best.to - best.from ? one : best));
