/** What documents are like, in figures that add up: of a night, a folder, several folders. */
import type { Cleaned, Document, Drop } from '../../cleaning/document.ts';
import { MEASUREMENTS } from '../../cleaning/document.ts';
import { urlOf } from '../../crawlers/page.ts';
import type { Row } from './read.ts';
import { Sketch, type SketchFigures } from './sketch.ts';

/** Text columns that a source fills or does not: one that is empty from one night to the next has lost a field. */
export const OPTIONAL_COLUMNS = [
  'url',
  'title',
  'author',
  'published',
  'canonical',
  'section',
  'lang',
  'source',
  'fetched_at',
  'licence',
] as const;

export interface Amount {
  documents: number;
  /** UTF-8 bytes of text. */
  bytes: number;
}

/** Cases, and of how many. */
export interface Share {
  count: number;
  of: number;
}

/** A profile as JSON has it. */
export interface ProfileFigures {
  readonly documents: number;
  readonly rejects: number;
  readonly bytes: number;
  /** By the day of `fetched_at`, UTC. */
  readonly days: Readonly<Record<string, Amount>>;
  readonly hosts: Readonly<Record<string, Amount>>;
  /** Documents in which a column is not empty. */
  readonly filled: Readonly<Record<string, number>>;
  readonly shares: Readonly<Record<ShareName, Share>>;
  /** Of documents, not of rejects. */
  readonly measurements: Readonly<Record<string, SketchFigures>>;
}

export const SHARES = [
  'other_language', //         pages in another language / pages whose language is known
  'without_diacritics', //     Vietnamese pages typed without diacritics / Vietnamese pages
  'duplicates', //             exact and near / pages
  'empty', //                  pages without text / pages
  'replacement_characters', // documents and rejects that hold U+FFFD / those with text
  'contaminated', //           documents that hold a benchmark item / documents
] as const;
export type ShareName = (typeof SHARES)[number];

/** Of a row, whether it was just decided or read back. */
interface Facts {
  readonly url: string;
  readonly day: string;
  readonly language: string;
  readonly reason: string;
  readonly stage: string;
  readonly hasText: boolean;
  readonly isReplaced: boolean;
}

const OTHER_LANGUAGE = ['not_vietnamese', 'mostly_other_language'];
/** Stations before the one that tells languages. */
const UNREAD = ['consent', 'decode', 'extract', 'version'];
const EMPTY = ['empty', 'no_text'];
const REPLACEMENT = Buffer.from('\uFFFD');

export class Profile {
  documents = 0;
  rejects = 0;
  bytes = 0;
  readonly days = new Map<string, Amount>();
  readonly hosts = new Map<string, Amount>();
  readonly filled = new Map<string, number>();
  readonly shares = Object.fromEntries(SHARES.map((name) => [name, { count: 0, of: 0 }])) as Record<ShareName, Share>;
  readonly measurements = new Map<string, Sketch>();

  static of(figures: ProfileFigures): Profile {
    const profile = new Profile();
    const { documents, rejects, bytes, days, hosts, filled, shares, measurements } = figures;
    Object.assign(profile, { documents, rejects, bytes });
    for (const [day, amount] of Object.entries(days)) profile.days.set(day, { ...amount });
    for (const [host, amount] of Object.entries(hosts)) profile.hosts.set(host, { ...amount });
    for (const [column, count] of Object.entries(filled)) profile.filled.set(column, count);
    for (const name of SHARES) Object.assign(profile.shares[name], shares[name]);
    for (const [name, sketch] of Object.entries(measurements)) profile.measurements.set(name, Sketch.of(sketch));
    return profile;
  }

  /** One outcome of cleaning. */
  add({ kept, dropped }: Cleaned): void {
    const { url, fetchedAt, language, text } = (kept ?? dropped) as Document | Drop;
    const { stage, reason } = dropped ?? { stage: '', reason: '' };
    const facts = { url, day: dayOf(fetchedAt), language, stage, reason, hasText: text !== '' };
    this.#count({ ...facts, isReplaced: text.includes('\uFFFD') });
    if (kept === undefined) return;
    this.#keep(url, facts.day, kept.measurements.bytes, kept.diacritics, kept.contamination);
    for (const column of OPTIONAL_COLUMNS) if (valueIn(kept, column) !== '') this.#fill(column);
    for (const name of MEASUREMENTS) this.#measure(name, kept.measurements[name]);
  }

