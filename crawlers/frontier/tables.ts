/**
 * The tables of a frontier (state.sqlite), and how those of older versions become them.
 *
 * A URL is ready (`rank`: the lower the sooner), or waits until it is `due` and then has `next_rank`. So what a run asks
 * for is one step in an index, and what a night wakes is a stretch of one: nothing looks at all URLs.
 */
import { hash } from 'node:crypto';
import type { Database } from 'better-sqlite3';

const HASH_DIGITS = 12;
/** Of a URL, 48 bits; whoever looks for one compares the text too. Nobody makes addresses up that all have the same. */
export const urlHash = (url: string): number => Number.parseInt(hash('sha1', url).slice(0, HASH_DIGITS), 16);

const VERSION = 5;
const RULES = `CREATE TABLE IF NOT EXISTS rules (url TEXT PRIMARY KEY, text TEXT NOT NULL, read_at INTEGER NOT NULL)
  WITHOUT ROWID;`;
/** `hash`: of the URL (`urlHash`), so that the index that finds it is a fifth of one of the texts. */
const URLS = `
  CREATE TABLE urls (
    id INTEGER PRIMARY KEY,
    url TEXT NOT NULL,
    hash INTEGER NOT NULL,
    host INTEGER NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'done', 'failed', 'refused')),
    reason TEXT,
    status INTEGER,
    depth INTEGER NOT NULL,
    hops INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    parent INTEGER,
    rank INTEGER,
    due INTEGER,
    next_rank INTEGER NOT NULL DEFAULT 0,
    nights REAL,
    quiet INTEGER NOT NULL DEFAULT 0,
    dated INTEGER,
    digest TEXT,
    etag TEXT,
    last_modified TEXT,
    fetched_at TEXT,
    settled_at INTEGER,
    warc_file INTEGER,
    warc_end INTEGER
  );`;
/** What is ready stands in `queue` alone, what waits in `waiting`. */
const INDEXES = `
  CREATE INDEX known ON urls (host, hash);
  CREATE INDEX queue ON urls (host, rank) WHERE rank IS NOT NULL;
  CREATE INDEX waiting ON urls (due) WHERE due IS NOT NULL;
  CREATE INDEX settled ON urls (settled_at) WHERE settled_at IS NOT NULL;`;
const REST = `
  CREATE TABLE hosts (
    id INTEGER PRIMARY KEY,
    host TEXT NOT NULL UNIQUE,
    is_seed INTEGER NOT NULL DEFAULT 0,
    has_served INTEGER NOT NULL DEFAULT 0,
    held_until INTEGER NOT NULL DEFAULT 0,
    held_at INTEGER NOT NULL DEFAULT 0,
    pages INTEGER NOT NULL DEFAULT 0,
    vietnamese INTEGER NOT NULL DEFAULT 0,
    dated INTEGER NOT NULL DEFAULT 0,
    dated_changed INTEGER NOT NULL DEFAULT 0
  );
  CREATE TABLE warc_files (id INTEGER PRIMARY KEY, file TEXT NOT NULL UNIQUE, end INTEGER NOT NULL);
  CREATE TABLE tally (kind TEXT, outcome TEXT, urls INTEGER NOT NULL, PRIMARY KEY (kind, outcome)) WITHOUT ROWID;
  CREATE TABLE runs (ended_at INTEGER PRIMARY KEY, report TEXT NOT NULL);
  ${RULES}`;
const IS_NOW = `PRAGMA user_version = ${VERSION};`;
const SCHEMA = `${URLS} ${INDEXES} ${REST} ${IS_NOW}`;
const COLUMNS = `id, url, host, kind, state, reason, status, depth, hops, attempts, parent, rank, due, next_rank, nights, quiet,
  dated, digest, etag, last_modified, fetched_at, settled_at, warc_file, warc_end`;
