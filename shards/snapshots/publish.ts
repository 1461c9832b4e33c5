/**
 * How a night is published: its files get a second name in a folder of their own, and one rename makes it the current.
 *
 *   snapshots/000013.tmp   links to shards and small files, cards, memory of cleaning, snapshot.json; synced
 *     └─ rename ──▶ snapshots/000013                 killed before: left-overs, the next publishing removes them
 *   .current.next → snapshots/000013                 killed here: a snapshot that nobody reads; it keeps its number
 *     └─ rename ──▶ current                          the only moment that counts
 */
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import {
  copyFile,
  linkOrCopy,
  makeFolder,
  readJsonIfPresent,
  syncFolder,
  waitingLink,
  writeFault,
  writeFileAtomic,
} from '../../crawlers/shell/folder.ts';
import { wrongSize } from '../arrow/file-sizes.ts';
import { checksumOf } from '../checksum.ts';
import { cardsOf } from '../documents/card.ts';
import { MANIFEST_FILE, SNAPSHOT_FILE } from '../format.ts';
import { manifestPath, readDocumentManifest, readTokenManifest } from '../manifest.ts';
import {
  type DocumentManifest,
  documentFingerprint,
  type TokenManifest,
  tokenFiles,
  tokenFingerprint,
} from '../manifest-shape.ts';
import type { NightFacts } from './facts.ts';
import { byContent, type Renamed } from './names.ts';
import {
  CURRENT,
  currentSnapshot,
  hasLinks,
  LAST_FILE,
  namesIn,
  PARTS,
  SNAPSHOTS,
  type Snapshot,
  sameData,
  snapshotNamed,
  snapshotWithTokens,
  VIEWS,
} from './read.ts';
import { type ModelInForce, type Part, SNAPSHOT, type SnapshotFile, type SnapshotRecord } from './shape.ts';

/** The memory of cleaning, which stands among the documents while a night works. */
const STATE = /^dedup\.sqlite(-wal)?$/;
/** Neither that, nor what is no part of a folder: locks, shards that no manifest lists, the card of another snapshot. */
const NOT_PUBLISHED = /^(dedup\.sqlite.*|vua\.lock.*|README\.md|.*\.(tmp|arrow|feather)|\..*)$/;

type Folders = Readonly<Record<Part, string>>;

/** Where the parts of a night stand while it works. */
export const foldersIn = (dir: string): Folders => ({
  ...{ documents: join(dir, 'documents'), tokens: join(dir, 'tokens'), tokenizer: join(dir, 'tokenizer') },
  state: join(dir, 'documents'),
});

/**
 * Makes what stands in `from`, whose writers have ended, the current snapshot, a child of the one before. The folder of
 * the run is held (`lockFolder`); views are shown by the caller (`showViews`). `isNew` is false when the current one holds
 * the same data and names the same model; where files of it are missing or cut that are whole here, it is made anew.
 * @throws ToolkitError WRITE_FAILED, UNWRITABLE_FOLDER, BAD_MANIFEST, BAD_SNAPSHOT
 */
export function publish(
  out: string,
  from: Folders,
  facts: NightFacts,
  model?: ModelInForce,
): { readonly snapshot: Snapshot; readonly isNew: boolean; readonly mends?: string } {
  const parent = currentSnapshot(out);
  const inForce = model ?? parent?.record.model;
  const contents = contentsOf(from);
  const isSameData = parent !== undefined && sameData(parent.record, contents.record);
  const mends = isSameData ? mendable(parent, contents) : undefined;
  const isSame = isSameData && isDeepStrictEqual(parent.record.model, inForce);
  if (isSame && mends === undefined) return { snapshot: parent, isNew: false };
  const name = nextName(out);
  const record: SnapshotRecord = {
    ...{ ...SNAPSHOT, name, parent: parent?.name ?? null },
    ...(isSameData
      ? { data: parent.record.data, before: parent.record.before }
      : { data: name, before: parent?.name ?? null }),
    ...{ published: new Date().toISOString(), ...facts, ...(inForce && { model: inForce }) },
    ...(parent?.record.removed !== undefined && { removed: parent.record.removed }),
    ...contents.record,
  };
  build(out, from, record, contents);
  makeCurrent(out, name);
  return { snapshot: snapshotNamed(out, name), isNew: true, ...(mends !== undefined && { mends }) };
}