  /** A row that was read back. */
  addRow(row: Row, text: Uint8Array): void {
    const isKept = row.kind === 'documents';
    const url = row.string('url');
    const [stage, reason] = isKept ? ['', ''] : [row.string('stage'), row.string('reason')];
    const day = dayOf(row.string('fetched_at'));
    const isReplaced = Buffer.from(text.buffer, text.byteOffset, text.byteLength).includes(REPLACEMENT);
    this.#count({ url, day, language: row.string('language'), stage, reason, hasText: text.length > 0, isReplaced });
    if (!isKept) return;
    this.#keep(url, day, text.length, row.string('diacritics'), row.string('contamination'));
    for (const column of OPTIONAL_COLUMNS) if (row.string(column) !== '') this.#fill(column);
    for (const name of MEASUREMENTS) this.#measure(name, row.number(name));
  }

  merge(other: Profile): void {
    this.documents += other.documents;
    this.rejects += other.rejects;
    this.bytes += other.bytes;
    for (const key of ['days', 'hosts'] as const) {
      for (const [name, { documents, bytes }] of other[key]) addTo(this[key], name, bytes, documents);
    }
    for (const [column, count] of other.filled) this.#fill(column, count);
    for (const name of SHARES) {
      this.shares[name].count += other.shares[name].count;
      this.shares[name].of += other.shares[name].of;
    }
    for (const [name, sketch] of other.measurements) this.#sketch(name).merge(sketch);
  }

  toJSON(): ProfileFigures {
    const { documents, rejects, bytes, days, hosts, filled, shares, measurements } = this;
    const sorted = [...days].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      ...{ documents, rejects, bytes, days: Object.fromEntries(sorted), hosts: Object.fromEntries(hosts) },
      ...{ filled: Object.fromEntries(filled), shares },
      measurements: Object.fromEntries([...measurements].map(([name, sketch]) => [name, sketch.toJSON()])),
    };
  }

  #count({ language, stage, reason, hasText, isReplaced }: Facts): void {
    if (stage !== '') this.rejects++;
    const { shares } = this;
    const tally = (name: ShareName, isCase: boolean): void => {
      shares[name].of++;
      if (isCase) shares[name].count++;
    };
    tally('duplicates', stage === 'exact' || stage === 'near');
    tally('empty', EMPTY.includes(reason));
    if (hasText) tally('replacement_characters', isReplaced);
    const isBare = reason === 'no_diacritics';
    const isOther = OTHER_LANGUAGE.includes(reason) || (language !== 'vie' && !isBare);
    if (UNREAD.includes(stage)) return;
    if (language !== '' || isOther) tally('other_language', isOther);
    if (isBare || (language !== '' && !isOther && stage !== '')) tally('without_diacritics', isBare);
  }

  #keep(url: string, day: string, bytes: number, diacritics: string, contamination: string): void {
    this.documents++;
    this.bytes += bytes;
    addTo(this.days, day, bytes);
    addTo(this.hosts, hostOf(url), bytes);
    const { without_diacritics: bare, contaminated } = this.shares;
    bare.of++;
    if (diacritics === 'absent') bare.count++;
    contaminated.of++;
    if (contamination !== '') contaminated.count++;
  }

  #fill(column: string, count = 1): void {
    this.filled.set(column, (this.filled.get(column) ?? 0) + count);
  }

  #measure(name: string, value: number): void {
    if (!Number.isNaN(value)) this.#sketch(name).add(value);
  }

  #sketch(name: string): Sketch {
    const sketch = this.measurements.get(name) ?? new Sketch();
    this.measurements.set(name, sketch);
    return sketch;
  }
}

/** `2026-05-01`; what says no day is `unknown`. */
const dayOf = (time: string): string => /^\d{4}-\d\d-\d\d/.exec(time)?.[0] ?? 'unknown';

/** Of a file: its name without the row. */
export function hostOf(url: string): string {
  return urlOf(url)?.host || url.replace(/[#?].*$/, '') || 'unknown';
}

/** Host of an address of the web; empty of any other. */
export function webHostOf(url: string): string {
  return PLAIN_HOST.exec(url)?.[1] ?? (/^https?:/.test(url) ? urlOf(url)?.host : undefined) ?? '';
}

/** Of most addresses the host stands there as a parser would give it: small letters, no port, no number, no Punycode. */
const PLAIN_HOST = /^https?:\/\/((?:(?!xn--)[a-z0-9-]+\.)+[a-z]{2,})(?=[/?#]|$)/;

const valueIn = (document: Document, column: (typeof OPTIONAL_COLUMNS)[number]): string =>
  column === 'fetched_at' ? document.fetchedAt : document[column];

function addTo(amounts: Map<string, Amount>, name: string, bytes: number, documents = 1): void {
  const amount = amounts.get(name) ?? { documents: 0, bytes: 0 };
  amounts.set(name, amount);
  amount.documents += documents;
  amount.bytes += bytes;
}
