/** What a store of an older version learns from the rows of its shards, once. */
import type { Database } from 'better-sqlite3';
import { readSyllables } from '../vietnamese/lexicon.ts';
import { type NearIndex, withoutTitle } from './near.ts';
import type { Missing } from './schema.ts';
import { sequenceOf } from './sequence.ts';

/** A row of a shard as an older store takes it over: hashes of its addresses are those of now. */
export interface AdoptedRow {
  readonly kind: 'documents' | 'rejects';
  /** Number of its shard. */
  readonly shard: number;
  readonly id: string;
  /** Hash of the URL as it was written, as the older store has it. */
  readonly written: bigint;
  readonly url: bigint;
  readonly site: bigint;
  readonly content: bigint;
  readonly address: string;
  readonly fetchedAt: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly title: string;
  readonly text: string;
}

/** Hears every row of `kinds`, in the order of the shards; then `end`. */
export class Adoption {
  readonly kinds: readonly AdoptedRow['kind'][];
  readonly #near: NearIndex;
  readonly #number;
  readonly #addresses: Addresses | undefined;

  constructor(database: Database, near: NearIndex, missing: Exclude<Missing, 'nothing'>) {
    this.#near = near;
    this.#number = database
      .prepare<[string], number>('SELECT number FROM documents WHERE id = ? AND state = 0')
      .pluck();
    this.#addresses = missing === 'texts' ? undefined : new Addresses(database);
    this.kinds = missing === 'texts' ? ['documents'] : ['documents', 'rejects'];
  }

  add(row: AdoptedRow): void {
    this.#addresses?.add(row);
    const number = row.kind === 'documents' ? this.#number.get(row.id) : undefined;
    if (number !== undefined) this.#near.addText(number, sequenceOf(withoutTitle(readSyllables(row.text), row.title)));
  }

  end(): void {
    this.#addresses?.end();
    this.#near.readTexts();
  }
}

/** Addresses and versions: format 2 had URLs as they were written. */
class Addresses {
  readonly #database: Database;
  readonly #document;
  readonly #reject;
  readonly #siteReject;
  readonly #optOut;
  readonly #latest;

  constructor(database: Database) {
    this.#database = database;
    this.#document = database.prepare<[Omit<AdoptedRow, 'kind' | 'shard' | 'written' | 'title' | 'text'>]>(
      `UPDATE documents SET url = @url, version = @url, content = @content, seen = @time, address = @address,
         site = @site, fetched_at = @fetchedAt WHERE id = @id AND state = 0`,
    );
    this.#reject = database.prepare<[bigint, number]>('INSERT OR IGNORE INTO rejects VALUES (?, ?)');
    this.#optOut = database.prepare<[bigint, bigint]>(
      `INSERT INTO opt_outs SELECT ?, fetched_at FROM older_opt_outs WHERE url = ?
       ON CONFLICT DO UPDATE SET fetched_at = max(fetched_at, excluded.fetched_at)`,
    );
    this.#siteReject = database.prepare<[bigint, number]>('INSERT OR IGNORE INTO site_rejects VALUES (?, ?)');
    this.#latest = database.prepare<[bigint, number]>(
      'INSERT INTO versions VALUES (?, ?) ON CONFLICT DO UPDATE SET latest = max(latest, excluded.latest)',
    );
  }

  add({ kind, shard, written, title, text, ...row }: AdoptedRow): void {
    if (kind === 'documents') this.#document.run(row);
    else {
      if (text !== '') {
        this.#reject.run(row.url, shard);
        this.#siteReject.run(row.site, shard);
      }
      this.#optOut.run(row.url, written);
    }
    this.#latest.run(row.url, row.time);
  }

  /** Opt-outs of URLs that no reject names stay under the spelling in which they came. */
  end(): void {
    this.#database.exec(
      'INSERT OR IGNORE INTO opt_outs SELECT * FROM older_opt_outs; DROP TABLE older_opt_outs; DROP TABLE older_rejects',
    );
  }
}
