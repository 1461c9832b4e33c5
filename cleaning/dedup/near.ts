/**
 * Near duplicates and excerpts against all documents of all nights: bands of signatures and anchors of passages propose
 * kept documents, and their texts decide, by how much of the one stands in the other. A document is only ever compared to
 * kept ones, so nothing is a duplicate through a third.
 *
 *   copy       both say the same
 *   excerpt    the new text stands in a kept one that is longer
 *   superset   the new text holds a kept one, and more
 *
 * What stands in five kept texts and more (licences, preambles, forms, verses) counts for none of them.
 */
import type { Database } from 'better-sqlite3';
import { readSyllables, type Syllable } from '../vietnamese/lexicon.ts';
import { BandIndex, bandsSchema } from './bands.ts';
import { countOf, Reading } from './containment.ts';
import { bandKeys, minima, type Signature, shingles, signatureOf, similarityToBytes } from './minhash.ts';
import { leastContainment, type Shape, STANDARD_SHAPE } from './near-rule.ts';
import { anchorsOf, countShingles, type Sequence, sequenceOf } from './sequence.ts';

/** All that is asked of a text. */
export interface Fingerprint {
  readonly signature: Signature;
  readonly sequence: Sequence;
  readonly anchors: Float64Array;
}

export function fingerprint(syllables: readonly Syllable[]): Fingerprint {
  const sequence = sequenceOf(syllables);
  return { signature: signatureOf(minima(shingles(syllables))), sequence, anchors: anchorsOf(sequence) };
}

export const NO_FINGERPRINT: Fingerprint = {
  signature: new Uint16Array(),
  sequence: new Uint16Array(),
  anchors: new Float64Array(),
};

/** Whether a layout repeats the title at the head of the text makes no difference to dedup. */
export function withoutTitle(syllables: readonly Syllable[], title: string): readonly Syllable[] {
  const heading = readSyllables(title);
  const repeats = heading.length < syllables.length && heading.every(({ folded }, i) => folded === syllables[i].folded);
  return repeats ? syllables.slice(heading.length) : syllables;
}

export interface Relation {
  readonly kind: 'copy' | 'excerpt' | 'superset';
  /** Number of the kept document. */
  readonly document: number;
  /** Share of the shorter text's shingles that stand in the other, 0…1. */
  readonly containment: number;
}

/** Kept documents that a text is compared to. */
export interface Neighbours {
  /** The most contained first, of equals the earliest. */
  readonly relations: readonly Relation[];
  /** All of which it says nearly the same or a part, boilerplate and forms included. */
  readonly kin: readonly number[];
  /** Those that share keys with it. */
  readonly texts: readonly { readonly document: number; readonly sequence: Sequence }[];
}

/** A kept text and the number of its distinct shingles. */
export interface KeptText {
  readonly document: number;
  readonly size: number;
  readonly sequence: Sequence;
}

/** Documents of one key that are looked at: its first members stand for all. */
export const MAX_CANDIDATES_PER_KEY = 16;
/** Texts that are read for one document, and how much must speak for each: a key that sixteen share speaks with 1/16. */
const MAX_CANDIDATES = 16;
const MIN_WEIGHT = 0.2;
/** So many kept texts besides make a shingle boilerplate. */
const BOILERPLATE = 5;
/** Where fewer shingles are left beside boilerplate, all of them count, and nearly all must be equal. */
const MIN_COUNTED = 5;
const ALL_EQUAL = 0.95;
/** Shingles of the shortest text that is an excerpt. */
const MIN_EXCERPT = 16;

/** Documents that share keys with a text, by what speaks for each. */
export class Candidates {
  readonly #weights = new Map<number, number>();

  /** The documents of one key: bands first, then anchors, each in its order. */
  add(documents: Iterable<number>, size: number): void {
    for (const document of documents) this.#weights.set(document, (this.#weights.get(document) ?? 0) + 1 / size);
  }

  likeliest(): number[] {
    return [...this.#weights]
      .filter(([, weight]) => weight >= MIN_WEIGHT)
      .sort(([a, heavy], [b, light]) => light - heavy || a - b)
      .slice(0, MAX_CANDIDATES)
      .map(([document]) => document);
  }
}

export const NEAR_SCHEMA = `
  CREATE TABLE IF NOT EXISTS signatures (document INTEGER PRIMARY KEY, signature BLOB NOT NULL);
  CREATE TABLE IF NOT EXISTS texts (document INTEGER PRIMARY KEY, sequence BLOB NOT NULL);
  ${bandsSchema('')}
  ${bandsSchema('anchor_')}
`;

/** Kept texts whose size is remembered. */
const MAX_SIZES = 100_000;

/** Documents that are read at once when the store is opened. */
const PORTION = 1_000;

interface Text {
  readonly document: number;
  readonly sequence: Buffer;
}

export class NearIndex {
  readonly #signatureOf;
  readonly #textOf;
  readonly #addSignature;
  readonly #addText;
  readonly #forget;
  readonly #bands: BandIndex;
  readonly #anchors: BandIndex;
  readonly #signaturesBehind;
  readonly #textsBehind;
  readonly #shape: Shape;
  readonly #sizes = new Map<number, number>();

