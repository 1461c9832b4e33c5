/** Documents that must leave their shards, from the decision of a run to the commit of its end. */
import type { Database } from 'better-sqlite3';
import type { Mark } from './marks.ts';
import { STATE } from './schema.ts';

/** Why a document leaves. */
export type Leaving = 'superseded' | 'excerpt' | 'opted_out_later' | Mark;

/** A document that must leave its shard, or that has left it in the order of its number. */
export interface Departure {
  readonly number: number;
  readonly id: string;
  readonly fetchedAt: string;
  /** The shard that holds it. */
  readonly shard: number;
  readonly reason: Leaving;
  /** Its address. */
  readonly address: string;
  /** Of a superseded document: the id of the later page, and the moments of both. Of an excerpt: the id of what holds it, and how much of it (`later`). */
  readonly other: string;
  readonly later: number;
  readonly seen: number;
}

export interface Departures {
  readonly documents: readonly Departure[];
  readonly rejectShards: readonly number[];
}

export function departuresIn(database: Database): Departures {
  const documents = database
    .prepare<[], Departure>(
      `SELECT number, id, fetched_at AS fetchedAt, reason, other, later, seen, address, (SELECT shard FROM shards
         WHERE first_document <= number ORDER BY first_document DESC LIMIT 1) AS shard
       FROM documents WHERE state = ${STATE.leaves} ORDER BY number`,
    )
    .all();
  const rejectShards = database
    .prepare<[], number>(
      `SELECT shard FROM rejects WHERE url IN (SELECT url FROM silenced)
       UNION SELECT shard FROM site_rejects WHERE site IN (SELECT site FROM silenced_sites) ORDER BY shard`,
    )
    .pluck()
    .all();
  return { documents, rejectShards };
}

/** The text of a document that leaves stands among the rejects of this shard. */
export function rejectDeparted(database: Database, number: number, shard: number): void {
  for (const [table, key] of [
    ['rejects', 'url'],
    ['site_rejects', 'site'],
  ]) {
    database
      .prepare(`INSERT OR IGNORE INTO ${table} SELECT ${key}, ? FROM documents WHERE number = ?`)
      .run(shard, number);
  }
}

/** They have left. */
export function endDepartures(database: Database): void {
  database.exec(`
    UPDATE documents SET state = ${STATE.left} WHERE state = ${STATE.leaves};
    DELETE FROM rejects WHERE url IN (SELECT url FROM silenced);
    DELETE FROM silenced;
    DELETE FROM silenced_sites`);
}
