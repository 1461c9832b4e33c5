/**
 * `groups-CHECKSUM.tsv` beside the manifest: keys of documents that are not the greatest of their group, each with the
 * one that is, a line each (`KEY<tab>GREATEST`, decimal, by key). Named by content: the manifest says which one holds.
 * Folders that were begun before it say nothing of groups, and are split by cluster as they began.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { badInput } from '../../crawlers/shell/errors.ts';
import { writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { checksumOf } from '../checksum.ts';
import type { GroupsEntry } from '../manifest-shape.ts';
import { documentKey, type Split, splitOf, splitOfKey } from '../split.ts';

type Pairs = ReadonlyMap<number, number>;

/** Writes them, unless they stand there already. @throws ToolkitError WRITE_FAILED, UNWRITABLE_FOLDER */
export function writeGroups(dir: string, pairs: Iterable<readonly [number, number]>): GroupsEntry {
  const lines = Array.from(pairs, ([key, greatest]) => `${key}\t${greatest}\n`);
  const bytes = Buffer.from(lines.join(''));
  const checksum = checksumOf(bytes);
  const file = `groups-${checksum}.tsv`;
  if (!existsSync(join(dir, file))) writeFileAtomic(join(dir, file), bytes);
  return { file, pairs: lines.length, checksum };
}

/** @throws ToolkitError BAD_SHARD (exit 2) */
export function readGroups(dir: string, { file, checksum }: GroupsEntry): Pairs {
  const path = join(dir, file);
  const bytes = existsSync(path) ? readFileSync(path) : undefined;
  const found = bytes === undefined ? 'no such file' : `checksum ${checksumOf(bytes)}`;
  if (bytes === undefined || checksumOf(bytes) !== checksum) {
    throw badInput('BAD_SHARD', `${path}: ${found}, expected checksum ${checksum}`, 'restore the file from a copy');
  }
  const lines = bytes.toString().split('\n').slice(0, -1);
  return new Map(lines.map((line) => line.split('\t').map(Number) as [number, number]));
}

/** What of a document decides on its side. */
interface Sided {
  readonly url: string;
  readonly cluster: string;
  /** UTF-8. */
  text(): Uint8Array;
}

/** On which side each document of a folder stands. */
export class Sides {
  readonly #pairs: Pairs | undefined;

  private constructor(pairs: Pairs | undefined) {
    this.#pairs = pairs;
  }

  /** Of a folder of documents or tokens, by its manifest. @throws ToolkitError BAD_SHARD (exit 2) */
  static of(dir: string, { groups }: { readonly groups?: GroupsEntry }): Sides {
    return new Sides(groups && readGroups(dir, groups));
  }

  split({ url, cluster, text }: Sided, validShare: number): Split {
    if (this.#pairs === undefined) return splitOf(cluster, validShare);
    if (validShare === 0) return 'train';
    return splitOfKey(this.#greatest(documentKey(url, text)), validShare);
  }

  /** Keys that were held out by `before` and are not any more. */
  movedSince(before: Sides, validShare: number): ReadonlySet<number> {
    const moved = new Set<number>();
    for (const [key, greatest] of this.#pairs ?? []) {
      if (splitOfKey(before.#greatest(key), validShare) === 'valid' && splitOfKey(greatest, validShare) === 'train') {
        moved.add(key);
      }
    }
    return moved;
  }

  #greatest(key: number): number {
    return this.#pairs?.get(key) ?? key;
  }
}
