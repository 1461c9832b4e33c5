/**
 * Takedown: what OUT/removed.jsonl names leaves the folder of a run, whatever stands there.
 *
 *   removed.jsonl   names and signatures of texts, durable first
 *   crawl/warc      records of their addresses
 *   work, held      a copy without them takes its place
 *   current         a new snapshot without them is published: readers see the old one or the new one
 *   snapshots/N     each other one is replaced under its name
 *   search          what was made from shards that no snapshot lists any more goes
 *
 * Killed at any moment, each is as it was or without them; the same command, or the next night, does the rest.
 */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Removed, signText } from '../../cleaning/clean.ts';
import { addressOf, isNamedBy, type RemovedNames } from '../../crawlers/page.ts';
import { tryAgain } from '../../crawlers/shell/errors.ts';
import { copyFile, linkOrCopy, makeFolder, syncFolder, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { isBeingRead } from '../../crawlers/shell/lock.ts';
import { readShard, rowsOf } from '../documents/read.ts';
import { SNAPSHOT_FILE } from '../format.ts';
import { manifestPath, readDocumentManifest } from '../manifest.ts';
import { build, contentsOf, foldersIn, makeCurrent, nextName, showViews } from '../snapshots/publish.ts';
import { currentSnapshot, PINNED_FILE, readSnapshots, SNAPSHOTS, type Snapshot, VIEWS } from '../snapshots/read.ts';
import { pruneSearch } from '../snapshots/retention.ts';
import { HELD, layOut, readWork, WORK, writeWork } from '../snapshots/work.ts';
import { addToList, archiveRule, listChecksum, namesOf, removedFrom, together } from './list.ts';
import { type GoneRow, Purge, remembered } from './purge.ts';

/** Takes records out of the archive of a crawl; how many. Of the room of crawlers. */
export type EraseRecords = (
  crawlDir: string,
  isGone: (address: string, fetchedAt: string) => boolean,
) => Promise<number>;

/** By place (`snapshots/000012`, `work`): the rows that went, or would go. */
export interface Taken {
  readonly place: string;
  readonly documents: number;
  readonly rejects: number;
}

export interface RemovalReport {
  readonly taken: readonly Taken[];
  /** Records of the archive; of a dry run nothing is said of it. */
  readonly records: number;
  /** Models whose training tokens held a text of it. */
  readonly models: readonly string[];
  /** Names of which no document and no dropped page stands anywhere. */
  readonly unknown: readonly string[];
  readonly isNew: boolean;
}

const STAGING = 'removing.tmp';
const spareOf = (out: string): string => join(out, STAGING, 'shards');
const [NEXT, OLD] = ['.next', '.old.tmp'];

interface Place {
  readonly name: string;
  readonly documents: string;
  readonly removed: string | undefined;
  readonly snapshot?: Snapshot;
}

/** Every folder of documents of a run. */
function placesIn(out: string): Place[] {
  const snapshots = readSnapshots(out).map((snapshot) => ({
    name: join(SNAPSHOTS, snapshot.name),
    documents: snapshot.documents,
    removed: snapshot.record.removed,
    snapshot,
  }));
  const others = [WORK, HELD].map((name) => {
    const { documents } = foldersIn(join(out, name));
    return { name, documents, removed: readWork(join(out, name))?.removed };
  });
  return [...others.filter(({ documents }) => existsSync(manifestPath(documents))), ...snapshots];
}

/**
 * Takes texts down by URL, host or id. The folder of the run is held.
 * @throws ToolkitError FOLDER_LOCKED (exit 75) while somebody reads a snapshot, BAD_SHARD, WRITE_FAILED
 */
export async function remove(
  out: string,
  asked: readonly string[],
  reason: string,
  { isDry = false, erase }: { readonly isDry?: boolean; readonly erase?: EraseRecords } = {},
): Promise<RemovalReport> {
  const names = namesOf(asked);
  if (!isDry) finishReplacing(out);
  const { texts, rows } = textsOf(out, names);
  const wanted = { ...names, texts };
  const { report, urls, purge } = predicted(out, wanted);
  const unknown = asked.filter((name) => {
    const isOfName = isNamedBy(namesOf([name]));
    return !rows.some(({ address, id }) => isOfName(address, id));
  });
  if (isDry) return { ...report, unknown };
  const isNamed = isNamedBy(names);
  const copies = [...new Set(urls.map(addressOf))].filter((address) => !isNamed(address));
  const isListed = addToList(out, { time: new Date().toISOString(), reason, ...wanted, copies });
  const taken = await applyRemovals(out, purge);
  const crawlDir = join(out, 'crawl');
  const records = erase && existsSync(crawlDir) ? await erase(crawlDir, archiveRule(out)) : 0;
  const isNew = isListed || records > 0 || taken.some(({ documents, rejects }) => documents + rejects > 0);
  return { taken, records, models: report.models, unknown, isNew };
}

/** Signatures of all texts of these names, wherever they stand, and the rows that have them. */
function textsOf(
  out: string,
  names: RemovedNames,
): { texts: Removed['texts']; rows: { address: string; id: string }[] } {
  const isOfNames = isNamedBy(names);
  const isNamed = remembered((row) => isOfNames(addressOf(row.string('url')), row.string('id')), ['url', 'id']);
  const texts = new Map<string, Removed['texts'][number]>();
  const found = new Map<string, { address: string; id: string }>();
  const read = new Set<string>();
  for (const { documents } of placesIn(out)) {
    const manifest = readDocumentManifest(documents);
    for (const kind of ['documents', 'rejects'] as const) {
      for (const entry of manifest[kind]) {
        if (read.has(entry.checksum)) continue;
        read.add(entry.checksum);
        for (const batch of readShard(documents, kind, entry)) {
          for (const row of rowsOf(kind, batch)) {
            if (!isNamed(row)) continue;
            const [address, id] = [addressOf(row.string('url')), row.string('id')];
            found.set(`${id} ${address}`, { address, id });
            const signature = signText(row.string('title'), row.string('text'));
            if (signature !== undefined) texts.set(signature.exact, signature);
          }
        }
      }
    }
  }
  return { texts: [...texts.values()], rows: [...found.values()] };
}

function predicted(
  out: string,
  removal: Removed,
): { report: Omit<RemovalReport, 'unknown'>; urls: string[]; purge: Purge } {
  const known = removedFrom(out);
  const purge = new Purge(known === undefined ? removal : together([known, removal]), spareOf(out));
  const urls = new Set<string>();
  const taken = placesIn(out).map(({ name, documents }) => {
    const rows = purge.rowsIn(documents, readDocumentManifest(documents));
    for (const { url } of rows) urls.add(url);
    return takenFrom(name, rows);
  });
  const isNew = taken.some(({ documents, rejects }) => documents + rejects > 0);
  return { report: { taken, records: 0, models: modelsOf(out, taken), isNew }, urls: [...urls], purge };
}

function takenFrom(place: string, rows: readonly GoneRow[]): Taken {
  const documents = rows.filter(({ kind }) => kind === 'documents').length;
  return { place, documents, rejects: rows.length - documents };
}

/** Those that were trained on a snapshot that held some of it. */
function modelsOf(out: string, taken: readonly Taken[]): string[] {
  const held = new Set(taken.filter(({ documents }) => documents > 0).map(({ place }) => place));
  const models = readSnapshots(out).flatMap(({ record: { model } }) =>
    model?.trainedOn !== undefined && held.has(join(SNAPSHOTS, model.trainedOn)) ? [model.name] : [],
  );
  return [...new Set(models)];
}

/**
 * Brings every folder of the run to the list: at once where all are. The folder of the run is held.
 * @param purge of this list, which knows what it looked at
 * @returns what went where
 * @throws ToolkitError as `remove`
 */
export async function applyRemovals(out: string, purge?: Purge): Promise<Taken[]> {
  const removed = removedFrom(out);
  const list = listChecksum(out);
  if (removed === undefined || list === undefined) return [];
  const taken = await replaceAll(out, list, purge ?? new Purge(removed, spareOf(out)));
  pruneSearch(out);
  return taken;
}

async function replaceAll(out: string, list: string, purge: Purge): Promise<Taken[]> {
  finishReplacing(out);
  const staging = join(out, STAGING);
  rmSync(staging, { recursive: true, force: true });
  const places = placesIn(out).filter((place) => place.removed !== list);
  const read = places.find(({ snapshot }) => snapshot && VIEWS.some((part) => isBeingRead(snapshot[part])));
  if (read !== undefined) {
    const hint = 'what was named is listed and refused already: run again when whoever reads it has ended';
    throw tryAgain('FOLDER_LOCKED', `${join(out, read.name)}: somebody reads it`, hint);
  }
  const current = currentSnapshot(out)?.name;
  const taken: Taken[] = [];
  // Readers of the current one first; its replacement is a snapshot of its own.
  for (const place of places.toSorted(
    (a, b) => Number(b.snapshot?.name === current) - Number(a.snapshot?.name === current),
  )) {
    const dir = join(staging, 'folder');
    makeFolder(dir);
    if (place.snapshot === undefined) copyNight(join(out, place.name), dir);
    else layOut(place.snapshot, dir);
    const { rows, isChanged } = await purge.folder(dir);
    taken.push(takenFrom(place.name, rows));
    if (!isChanged) markFree(out, place, list);
    else if (place.snapshot === undefined) replaceNight(out, place.name, dir, list);
    else replaceSnapshot(out, place.snapshot, dir, { list, isCurrent: place.snapshot.name === current });
    rmSync(dir, { recursive: true, force: true });
  }
  rmSync(staging, { recursive: true, force: true });
  return taken;
}

/** It held nothing of it, and says so. */
function markFree(out: string, { name, snapshot }: Place, list: string): void {
  const path = join(out, name);
  if (snapshot === undefined) {
    const record = readWork(path);
    writeWork(path, { ...record, base: record?.base ?? null, removed: list });
  } else {
    const record = { ...snapshot.record, removed: list };
    writeFileAtomic(join(path, SNAPSHOT_FILE), `${JSON.stringify(record, null, 1)}\n`);
  }
}

/** Shards and small files as links, the memory as a copy. */
function copyNight(from: string, to: string): void {
  for (const entry of readdirSync(from, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || /^vua\.lock/.test(entry.name)) continue;
    const folder = join(to, entry.parentPath.slice(from.length));
    makeFolder(folder);
    const give = /\.sqlite(-wal)?$/.test(entry.name) ? copyFile : linkOrCopy;
    if (!/-shm$/.test(entry.name)) give(join(entry.parentPath, entry.name), join(folder, entry.name));
  }
}

function replaceNight(out: string, name: string, dir: string, list: string): void {
  const record = readWork(dir);
  writeWork(dir, { ...record, base: record?.base ?? null, removed: list });
  for (const part of Object.values(foldersIn(dir))) if (existsSync(part)) syncFolder(part);
  renameSync(dir, join(out, `${name}${NEXT}`));
  syncFolder(out);
  finishReplacing(out);
}

function replaceSnapshot(
  out: string,
  snapshot: Snapshot,
  dir: string,
  { list, isCurrent }: { readonly list: string; readonly isCurrent: boolean },
): void {
  const from = foldersIn(dir);
  const contents = contentsOf(from);
  const record = { ...snapshot.record, ...contents.record, removed: list };
  if (isCurrent) {
    const name = nextName(out);
    build(out, from, { ...record, name, parent: snapshot.name, published: new Date().toISOString() }, contents);
    makeCurrent(out, name);
    showViews(out);
  }
  const next = `${snapshot.name}${NEXT}`;
  rmSync(join(out, SNAPSHOTS, next), { recursive: true, force: true });
  build(out, from, record, contents, next);
  const { pinned } = snapshot;
  if (pinned !== undefined) writeFileAtomic(join(out, SNAPSHOTS, next, PINNED_FILE), `${JSON.stringify(pinned)}\n`);
  finishReplacing(out);
}

/** Whole replacements take the places of what they replace, and nothing of that stays. */
function finishReplacing(out: string): void {
  const snapshots = join(out, SNAPSHOTS);
  for (const dir of [out, snapshots].filter((each) => existsSync(each))) {
    const names = readdirSync(dir).filter(
      (name) => dir === snapshots || name.startsWith(WORK) || name.startsWith(HELD),
    );
    for (const next of names.filter((name) => /^(\d{6,}|work|held)\.next$/.test(name))) {
      const path = join(dir, next.slice(0, -NEXT.length));
      rmSync(`${path}${OLD}`, { recursive: true, force: true });
      if (existsSync(path)) renameSync(path, `${path}${OLD}`);
      renameSync(join(dir, next), path);
      syncFolder(dir);
      names.push(`${basename(path)}${OLD}`);
    }
    for (const name of names) if (name.endsWith(OLD)) rmSync(join(dir, name), { recursive: true, force: true });
  }
  if (currentSnapshot(out) !== undefined) showViews(out);
}
