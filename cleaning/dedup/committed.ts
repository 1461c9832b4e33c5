/**
 * The manifest of the shards at the last commit: as it was written whole last, and what was added behind it, so that a
 * commit costs what it adds.
 */
import type { Database } from 'better-sqlite3';

export const COMMITTED_SCHEMA = `
  CREATE TABLE IF NOT EXISTS added (number INTEGER PRIMARY KEY, json TEXT NOT NULL);
`;

export class Committed {
  readonly #get;
  readonly #set;
  readonly #added;
  readonly #add;
  readonly #forget;

  constructor(database: Database) {
    this.#get = database.prepare<[string], string>('SELECT value FROM meta WHERE name = ?').pluck();
    this.#set = database.prepare<[string, string]>('INSERT OR REPLACE INTO meta VALUES (?, ?)');
    this.#added = database.prepare<[], string>('SELECT json FROM added ORDER BY number').pluck();
    this.#add = database.prepare<[string]>('INSERT INTO added (json) VALUES (?)');
    this.#forget = database.prepare('DELETE FROM added');
  }

  /** As it was written whole last. */
  get manifest(): string | undefined {
    return this.#get.get('manifest');
  }

  /** Whole before that: what manifest.json says when a run was killed between the two. */
  get before(): string | undefined {
    return this.#get.get('manifest_before');
  }

  /** Pairs of shards behind it, as JSON. */
  get added(): string[] {
    return this.#added.all();
  }

  write(manifest: string): void {
    const { manifest: before } = this;
    if (before !== undefined) this.#set.run('manifest_before', before);
    this.#set.run('manifest', manifest);
    this.#forget.run();
  }

  add(shards: string): void {
    this.#add.run(shards);
  }
}