/** What is missing or cut in a snapshot, where the same is whole in the night at work. */
function mendable(snapshot: Snapshot, { record, paths }: Contents): string | undefined {
  const isWhole = VIEWS.every((part) =>
    record.files[part].every(({ file, bytes }) => {
      const path = paths.get(`${part}/${file}`);
      return path === undefined || statSync(path, { throwIfNoEntry: false })?.size === bytes;
    }),
  );
  const found = VIEWS.map((part) => wrongSize(snapshot[part], snapshot.record.files[part]));
  return isWhole ? found.find((damage) => damage !== undefined) : undefined;
}

/**
 * The same data with another model in force: a child that differs in that alone. Nothing when the current snapshot names
 * it already.
 * @param tokens fingerprint of those that it was trained on
 */
export function publishModel(out: string, { name, tokens }: { readonly name: string; readonly tokens: string }): void {
  const current = currentSnapshot(out);
  if (current === undefined || current.record.model?.name === name) return;
  const { vua, config, inputs } = current.record;
  const trainedOn = snapshotWithTokens(out, tokens)?.name;
  publish(out, current, { vua, config, inputs }, { name, ...(trainedOn !== undefined && { trainedOn }) });
  showViews(out);
}

/** Numbers are given once, also those of snapshots that were removed since. */
export function nextName(out: string): string {
  const last = [
    currentSnapshot(out)?.name,
    ...namesIn(out),
    readJsonIfPresent<string>(join(out, SNAPSHOTS, LAST_FILE)),
  ];
  return String(Math.max(...last.map((name) => Number(name ?? 0))) + 1).padStart(6, '0');
}

/** The tokens of a folder, if they are those of these documents. */
function tokensOf(from: Folders, documents: DocumentManifest): TokenManifest | undefined {
  const tokens = existsSync(manifestPath(from.tokens)) ? readTokenManifest(from.tokens) : undefined;
  return tokens?.documents === documentFingerprint(documents) ? tokens : undefined;
}

/** Whether what stands in `from` lacks tokens of its documents. */
export const lacksTokens = (from: Folders): boolean =>
  tokensOf(from, readDocumentManifest(from.documents)) === undefined;

/** What these folders hold, as a snapshot says it, and where it comes from; checksums of shards are those of their manifests. */
export interface Contents {
  readonly record: Pick<SnapshotRecord, 'counts' | 'documents' | 'tokens' | 'files'>;
  /** By PART/FILE: a path; or of a manifest that is written, its text. */
  readonly paths: ReadonlyMap<string, string>;
  readonly texts: ReadonlyMap<string, string>;
}

export function contentsOf(from: Folders): Contents {
  const documents = readDocumentManifest(from.documents);
  const tokens = tokensOf(from, documents);
  const shards = tokens?.shards ?? [];
  const [paths, texts] = [new Map<string, string>(), new Map<string, string>()];
  const files = (part: Part, listed: readonly SnapshotFile[], manifest?: Renamed): SnapshotFile[] => {
    const isRenamed = listed.some(({ file }) => manifest?.names.get(file) !== file);
    if (manifest && isRenamed) texts.set(`${part}/${MANIFEST_FILE}`, manifest.json);
    const known = new Set(listed.map(({ file }) => file));
    const others = namesOf(from[part]).filter((name) => !known.has(name) && !NOT_PUBLISHED.test(name));
    return [
      ...listed.map(({ file, bytes, checksum }) => {
        const name = manifest?.names.get(file) ?? file;
        paths.set(`${part}/${name}`, join(from[part], file));
        return { file: name, bytes, checksum };
      }),
      ...others.map((file) => {
        const text = texts.get(`${part}/${file}`);
        const bytes = text === undefined ? readFileSync(join(from[part], file)) : Buffer.from(text);
        return { file, bytes: bytes.length, checksum: checksumOf(bytes) };
      }),
    ];
  };
  const record = {
    counts: {
      ...{ documents: rowsOf(documents.documents), rejects: rowsOf(documents.rejects) },
      textBytes: documents.documents.reduce((sum, { textBytes }) => sum + textBytes, 0),
      trainTokens: rowsOf(shards.filter(({ split }) => split === 'train')),
      validTokens: rowsOf(shards.filter(({ split }) => split === 'valid')),
    },
    documents: documentFingerprint(documents),
    ...(tokens && { tokens: tokenFingerprint(tokens) }),
    files: {
      documents: files('documents', [...documents.documents, ...documents.rejects], byContent(documents)),
      tokens: tokens ? files('tokens', tokenFiles(tokens), byContent(tokens)) : [],
      tokenizer: files('tokenizer', []),
      state: namesOf(from.state)
        .filter((name) => STATE.test(name))
        .map((file) => ({ file, bytes: statSync(join(from.state, file)).size })),
    },
  };
  return { record, paths, texts };
}

