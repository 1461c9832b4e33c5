/**
 * The tables of the memory of cleaning, and the way from its older forms (what shards must tell: adoption.ts).
 *
 *   pages        key of (URL, consent, body)             what need not be looked at again
 *   documents    every document that was kept: id, cluster, what it is a version of, where its page stood and when
 *   versions     what can change → when it was last seen in another form
 *   shards       first number → shard                    where a document stands
 *   rejects      URL → shard                             where the text of a dropped page stands
 *   opt_outs     URL → when it opted out                 pages fetched before are refused
 *   silenced     URLs whose rejects must still lose their text
 *   confirmed    version, fetch → when it still held       what revisits said (revisits.ts)
 *   overtaken    version, fetch → page                    dropped for what was later by the clock
 *   copies       document → page                         duplicates that it stands for; `places`: where their records are
 *   cursors      input → how far it was read
 *   groups       what stands together when some are held out (groups.ts)
 *
 * `url` is the hash of an address (`addressOf`), `version` of what a later page replaces: the address, or the place in a
 * file.
 */
import type { Database } from 'better-sqlite3';
import { COMMITTED_SCHEMA } from './committed.ts';
import { COPIES_SCHEMA } from './copies.ts';
import { CURSORS_SCHEMA } from './cursors.ts';
import { EXACT_SCHEMA } from './exact.ts';
import { GROUPS_SCHEMA } from './groups.ts';
import { LINES_SCHEMA } from './lines.ts';
import { NEAR_SCHEMA } from './near.ts';
import { REVISITS_SCHEMA } from './revisits.ts';
import { SEEN_SCHEMA } from './seen.ts';

const FORMAT_VERSION = '4';
/** Had signatures of its documents, and not their texts. */
const WITHOUT_TEXTS = '3';
/** Had URLs as they were written, and nothing of versions. */
const WITHOUT_VERSIONS = '2';
/** What the shards must tell an older store. */
export type Missing = 'nothing' | 'texts' | 'addresses and texts';

/** Of a document: it stands; it must leave its shard; it has left. */
export const STATE = { stands: 0, leaves: 1, left: 2 } as const;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS documents (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, cluster INTEGER NOT NULL, copies INTEGER NOT NULL,
    url INTEGER NOT NULL, key INTEGER NOT NULL, state INTEGER NOT NULL DEFAULT 0,
    version INTEGER NOT NULL, page INTEGER, content INTEGER, seen INTEGER NOT NULL DEFAULT 0, run INTEGER NOT NULL DEFAULT 0,
    input INTEGER, address TEXT NOT NULL DEFAULT '', site INTEGER, fetched_at TEXT NOT NULL DEFAULT '',
    reason TEXT NOT NULL DEFAULT '', other TEXT NOT NULL DEFAULT '', later INTEGER NOT NULL DEFAULT 0);
  CREATE UNIQUE INDEX IF NOT EXISTS documents_id ON documents (id) WHERE state = 0;
  CREATE INDEX IF NOT EXISTS documents_url ON documents (url);
  CREATE INDEX IF NOT EXISTS documents_version ON documents (version);
  CREATE INDEX IF NOT EXISTS documents_page ON documents (page);
  CREATE INDEX IF NOT EXISTS documents_site ON documents (site);
  CREATE INDEX IF NOT EXISTS documents_input ON documents (input, run) WHERE input IS NOT NULL;
  CREATE INDEX IF NOT EXISTS documents_leaving ON documents (number) WHERE state = 1;
  CREATE TABLE IF NOT EXISTS versions (version INTEGER PRIMARY KEY, latest INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS shards (first_document INTEGER PRIMARY KEY, shard INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS rejects (url INTEGER, shard INTEGER, PRIMARY KEY (url, shard)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS opt_outs (url INTEGER PRIMARY KEY, fetched_at TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS silenced (url INTEGER PRIMARY KEY) WITHOUT ROWID;
  ${COMMITTED_SCHEMA}${COPIES_SCHEMA}${CURSORS_SCHEMA}${SEEN_SCHEMA}${EXACT_SCHEMA}${NEAR_SCHEMA}${LINES_SCHEMA}${GROUPS_SCHEMA}${REVISITS_SCHEMA}
`;

/** Its rows, addresses and all that shards must tell apart (`Adoption`). */
const FROM_OLDER = `
  ALTER TABLE documents RENAME TO older_documents;
  DROP INDEX IF EXISTS documents_url;
  ${SCHEMA}
  INSERT INTO documents (number, id, cluster, copies, url, key, state, version)
    SELECT number, id, cluster, copies, url, key, 2 * is_deleted, url FROM older_documents;
  DROP TABLE older_documents;
  ALTER TABLE opt_outs RENAME TO older_opt_outs;
  ALTER TABLE rejects RENAME TO older_rejects;
  ${SCHEMA}
`;

/**
 * Makes the tables, or those of an older store anew, in a transaction that is open afterwards.
 * @returns what must be adopted from the shards
 * @throws Error for a store of another format
 */
export function begin(database: Database): Missing {
  database.exec('CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID');
  const version = database.prepare<[], string>("SELECT value FROM meta WHERE name = 'format'").pluck().get();
  if (version !== undefined && ![FORMAT_VERSION, WITHOUT_TEXTS, WITHOUT_VERSIONS].includes(version)) {
    throw new Error(`it has format ${version}, this version of vua goes on with format ${FORMAT_VERSION}`);
  }
  if (version === undefined || version === FORMAT_VERSION) {
    database.exec(SCHEMA);
    database.prepare("INSERT OR IGNORE INTO meta VALUES ('format', ?)").run(FORMAT_VERSION);
    database.exec('BEGIN IMMEDIATE');
    return 'nothing';
  }
  database.exec('BEGIN IMMEDIATE');
  database.exec(version === WITHOUT_VERSIONS ? FROM_OLDER : SCHEMA);
  database.prepare("UPDATE meta SET value = ? WHERE name = 'format'").run(FORMAT_VERSION);
  return version === WITHOUT_VERSIONS ? 'addresses and texts' : 'texts';
}
