/**
 * One folder without what was taken down: a copy of a snapshot, or of a night at work, that nobody reads yet. Shards that
 * hold none of it stay as files; the others are written anew under their numbers, once for all folders that share them;
 * tokens follow by the hashes of texts, without encoding; the memory of cleaning forgets.
 */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Removed, removedTexts } from '../../cleaning/clean.ts';
import { knownRecipe } from '../../cleaning/recipe.ts';
import { addressOf, isNamedBy } from '../../crawlers/page.ts';
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import { linkOrCopy, makeFolder } from '../../crawlers/shell/folder.ts';
import { hashOf } from '../checksum.ts';
import { DocumentFolder } from '../documents/folder.ts';
import { type Row, readShard, rowsOf } from '../documents/read.ts';
import { rewriteShard } from '../documents/write.ts';
import { shardIndex } from '../format.ts';
import { manifestPath, readDocumentManifest, readTokenManifest } from '../manifest.ts';
import type { DocumentManifest, DocumentShard } from '../manifest-shape.ts';
import { foldersIn } from '../snapshots/publish.ts';
import { writeTokens } from '../tokens/write.ts';

type Kind = 'documents' | 'rejects';

/** What became of a shard. */
interface Purged {
  /** Of the row that went: as the memory names it. */
  readonly gone: readonly GoneRow[];
  /** Its new file, outside of any folder; none where no row is left. */
  readonly anew?: { readonly path: string; readonly entry: DocumentShard };
}

export interface GoneRow {
  readonly kind: Kind;
  readonly id: string;
  readonly url: string;
  readonly fetchedAt: string;
}

const memoryName = (row: Pick<GoneRow, 'id' | 'fetchedAt'>, address: string): string =>
  `${row.id}\n${row.fetchedAt}\n${address}`;

export class Purge {
  /** Shards by kind and checksum. */
  readonly #purged = new Map<string, Purged>();
  readonly #gone = new Map<string, readonly GoneRow[]>();
  readonly #matchers = new Map<string, (row: Row) => boolean>();
  readonly #removed: Removed;
  readonly #spare: string;

  /** @param spare folder for shards that are written anew */
  constructor(removed: Removed, spare: string) {
    this.#removed = removed;
    this.#spare = spare;
  }