const rowsOf = (entries: readonly { readonly rows: number }[]): number =>
  entries.reduce((sum, { rows }) => sum + rows, 0);

function namesOf(dir: string): string[] {
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name)
    .sort();
}

/** The folder of a snapshot, whole and durable under its name, or under another one (`as`). */
export function build(
  out: string,
  from: Folders,
  record: SnapshotRecord,
  { paths, texts }: Contents,
  as = record.name,
): void {
  const dir = join(out, SNAPSHOTS, as);
  const growing = `${dir}.tmp`;
  try {
    rmSync(growing, { recursive: true, force: true });
    makeFolder(growing);
    for (const part of PARTS) {
      const files = record.files[part];
      if (files.length === 0) continue;
      mkdirSync(join(growing, part));
      // While a night works its memory changes in place; that of a snapshot never does.
      const give = part === 'state' && basename(from.state) !== 'state' ? copyFile : linkOrCopy;
      for (const { file } of files) {
        const [name, text] = [join(growing, part, file), texts.get(`${part}/${file}`)];
        if (text === undefined) give(paths.get(`${part}/${file}`) ?? join(from[part], file), name);
        else writeFileAtomic(name, text);
      }
      syncFolder(join(growing, part));
    }
    for (const [part, card] of Object.entries(cardsOf(record))) writeFileAtomic(join(growing, part, 'README.md'), card);
    writeFileAtomic(join(growing, SNAPSHOT_FILE), `${JSON.stringify(record, null, 1)}\n`);
    renameSync(growing, dir);
    syncFolder(join(out, SNAPSHOTS));
  } catch (error) {
    throw writeFault(growing, error) ?? error;
  }
}

/** Makes a snapshot the current one. Killed at any moment, the one before or this one is. */
export function makeCurrent(out: string, name: string): void {
  const path = join(out, CURRENT);
  const link = waitingLink(path, join(SNAPSHOTS, name));
  if (link === undefined)
    writeFileAtomic(join(out, SNAPSHOT_FILE), readFileSync(join(out, SNAPSHOTS, name, SNAPSHOT_FILE)));
  // Without links nothing may stand there; with them a folder is a copy, made where links were followed.
  if (link === undefined || (existsSync(path) && !hasLinks(out))) rmSync(path, { recursive: true, force: true });
  if (link !== undefined) renameSync(link, path);
  syncFolder(out);
}

/** In a folder of OUT that is a copy of the snapshot's, where there are no links: names the snapshot. */
const VIEW_FILE = '.vua-view';
/** Whether a folder of OUT is neither a link nor such a copy: of a run of an older version, or somebody else's. */
export const isForeign = (path: string): boolean =>
  (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false) && !existsSync(join(path, VIEW_FILE));

/** Brings what readers see in OUT to the current snapshot; after a kill the next start does. */
export function showViews(out: string): void {
  const current = currentSnapshot(out);
  if (current === undefined) return;
  const isLinked = hasLinks(out);
  for (const name of isLinked ? [...VIEWS, SNAPSHOT_FILE] : VIEWS) {
    if (isLinked) showLink(out, name);
    else showCopy(out, name as Part, current);
  }
  syncFolder(out);
}

function showLink(out: string, name: string): void {
  const [path, target] = [join(out, name), join(CURRENT, name)];
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isSymbolicLink() && readlinkSync(path) === target) return;
  const link = waitingLink(path, target);
  if (link === undefined) return;
  if (found?.isDirectory()) putAside(out, name);
  renameSync(link, path);
}

/** A folder that stands where a link belongs: a view of ours goes, what somebody else put there stays beside it. */
function putAside(out: string, name: string): void {
  const path = join(out, name);
  if (!isForeign(path)) rmSync(path, { recursive: true });
  else {
    let n = 1;
    while (lstatSync(`${path}.before-${n}`, { throwIfNoEntry: false })) n++;
    renameSync(path, `${path}.before-${n}`);
  }
}

function showCopy(out: string, part: Part, current: Snapshot): void {
  const path = join(out, part);
  const shown = lstatSync(path, { throwIfNoEntry: false });
  const mark = join(path, VIEW_FILE);
  if (existsSync(mark) && readFileSync(mark, 'utf8') === current.name) return;
  const next = join(out, `.${part}.next`);
  rmSync(next, { recursive: true, force: true });
  mkdirSync(next);
  for (const file of namesOf(current[part])) linkOrCopy(join(current[part], file), join(next, file));
  writeFileAtomic(join(next, VIEW_FILE), current.name);
  if (shown) putAside(out, part);
  renameSync(next, path);
}
