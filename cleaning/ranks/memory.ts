/** What a decision asks of texts before it, where those are spread over ranks: numbers of documents are those of the stable order. */
import type { Memory } from '../decision.ts';
import type { GroupKey } from '../dedup/groups.ts';
import { type Fingerprint, type Neighbours, neighboursOf } from '../dedup/near.ts';
import type { DedupStore, NewDocument } from '../dedup/store.ts';
import type { KnownText, RankText } from './texts.ts';

/** Stands for the id of a document, and of the first of its cluster, until all are decided. */
const NAME = '\0';
const CLUSTER = '\0c';

/** The number of a document that a name stands for; `undefined` where it is one. */
export function numberIn(name: string): { readonly number: number; readonly isCluster: boolean } | undefined {
  if (!name.startsWith(NAME)) return undefined;
  const isCluster = name.startsWith(CLUSTER);
  return { number: Number(name.slice(isCluster ? CLUSTER.length : NAME.length)), isCluster };
}

/** What is known of texts before one. */
export interface Before {
  /** Whoever stands with this key of exact duplicates. */
  exact(key: bigint, query: number): number | undefined;
  /** The likeliest that share keys with it and stand. */
  near(print: Fingerprint, query: number): readonly number[];
  text(number: number): KnownText;
}

export const NOTHING_BEFORE: Before = {
  exact: () => undefined,
  near: () => [],
  text: (number) => {
    throw new Error(`nothing is before it, and ${number} was asked for`);
  },
};

/** What a decision told of one text. */
export interface Told {
  /** It was kept, and by this others find it. */
  text?: RankText;
  print?: Fingerprint;
  /** What was asked about when passages had been cut. */
  cut?: { readonly key: bigint; readonly print: Fingerprint };
  /** Keys that are held out together. */
  readonly edges: [GroupKey, GroupKey][];
  /** Kept documents that leave for it, and how much of each stands in it. */
  readonly leaves: [number: number, containment: number][];
  /** Kept documents that it repeats: when one leaves, its page is judged anew. */
  readonly copies: number[];
  /** A kept document whose cluster it joins. */
  relative?: number;
}

/** One text at a time: `begin`, then its decision. */
export class RankMemory implements Memory {
  readonly lines: Memory['lines'];
  #before = NOTHING_BEFORE;
  #number = 0;
  #told: Told = { edges: [], leaves: [], copies: [] };
  #query = 0;

  constructor(lines: DedupStore['lines']) {
    this.lines = lines;
  }

  begin(number: number, before: Before): void {
    this.#before = before;
    this.#number = number;
    this.#query = 0;
    this.#told = { edges: [], leaves: [], copies: [] };
  }

  get told(): Told {
    return this.#told;
  }

  readonly exact: Memory['exact'] = {
    find: (key, print) => {
      if (this.#query > 0) this.#told.cut = { key, print };
      return this.#before.exact(key, this.#query);
    },
    add: () => {},
  };

  readonly near: Memory['near'] = {
    find: (print, similarity): Neighbours => {
      const numbers = this.#before.near(print, this.#query++);
      const texts = numbers.map((document) => ({ document, ...this.#before.text(document) }));
      return neighboursOf(print.sequence, texts, similarity);
    },
    add: (_, print) => {
      this.#told.print = print;
      this.#told.text = { ...this.#told.text!, sequence: print.sequence };
    },
  };

  readonly groups: Memory['groups'] = {
    join: (key, documents) => {
      for (const document of documents) this.#told.edges.push([key, this.#before.text(document).group]);
    },
    add: (_, group) => {
      this.#told.text = { ...this.#told.text!, group };
    },
  };

  readonly versions: Memory['versions'] = {
    earlierThan: () => [], // the stable order has met all
    withText: () => undefined,
    see: () => {},
    met: () => {},
    momentOf: () => 0,
  };
  readonly copies: Memory['copies'] = { add: (document) => void this.#told.copies.push(document) };

  freeId = (id: string): string => id;

  addDocument({ id, key, cluster }: NewDocument): number {
    this.#told.text = { key, id, group: 0, sequence: new Uint16Array() };
    this.#told.relative = cluster;
    return this.#number;
  }

  document = (number: number) => ({ id: `${NAME}${number}`, cluster: `${CLUSTER}${number}`, clusterNumber: number });
  addCopy = (document: number): void => void this.#told.copies.push(document);
  addReject = (): void => {};
  leave = (): void => {};

  leaveAsExcerpt(number: number, _whole: number, containment: number): void {
    this.#told.leaves.push([number, containment]);
  }
}
