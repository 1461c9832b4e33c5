/** Frontiers that earlier versions have written. */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Frontier } from '../../crawlers/frontier/frontier.ts';
import type { Discovery } from '../../crawlers/frontier/row.ts';
import { temporaryFolder } from '../support.ts';
import { A, clock, drain, found, HOUR, NIGHT, WEEK } from './frontiers.ts';

let dir: string;
let frontier: Frontier;
const path = (): string => join(dir, 'state.sqlite');

beforeEach(() => {
  dir = temporaryFolder();
  frontier = new Frontier(path());
});
afterEach(() => {
  frontier.close();
  vi.useRealTimers();
});

it.each([1, 2, 3])('takes a file of version %d along', (version) => {
  frontier.close();
  dir = temporaryFolder();
  const old = new Database(path());
  const place = version === 1 ? '' : ', warc_file TEXT, warc_end INTEGER';
  old.exec(`CREATE TABLE urls (id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE, host TEXT NOT NULL, kind TEXT NOT NULL,
      state TEXT NOT NULL DEFAULT 'queued', reason TEXT, status INTEGER, depth INTEGER NOT NULL, hops INTEGER NOT NULL,
      attempts INTEGER NOT NULL DEFAULT 0, discovered_from TEXT, etag TEXT, last_modified TEXT, fetched_at TEXT,
      settled_at INTEGER, next_try INTEGER NOT NULL DEFAULT 0${place});
    CREATE INDEX queue ON urls (host, next_try, depth, id) WHERE state = 'queued';
    CREATE TABLE hosts (host TEXT PRIMARY KEY, held_until INTEGER NOT NULL${version === 3 ? ', held_at INTEGER NOT NULL DEFAULT 0' : ''});
    ${version === 3 ? 'CREATE TABLE rules (url TEXT PRIMARY KEY, text TEXT NOT NULL, read_at INTEGER NOT NULL) WITHOUT ROWID;' : ''}
    INSERT INTO hosts (host, held_until) VALUES ('a.example', 5);
    INSERT INTO urls (url, host, kind, state, reason, depth, hops, discovered_from, fetched_at, settled_at, next_try) VALUES
      ('${A}', 'a.example', 'page', 'done', NULL, 0, 0, NULL, '2026-01-01T00:00:00.000Z', 1767225600000, 0),
      ('${A}1', 'a.example', 'page', 'done', 'redirect', 1, 0, '${A}', NULL, 1767225600000, 0),
      ('${A}2', 'a.example', 'page', 'queued', NULL, 1, 1, '${A}1', NULL, NULL, 0),
      ('${A}3', 'a.example', 'page', 'queued', 'timeout', 1, 0, '${A}', NULL, 1767225600000, 1767225700000),
      ('${A}s.xml', 'a.example', 'sitemap', 'done', NULL, 0, 0, '${A}robots.txt', NULL, 1767225600000, 0);
    ${version === 1 ? '' : `UPDATE urls SET warc_file = 'a.warc.gz', warc_end = 10 * id WHERE state = 'done';`}
    PRAGMA user_version = ${version}`);
  old.close();
  clock(1767225600000);
  frontier = new Frontier(path());
  expect(frontier.tally('page')).toEqual({ fetched: 1, redirect: 1, refused: 0, failed: 0, queued: 2 });
  expect(frontier.places.ends()).toEqual(version === 1 ? [] : [{ file: 'a.warc.gz', end: 50 }]);
  expect(frontier.hosts.of('a.example')).toMatchObject({ isSeed: true, hasServed: true, heldUntil: 5 });
  const redirected = frontier.get(`${A}2`)!;
  expect(frontier.parentOf(redirected)?.url).toBe(`${A}1`);
  expect(frontier.get(`${A}s.xml`)).toMatchObject({ parent: 0 });
  expect(drain(frontier, 'a.example')).toEqual([`${A}2`]);
  clock(1767225600000 + NIGHT);
  frontier.wake(WEEK, HOUR);
  expect(drain(frontier, 'a.example').sort()).toEqual([A, `${A}3`, `${A}s.xml`]);
  clock(1767225600000 + WEEK);
  frontier.wake(WEEK, HOUR);
  expect(drain(frontier, 'a.example')).toContain(`${A}1`);
});

it('takes a file of version 4 along, in which addresses were found by their text', () => {
  const stored = { file: 'a.warc.gz', end: 7 };
  frontier.add([found(A), found(`${A}s.xml`, 0, 'sitemap')], null);
  frontier.settle(A, { state: 'done', etag: '"1"', fetchedAt: '2026-01-01T00:00:00.000Z', stored }, [
    found(`${A}1`, 1),
    found('http://b.example/', 1),
  ]);
  frontier.close();
  const old = new Database(path());
  old.exec(`DROP INDEX known; DROP INDEX queue; ALTER TABLE urls DROP COLUMN hash; CREATE UNIQUE INDEX by_text ON urls (url);
    CREATE INDEX queue ON urls (host, rank); PRAGMA user_version = 4`);
  const rows = (of: Database.Database): unknown[] =>
    of.prepare('SELECT id, url, host, state, parent, rank, due, etag, warc_end FROM urls ORDER BY id').all();
  const before = rows(old);
  old.close();
  frontier = new Frontier(path());
  frontier.close();
  const made = new Database(path());
  expect(rows(made)).toEqual(before);
  made.close();
  frontier = new Frontier(path());
  expect(frontier.add([found(`${A}1`, 1), found(`${A}3`, 1)], 0)).toBe(1);
  expect(frontier.get(A)).toMatchObject({ state: 'done', etag: '"1"' });
  expect(drain(frontier, 'a.example')).toEqual([`${A}s.xml`, `${A}1`, `${A}3`]);
  expect([frontier.places.ends(), frontier.damage()]).toEqual([[stored], undefined]);
});
