/**
 * A document folder being written: shards, dedup state and manifest move from one valid state to the next together.
 *
 *   shard files durable ──▶ store.commit(manifest), one SQLite transaction ──▶ manifest.json replaced
 *          │ killed here: orphan files,     │ killed here: manifest.json is old,
 *          │ pages not yet known to the     │ the store is right
 *          ▼ store                          ▼
 *   next open removes the files      next open writes manifest.json again
 *
 * The store's commit is the only moment that counts, so a kill loses the unfinished shard and nothing else, and no page
 * is written twice.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { openMemory } from '../../cleaning/clean.ts';
import { formatRecipe, type Recipe, recipeFor, recipeOf } from '../../cleaning/recipe.ts';
import { badInput, ToolkitError } from '../../crawlers/shell/errors.ts';
import { lockFolder } from '../../crawlers/shell/lock.ts';
import { wrongSize } from '../arrow/file-sizes.ts';
import { hash64 } from '../checksum.ts';
import { DOCUMENTS, GROUPS_FILE, shardIndex } from '../format.ts';
import {
  manifestJson,
  manifestPath,
  readDocumentManifest,
  removeOrphans,
  removeOthers,
  writeManifest,
} from '../manifest.ts';
import { type DocumentManifest, type DocumentShard, parseDocumentManifest } from '../manifest-shape.ts';
import { pruneSideFiles, SEARCH } from '../side-files.ts';
import { adopt } from './adopt.ts';
import { compact } from './compact.ts';
import { carryOut } from './depart.ts';
import { writeGroups } from './groups.ts';
import { countsOf, writeMarks } from './marks.ts';
import type { ShardPair } from './write.ts';

const STORE_FILE = 'dedup.sqlite';
/** A manifest is written whole when the shards behind it are so many-th a part of it. */
const WRITTEN_AFTER = 8;

type Memory = ReturnType<typeof openMemory>;

export class DocumentFolder {
  readonly store: Memory;
  readonly #dir: string;
  readonly #unlock: () => void;
  #manifest: DocumentManifest;
  /** Commits since the manifest was written. */
  #sinceWhole = 0;

  private constructor(dir: string, store: Memory, unlock: () => void, manifest: DocumentManifest) {
    this.#dir = dir;
    this.store = store;
    this.#unlock = unlock;
    this.#manifest = manifest;
  }

  /**
   * Takes the folder's lock and brings manifest.json and the files to what the store committed last.
   * @throws ToolkitError FOLDER_LOCKED, UNWRITABLE_FOLDER, OTHER_PRESET, LOST_DEDUP_STATE, BAD_SHARD (by its size), and those of reading a manifest.
   */
  static open(dir: string, said: Partial<Recipe>): DocumentFolder {
    const unlock = lockFolder(dir);
    let store: Memory | undefined;
    try {
      const projected = existsSync(manifestPath(dir)) ? readDocumentManifest(dir) : undefined;
      if (projected && hasShards(projected)) checkRecipe(dir, projected, said);
      store = openMemory(join(dir, STORE_FILE), recipeOf(said));
      const committed = withAdded(parseStored(store.committed.manifest, dir), store.committed.added, dir);
      checkState(dir, [committed, parseStored(store.committed.before, dir)], projected);
      const manifest = grouped(
        dir,
        store,
        committed && hasShards(committed)
          ? committed
          : { ...DOCUMENTS, recipe: recipeOf(said), documents: [], rejects: [], groups: writeGroups(dir, []) },
      );
      checkRecipe(dir, manifest, said);
      const shards = [...manifest.documents, ...manifest.rejects];
      const damage = wrongSize(dir, shards);
      if (damage !== undefined) throw damaged(damage);
      removeOrphans(dir, ['documents', 'rejects'], shards);
      adopt(dir, store, manifest);
      const current = committed && hasShards(committed) ? manifest : committed;
      if (current && (!projected || manifestJson(projected) !== manifestJson(current))) writeManifest(dir, current);
      removeOthers(dir, GROUPS_FILE, manifest.groups);
      return new DocumentFolder(dir, store, unlock, manifest);
    } catch (error) {
      store?.close();
      unlock();
      throw store?.fault(error) ?? error;
    }
  }

  /** What is committed. */
  get manifest(): DocumentManifest {
    return this.#manifest;
  }