  /**
   * Rows of a folder of documents that must go; nothing is changed.
   * @throws ToolkitError BAD_SHARD
   */
  rowsIn(dir: string, manifest: DocumentManifest): GoneRow[] {
    return (['documents', 'rejects'] as const).flatMap((kind) =>
      manifest[kind].flatMap((entry) => this.#goneOf(dir, kind, entry, manifest)),
    );
  }

  /**
   * @param dir with documents/ (and its memory), tokens/ as a night has them
   * @returns the rows that went, and whether anything did
   * @throws ToolkitError BAD_SHARD, WRITE_FAILED, those of opening the folder
   */
  async folder(dir: string): Promise<{ rows: GoneRow[]; isChanged: boolean }> {
    const { documents, tokens } = foldersIn(dir);
    const { recipe } = readDocumentManifest(documents);
    const folder = DocumentFolder.open(documents, knownRecipe(recipe, manifestPath(documents)));
    const gone: GoneRow[] = [];
    let forgotten = 0;
    try {
      const shardsOf = (kind: Kind): DocumentShard[] =>
        folder.manifest[kind].flatMap((entry) => {
          const purged = this.#shard(documents, kind, entry, folder.manifest);
          gone.push(...purged.gone);
          if (purged.gone.length === 0) return [entry];
          rmSync(join(documents, entry.file));
          if (purged.anew === undefined) return [];
          const { path, entry: anew } = purged.anew;
          linkOrCopy(path, join(documents, entry.file));
          return [{ ...anew, file: entry.file }];
        });
      const manifest = { ...folder.manifest, documents: shardsOf('documents'), rejects: shardsOf('rejects') };
      const names = new Set(gone.map((row) => memoryName(row, addressOf(row.url))));
      const ids = new Set(gone.flatMap(({ kind, id }) => (kind === 'documents' ? [id] : [])));
      const isNamed = isNamedBy(this.#removed);
      forgotten = folder.takeOut(manifest, (row) => {
        if (isNamed(row.address, row.id) || (row.stands && ids.has(row.id))) return true;
        return names.has(memoryName(row, row.address));
      });
    } finally {
      folder.close();
    }
    if (existsSync(manifestPath(tokens)) && gone.some(({ kind }) => kind === 'documents')) {
      await followWithTokens(documents, tokens);
    }
    return { rows: gone, isChanged: gone.length + forgotten > 0 };
  }

  #matcher({ recipe }: DocumentManifest): (row: Row) => boolean {
    const name = JSON.stringify(recipe.near);
    const known = this.#matchers.get(name);
    if (known !== undefined) return known;
    const isNamed = isNamedBy(this.#removed);
    const texts = removedTexts(this.#removed.texts, knownRecipe(recipe, ''));
    // What names it without a word of it stays: a refusal of the page, say.
    const hasWords = (row: Row): boolean => row.kind === 'documents' || row.string('text') + row.string('title') !== '';
    // A row stands in many shards: compacted ones of later nights hold those of earlier ones again.
    const named = remembered((row) => isNamed(addressOf(row.string('url')), row.string('id')), ['url', 'id']);
    const held = remembered((row) => texts.holds(row.string('title'), row.string('text')), ['title', 'text']);
    const isGone = (row: Row): boolean => hasWords(row) && (named(row) || held(row));
    this.#matchers.set(name, isGone);
    return isGone;
  }

  /** Each shard is read once, whoever shares it. */
  #goneOf(dir: string, kind: Kind, entry: DocumentShard, manifest: DocumentManifest): readonly GoneRow[] {
    const name = `${kind}-${entry.checksum}`;
    const known = this.#gone.get(name) ?? goneOf(dir, kind, entry, this.#matcher(manifest));
    this.#gone.set(name, known);
    return known;
  }

  #shard(dir: string, kind: Kind, entry: DocumentShard, manifest: DocumentManifest): Purged {
    const name = `${kind}-${entry.checksum}`;
    const known = this.#purged.get(name);
    if (known !== undefined) return known;
    const gone = this.#goneOf(dir, kind, entry, manifest);
    const purged = gone.length === 0 ? { gone } : { gone, anew: this.#write(dir, kind, entry, manifest) };
    this.#purged.set(name, purged);
    return purged;
  }

  #write(dir: string, kind: Kind, entry: DocumentShard, manifest: DocumentManifest): Purged['anew'] {
    const isGone = this.#matcher(manifest);
    const index = shardIndex(kind, entry.file)!;
    makeFolder(this.#spare);
    const [anew] = rewriteShard(
      this.#spare,
      kind,
      readShard(dir, kind, entry),
      { begin: () => index, shardBytes: Number.POSITIVE_INFINITY },
      (row) => (isGone(row) ? 'goes' : undefined),
    );
    if (anew === undefined) return undefined;
    const path = join(this.#spare, `${kind}-${entry.checksum}`);
    renameSync(join(this.#spare, anew.file), path);
    return { path, entry: anew };
  }
}

/** What is asked of a row, asked once for those that are equal in these columns. */
export function remembered(
  ask: (row: Row) => boolean,
  [first, second]: readonly [string, string],
): (row: Row) => boolean {
  const known = new Map<bigint, boolean>();
  return (row) => {
    const key = BigInt.asUintN(64, hashOf(row.bytes(first)) + ODD * hashOf(row.bytes(second)));
    const answer = known.get(key) ?? ask(row);
    if (known.size < MOST_REMEMBERED) known.set(key, answer);
    return answer;
  };
}

const ODD = 0x9e3779b97f4a7c15n;
/** 174 MB. */
const MOST_REMEMBERED = 2 ** 21;

function goneOf(dir: string, kind: Kind, entry: DocumentShard, isGone: (row: Row) => boolean): GoneRow[] {
  const gone: GoneRow[] = [];
  for (const batch of readShard(dir, kind, entry)) {
    for (const row of rowsOf(kind, batch)) {
      if (!isGone(row)) continue;
      gone.push({ kind, id: row.string('id'), url: row.string('url'), fetchedAt: row.string('fetched_at') });
    }
  }
  return gone;
}

class NotEncoded extends Error {}

/** A text without tokens is no fault: the folder goes, and the next night makes it. */
async function followWithTokens(documents: string, tokens: string): Promise<void> {
  const { vocabSize, bosId, validShare, contaminated, dropout, dropoutSeed } = readTokenManifest(tokens);
  const encode = (): never => {
    throw new NotEncoded();
  };
  try {
    await writeTokens({
      documentsDir: documents,
      tokenizerDir: tokens,
      outDir: tokens,
      encode,
      vocabSize,
      bosId,
      validShare,
      contaminated,
      ...(dropout && dropoutSeed !== undefined && { dropout: { share: dropout, seed: dropoutSeed, encode } }),
    });
  } catch (error) {
    const isEmpty = error instanceof ToolkitError && error.code === 'NO_DOCUMENTS';
    if (!isEmpty && !(error instanceof NotEncoded)) throw error;
    rmSync(tokens, { recursive: true });
  }
}