/** Addresses were found by their text. */
const FROM_VERSION_4 = `
  DROP INDEX queue;
  DROP INDEX waiting;
  DROP INDEX settled;
  ALTER TABLE urls RENAME TO urls_4;
  ${URLS}
  INSERT INTO urls (hash, ${COLUMNS}) SELECT url_hash(url), ${COLUMNS} FROM urls_4 ORDER BY id;
  DROP TABLE urls_4;
  ${INDEXES}
  ${IS_NOW}
`;
/** What was settled is due again by revisit.ts: seeds and sitemaps in a night, all else in seven. */
const FROM_VERSION_3 = `
  ALTER TABLE urls RENAME TO urls_3;
  ALTER TABLE hosts RENAME TO hosts_3;
  DROP INDEX queue;
  DROP INDEX IF EXISTS page_queue;
  ${SCHEMA}
  INSERT INTO hosts (host, is_seed, has_served)
    SELECT host, max(discovered_from IS NULL), max(fetched_at IS NOT NULL) FROM urls_3 GROUP BY host;
  INSERT OR IGNORE INTO hosts (host) SELECT host FROM hosts_3;
  UPDATE hosts SET (held_until, held_at) = (SELECT held_until, held_at FROM hosts_3 WHERE hosts_3.host = hosts.host)
    WHERE host IN (SELECT host FROM hosts_3);
  INSERT INTO warc_files (file, end)
    SELECT warc_file, max(warc_end) FROM urls_3 WHERE warc_file IS NOT NULL GROUP BY warc_file;
  INSERT INTO urls (id, url, hash, host, kind, state, reason, status, depth, hops, attempts, parent, rank, due, next_rank,
      etag, last_modified, fetched_at, settled_at, warc_file, warc_end)
    SELECT id, url, url_hash(url), (SELECT id FROM hosts WHERE hosts.host = urls_3.host), kind, state, reason, status, depth, hops,
      attempts, iif(discovered_from IS NULL, NULL, coalesce((SELECT id FROM urls_3 AS p WHERE p.url = urls_3.discovered_from), 0)),
      iif(state = 'queued' AND next_try = 0, rank, NULL),
      CASE WHEN state <> 'queued' THEN coalesce(settled_at, 0) + nights WHEN next_try > 0 THEN next_try END,
      rank, etag, last_modified, fetched_at, iif(state = 'queued' AND next_try = 0, NULL, settled_at),
      (SELECT id FROM warc_files WHERE file = warc_file), warc_end
    FROM (SELECT *,
      CASE WHEN kind = 'sitemap' THEN 64 WHEN depth = 0 THEN 0 WHEN state = 'queued' THEN 256 ELSE 192 END + min(depth, 63) AS rank,
      CASE WHEN state = 'failed' THEN 3600000 WHEN kind = 'sitemap' OR depth = 0 THEN 64800000 ELSE 583200000 END AS nights
      FROM urls_3) AS urls_3;
  INSERT INTO tally SELECT kind, iif(state = 'done' AND reason = 'redirect', 'redirect', state) AS outcome, count(*)
    FROM urls GROUP BY kind, outcome;
  DROP TABLE urls_3;
  DROP TABLE hosts_3;
`;
const FROM_VERSION_2 = `
  ALTER TABLE hosts ADD COLUMN held_at INTEGER NOT NULL DEFAULT 0;
  ${RULES}
  ${FROM_VERSION_3}
`;
const FROM_VERSION_1 = `
  ALTER TABLE urls ADD COLUMN warc_file TEXT;
  ALTER TABLE urls ADD COLUMN warc_end INTEGER;
  ${FROM_VERSION_2}
`;
/** What every version may have besides: made where it is missing. */
const ADDITIONS = `
  CREATE TABLE IF NOT EXISTS visitor_ids (host TEXT, name TEXT, PRIMARY KEY (host, name)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS archive (file TEXT PRIMARY KEY, bytes INTEGER NOT NULL, changed REAL NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS payloads (url INTEGER PRIMARY KEY, said TEXT NOT NULL);
`;

/** Brings a new or older file to this version, in one transaction. @throws Error naming the version of a newer one. */
export function makeTables(database: Database): void {
  const version = database.pragma('user_version', { simple: true });
  const change = [SCHEMA, FROM_VERSION_1, FROM_VERSION_2, FROM_VERSION_3, FROM_VERSION_4, ''][version as number];
  if (change === undefined) throw new Error(`format version ${version}, this program reads ${VERSION}`);
  database.function('url_hash', { deterministic: true }, (url) => urlHash(String(url)));
  database.transaction(() => database.exec(change))();
  database.exec(ADDITIONS);
}
