/** What an assistant asks of a corpus; shards/search/ has it, `commands.ts` brings the two together. */

/** A row of a shard, as the index names it. */
export interface Place {
  readonly side: 'documents' | 'rejects';
  readonly shard: string;
  readonly row: number;
}

export interface Found {
  readonly id: string;
  readonly url: string;
  readonly title: string;
  readonly place: Place;
  readonly score: number;
}

export interface Corpus {
  /** Whether the folder still shows what was opened: after a takedown it does not. */
  readonly isCurrent: boolean;
  count(side: 'documents'): number;
  search(query: {
    readonly text: string;
    readonly phrase?: boolean;
    readonly match?: 'all' | 'any';
    readonly limit?: number;
  }): { readonly total: number; readonly hits: readonly Found[] };
  text(place: Place): string;
  close(): void;
}

export type OpenCorpus = (dir: string) => Promise<Corpus>;
