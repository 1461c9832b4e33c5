/** The tables of a frontier (state.sqlite), and how those of older versions become them. */
import type { Database } from 'better-sqlite3';

const VERSION = 3;
const RULES = 'CREATE TABLE rules (url TEXT PRIMARY KEY, text TEXT NOT NULL, read_at INTEGER NOT NULL) WITHOUT ROWID;';
const SCHEMA = `
  CREATE TABLE urls (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL UNIQUE,
    host TEXT NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'done', 'failed', 'refused')),
    reason TEXT,
    status INTEGER,
    depth INTEGER NOT NULL,
    hops INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    discovered_from TEXT,
    etag TEXT,
    last_modified TEXT,
    fetched_at TEXT,
    settled_at INTEGER,
    next_try INTEGER NOT NULL DEFAULT 0,
    warc_file TEXT,
    warc_end INTEGER
  );
  CREATE INDEX queue ON urls (host, next_try, depth, id) WHERE state = 'queued';
  CREATE TABLE hosts (host TEXT PRIMARY KEY, held_until INTEGER NOT NULL, held_at INTEGER NOT NULL DEFAULT 0);
  ${RULES}
  PRAGMA user_version = ${VERSION};
`;
const FROM_VERSION_2 = `
  ALTER TABLE hosts ADD COLUMN held_at INTEGER NOT NULL DEFAULT 0;
  ${RULES}
  PRAGMA user_version = ${VERSION};
`;
const FROM_VERSION_1 = `
  ALTER TABLE urls ADD COLUMN warc_file TEXT;
  ALTER TABLE urls ADD COLUMN warc_end INTEGER;
  ${FROM_VERSION_2}
`;
/** What every version may have besides: made where it is missing. */
const ADDITIONS = `
  CREATE INDEX IF NOT EXISTS page_queue ON urls (host, next_try, depth, id) WHERE state = 'queued' AND kind = 'page';
  CREATE TABLE IF NOT EXISTS visitor_ids (host TEXT, name TEXT, PRIMARY KEY (host, name)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS archive (file TEXT PRIMARY KEY, bytes INTEGER NOT NULL, changed REAL NOT NULL) WITHOUT ROWID;
`;

/** Brings a new or older file to this version, in one transaction. @throws Error naming the version of a newer one. */
export function makeTables(database: Database): void {
  const version = database.pragma('user_version', { simple: true });
  const change = [SCHEMA, FROM_VERSION_1, FROM_VERSION_2, ''][version as number];
  if (change === undefined) throw new Error(`format version ${version}, this program reads ${VERSION}`);
  database.transaction(() => database.exec(change))();
  database.exec(ADDITIONS);
}