  constructor(database: Database, shape: Shape = STANDARD_SHAPE) {
    this.#shape = shape;
    this.#signatureOf = database
      .prepare<[number], Buffer>('SELECT signature FROM signatures WHERE document = ?')
      .pluck();
    this.#textOf = database.prepare<[number], Buffer>('SELECT sequence FROM texts WHERE document = ?').pluck();
    this.#addSignature = database.prepare<[number, Buffer]>('INSERT INTO signatures VALUES (?, ?)');
    this.#addText = database.prepare<[number, Buffer]>('INSERT OR REPLACE INTO texts VALUES (?, ?)');
    this.#forget = [
      database.prepare<[number]>('DELETE FROM signatures WHERE document = ?'),
      database.prepare<[number]>('DELETE FROM texts WHERE document = ?'),
    ];
    const behind = (table: string): string =>
      `SELECT * FROM ${table} WHERE document > ? ORDER BY document LIMIT ${PORTION}`;
    this.#signaturesBehind = database.prepare<[number], { document: number; signature: Buffer }>(behind('signatures'));
    this.#textsBehind = database.prepare<[number], Text>(behind('texts'));
    this.#bands = new BandIndex(database);
    this.#anchors = new BandIndex(database, { prefix: 'anchor_' });
    let last = this.#bands.lastDocument;
    for (let rows = this.#signaturesBehind.all(last); rows.length > 0; rows = this.#signaturesBehind.all(last)) {
      for (const { document, signature } of rows) this.#bands.restore(document, bandKeys(wordsIn(signature), shape));
      last = rows.at(-1)!.document;
    }
    this.#readTexts((document, keys) => this.#anchors.restore(document, keys));
  }

  /** Finds texts by their anchors that were added behind its back. */
  readTexts(): void {
    this.#readTexts((document, keys) => this.#anchors.add(document, keys));
  }