  /** Nothing was ever committed here. */
  get isNew(): boolean {
    return this.store.committed.manifest === undefined;
  }

  /** Number for the next shard pair. */
  get nextIndex(): number {
    return nextIndexOf(this.#manifest);
  }

  /** All rows of an input were read: documents whose row it does not have any more are marked. */
  readWhole(input: string): void {
    this.store.marks.readWhole(BigInt.asIntN(64, hash64(input)));
  }

  /**
   * Adds finished shards, together with everything that the store learnt since the last commit. The manifest is written
   * when it has grown by an eighth: all of it for each shard would cost more than the shards.
   */
  commit(shards: ShardPair): void {
    const manifest = this.#with(shards);
    const { documents, rejects } = manifest;
    if (++this.#sinceWhole * WRITTEN_AFTER >= documents.length + rejects.length) this.#commit(manifest);
    else {
      this.store.commitAdded(JSON.stringify(shards));
      this.#manifest = manifest;
    }
  }

  /**
   * The same at the end of a run: documents that leave (of pages that opted out or were superseded) are taken out of
   * their shards, and the text of opted-out rejects. Those shards are written anew, once, and the old files removed. A
   * run that was killed before leaves this to the next. With `compacts` small shards become fewer.
   */
  finish(
    shards: ShardPair,
    { compacts = false, shardBytes }: { readonly compacts?: boolean; readonly shardBytes?: number } = {},
  ): void {
    const added = this.#with(shards);
    const left = carryOut(this.#dir, this.store, added, nextIndexOf(added), shardBytes);
    const free = Math.max(nextIndexOf(added), nextIndexOf(left)); // files of both are still there
    const { marked: _, ...manifest } = compacts ? compact(this.#dir, this.store, left, free) : left;
    const marked = this.store.marks.all();
    const counts = countsOf(marked);
    this.#commit(marked.length === 0 ? manifest : { ...manifest, marked: counts });
    writeMarks(this.#dir, marked);
    const listed = new Set([...this.#manifest.documents, ...this.#manifest.rejects].map(({ file }) => file));
    for (const { file } of [...added.documents, ...added.rejects, ...left.documents, ...left.rejects]) {
      if (!listed.has(file)) rmSync(join(this.#dir, file), { force: true });
    }
    pruneSideFiles(join(this.#dir, SEARCH), [this.#dir]);
  }

  /**
   * Shards that others take the place of, row for row; all of them or none.
   * @param shardOf what becomes of a shard under a number; `undefined`: it stays
   */
  async replace(
    shardOf: (
      kind: keyof ShardPair,
      entry: DocumentShard,
      index: number,
    ) => Promise<readonly DocumentShard[] | undefined>,
  ): Promise<void> {
    const before = this.#manifest;
    let index = this.nextIndex;
    const replaced = async (kind: keyof ShardPair): Promise<DocumentShard[]> => {
      const entries: DocumentShard[] = [];
      for (const entry of before[kind]) {
        const written = await shardOf(kind, entry, index);
        entries.push(...(written ?? [entry]));
        if (written !== undefined) this.store.moveShard(kind, shardIndex(kind, entry.file)!, index++);
      }
      return entries;
    };
    const manifest = { ...before, documents: await replaced('documents'), rejects: await replaced('rejects') };
    this.#commit(manifest);
    const listed = new Set([...manifest.documents, ...manifest.rejects].map(({ file }) => file));
    for (const { file } of [...before.documents, ...before.rejects]) {
      if (!listed.has(file)) rmSync(join(this.#dir, file), { force: true });
    }
    pruneSideFiles(join(this.#dir, SEARCH), [this.#dir]);
  }

  /** Manifest and memory as this version has them; opening did the rest. Whether the manifest was of an older one. */
  upgrade(): boolean {
    const before = this.store.committed.manifest;
    this.#commit(this.#manifest);
    return before !== manifestJson(this.#manifest);
  }

  /** In a copy that nobody reads: shards without rows that were taken down, and the memory without them. */
  takeOut(manifest: DocumentManifest, isTakenDown: Parameters<Memory['takeOut']>[0]): number {
    const forgotten = this.store.takeOut(isTakenDown);
    const marked = this.store.marks.all();
    const { marked: _, ...rest } = manifest;
    // Twice: the memory keeps the manifest before it as well.
    for (const _time of [1, 2]) this.#commit(marked.length === 0 ? rest : { ...rest, marked: countsOf(marked) });
    writeMarks(this.#dir, marked);
    this.store.shrink();
    return forgotten;
  }

  #with({ documents, rejects }: ShardPair): DocumentManifest {
    this.store.placeInShard(this.nextIndex);
    return {
      ...this.#manifest,
      documents: [...this.#manifest.documents, ...documents],
      rejects: [...this.#manifest.rejects, ...rejects],
    };
  }

  #commit(manifest: DocumentManifest): void {
    this.#manifest = grouped(this.#dir, this.store, manifest);
    this.store.commit(manifestJson(this.#manifest));
    this.#sinceWhole = 0;
    writeManifest(this.#dir, this.#manifest);
    removeOthers(this.#dir, GROUPS_FILE, this.#manifest.groups);
  }

  /** Forgets what was not committed. */
  close(): void {
    try {
      this.store.close();
    } finally {
      this.#unlock();
    }
  }
}

function nextIndexOf({ documents, rejects }: DocumentManifest): number {
  const taken = [
    ...documents.map(({ file }) => shardIndex('documents', file) ?? -1),
    ...rejects.map(({ file }) => shardIndex('rejects', file) ?? -1),
  ];
  return Math.max(-1, ...taken) + 1;
}

/** What is held out together, as the store knows it; nothing of that in a folder that was begun without. */
const grouped = (dir: string, store: Memory, manifest: DocumentManifest): DocumentManifest =>
  manifest.groups === undefined ? manifest : { ...manifest, groups: writeGroups(dir, store.groups.all()) };

const hasShards = ({ documents, rejects }: DocumentManifest): boolean => documents.length + rejects.length > 0;

function parseStored(json: string | undefined, dir: string): DocumentManifest | undefined {
  return json === undefined ? undefined : parseDocumentManifest(JSON.parse(json), join(dir, STORE_FILE));
}

/** The manifest, and what was committed behind it. */
function withAdded(
  manifest: DocumentManifest | undefined,
  added: readonly string[],
  dir: string,
): DocumentManifest | undefined {
  if (manifest === undefined || added.length === 0) return manifest;
  const pairs = added.map((json) => JSON.parse(json) as ShardPair);
  const all = (kind: keyof ShardPair) => [...manifest[kind], ...pairs.flatMap((pair) => pair[kind])];
  return parseDocumentManifest(
    { ...manifest, documents: all('documents'), rejects: all('rejects') },
    join(dir, STORE_FILE),
  );
}

/**
 * The manifest file is written after the store: it is what the store committed last, or the time before. If it lists
 * anything else, the store is not its own.
 */
function checkState(
  dir: string,
  stored: readonly (DocumentManifest | undefined)[],
  projected: DocumentManifest | undefined,
): void {
  const shardsOf = (manifest: DocumentManifest | undefined) => [
    ...(manifest?.documents ?? []),
    ...(manifest?.rejects ?? []),
  ];
  const known = new Set(stored.flatMap(shardsOf).map(({ checksum }) => checksum));
  const stranger = shardsOf(projected).find(({ checksum }) => !known.has(checksum));
  if (!stranger) return;
  throw new ToolkitError({
    code: 'LOST_DEDUP_STATE',
    message: `${dir}: manifest.json lists ${stranger.file}, but ${STORE_FILE} does not know it`,
    hint: `restore ${STORE_FILE} from a copy, or choose a new --out folder: without it duplicates cannot be seen`,
    exitStatus: 2,
  });
}

const damaged = (fact: string): ToolkitError =>
  badInput('BAD_SHARD', fact, 'restore the file from a copy, or clean all inputs into a new --out folder');

/** A folder holds documents of one recipe only. */
function checkRecipe(dir: string, { recipe }: DocumentManifest, said: Partial<Recipe>): void {
  const given = recipeFor(said, recipe);
  if (isDeepStrictEqual(recipe, given)) return;
  throw badInput(
    'OTHER_PRESET',
    `${dir}: its documents were cleaned with --preset ${formatRecipe(recipe)}, this run was given ${formatRecipe(given)}`,
    'give the same preset, or a new --out folder',
  );
}