  #readTexts(take: (document: number, anchors: Float64Array) => void): void {
    let last = this.#anchors.lastAdded;
    for (let rows = this.#textsBehind.all(last); rows.length > 0; rows = this.#textsBehind.all(last)) {
      for (const { document, sequence } of rows) take(document, anchorsOf(wordsIn(sequence)));
      last = rows.at(-1)!.document;
    }
  }

  find({ signature, sequence, anchors }: Fingerprint, similarity: number): Neighbours {
    const candidates = this.#candidates(signature, anchors);
    if (candidates.length === 0) return NO_NEIGHBOURS;
    const texts = candidates.flatMap((document): KeptText[] => {
      const text = this.#textOf.get(document);
      if (text === undefined) return [];
      const other = wordsIn(text);
      return [{ document, size: this.#sizeOf(document, other), sequence: other }];
    });
    const found = neighboursOf(sequence, texts, similarity);
    if (texts.length === candidates.length) return found;
    const estimated = this.#bySignature(candidates, signature, similarity);
    const relations = [...found.relations, ...estimated].sort(mostContained);
    return { relations, kin: [...found.kin, ...estimated.map(({ document }) => document)], texts };
  }

  /** Distinct shingles of a kept text: a form or a template is asked for again and again. */
  #sizeOf(document: number, sequence: Sequence): number {
    let size = this.#sizes.get(document);
    if (size !== undefined) return size;
    if (this.#sizes.size >= MAX_SIZES) this.#sizes.clear();
    size = countShingles(sequence);
    this.#sizes.set(document, size);
    return size;
  }

  /** Documents must be added in order of their numbers. */
  add(document: number, { signature, sequence, anchors }: Fingerprint): void {
    this.#addSignature.run(document, bytesOf(signature));
    this.addText(document, sequence);
    this.#bands.add(document, bandKeys(signature, this.#shape));
    this.#anchors.add(document, anchors);
  }

  /** Of a document that an older store knows by its signature alone; `readTexts` when there are no more. */
  addText(document: number, sequence: Sequence): void {
    this.#sizes.delete(document);
    this.#addText.run(document, bytesOf(sequence));
  }

  forget(document: number): void {
    this.#sizes.delete(document);
    for (const statement of this.#forget) statement.run(document);
  }

  /** Kept documents that share keys with the text, those of rare keys first. */
  #candidates(signature: Signature, anchors: Float64Array): number[] {
    const candidates = new Candidates();
    const documents = new Set<number>();
    const weigh = (index: BandIndex, keys: Iterable<number>): void => {
      for (const key of keys) {
        documents.clear();
        index.find(key, MAX_CANDIDATES_PER_KEY, documents);
        candidates.add(documents, documents.size);
      }
    };
    weigh(this.#bands, bandKeys(signature, this.#shape));
    weigh(this.#anchors, anchors);
    return candidates.likeliest();
  }

  /** In an older store whose texts nobody read yet the estimate must do. */
  #bySignature(candidates: readonly number[], signature: Signature, similarity: number): Relation[] {
    return candidates.flatMap((document): Relation[] => {
      const stored = this.#textOf.get(document) === undefined ? this.#signatureOf.get(document) : undefined;
      const estimate = stored === undefined ? 0 : similarityToBytes(signature, stored);
      return estimate < similarity ? [] : [{ kind: 'copy', document, containment: leastContainment(estimate) }];
    });
  }
}

/** How a text stands to kept ones. */
export function neighboursOf(sequence: Sequence, texts: readonly KeptText[], similarity: number): Neighbours {
  const reading = new Reading(sequence);
  const found = texts.map((text) => {
    const shared = reading.sharedWith(text.sequence);
    return { ...text, shared, count: countOf(shared) };
  });
  const boilerplate = boilerplateOf(found.map(({ shared }) => shared));
  const kin: number[] = [];
  const relations = found.flatMap(({ document, size, sequence: other, shared, count }): Relation[] => {
    const whole = relationOf(reading.size, size, count, similarity);
    if (whole === undefined) return [];
    kin.push(document);
    const common = boilerplate === undefined ? 0 : countOf(boilerplate.map((mark, i) => mark & shared[i]));
    const left = reading.size - (boilerplate === undefined ? 0 : countOf(boilerplate));
    const relation =
      Math.min(left, size - common) < MIN_COUNTED
        ? relationOf(reading.size, size, count, ALL_EQUAL)
        : relationOf(left, size - common, count - common, similarity);
    if (relation === undefined) return [];
    return isOtherText(relation.kind, reading, shared, other, sequence) ? [] : [{ ...relation, document }];
  });
  relations.sort(mostContained);
  return { relations, kin, texts };
}

const NO_NEIGHBOURS: Neighbours = { relations: [], kin: [], texts: [] };

const mostContained = (a: Relation, b: Relation): number => b.containment - a.containment || a.document - b.document;

/** Two sets of shingles by their sizes and by what they share. */
function relationOf(
  own: number,
  other: number,
  shared: number,
  similarity: number,
): Pick<Relation, 'kind' | 'containment'> | undefined {
  const shorter = Math.min(own, other);
  const containment = shared / shorter;
  if (!(containment >= leastContainment(similarity))) return undefined;
  if (shared / (own + other - shared) >= similarity) return { kind: 'copy', containment };
  if (shorter < MIN_EXCERPT) return undefined;
  return { kind: own <= other ? 'excerpt' : 'superset', containment };
}

/** Shingles that so many of the texts share. */
function boilerplateOf(texts: readonly Uint8Array[]): Uint8Array | undefined {
  if (texts.length < BOILERPLATE) return undefined;
  const marks = new Uint8Array(texts[0].length);
  for (const text of texts) for (let i = 0; i < text.length; i++) marks[i] += text[i];
  for (let i = 0; i < marks.length; i++) marks[i] = Number(marks[i] >= BOILERPLATE);
  return marks;
}

/** Whether what they do not share makes them texts of their own. */
function isOtherText(kind: Relation['kind'], own: Reading, shared: Uint8Array, other: Sequence, sequence: Sequence) {
  if (kind !== 'superset' && own.isOtherFilling(shared)) return true;
  if (kind === 'excerpt') return own.hasOwnPassage(shared);
  if (kind === 'copy' && !own.hasOwnEnd(shared)) return false;
  const reading = new Reading(other);
  const its = reading.sharedWith(sequence);
  return kind === 'copy' ? reading.hasOwnEnd(its) : reading.isOtherFilling(its) || reading.hasOwnPassage(its);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint16Array): Buffer =>
  Buffer.from(buffer, byteOffset, byteLength);
const wordsIn = ({ buffer, byteOffset, byteLength }: Buffer): Uint16Array =>
  new Uint16Array(buffer.slice(byteOffset, byteOffset + byteLength));
