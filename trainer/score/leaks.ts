/** Held-out documents whose very text stands among what is trained on: of several folders, or of one made before groups. */
import { badInput, type ToolkitError } from '../../crawlers/shell/errors.ts';
import { formatCount } from '../../crawlers/shell/reporter.ts';
import type { TokenFolder } from '../../shards/tokens/source.ts';

export interface Leak {
  /** Where they are held out, and where they stand in train. */
  readonly heldOut: TokenFolder;
  readonly train: TokenFolder;
  readonly documents: number;
  /** That are held out there. */
  readonly of: number;
}

/**
 * Compares checksums of texts; reads the tables of documents, no token, and keeps those of held-out text alone. Within one
 * folder that knows groups nothing is read: its split promises it, and `vua verify` proves it. Folders of version 2 have
 * no checksums of what is trained on.
 * @throws ToolkitError BAD_SHARD
 */
export async function leaksIn(folders: readonly TokenFolder[]): Promise<Leak[]> {
  const leaks: Leak[] = [];
  const held = folders.map(async (heldOut) => {
    const hashes = new Set<string>();
    for await (const hash of hashesOf(heldOut, 'valid')) hashes.add(hash);
    return { heldOut, hashes };
  });
  for (const train of folders) {
    const asked = folders.flatMap((folder, i) => (folder === train && folder.manifest.groups ? [] : [held[i]]));
    const each = (await Promise.all(asked)).map((one) => ({ ...one, found: new Set<string>() }));
    if (each.length === 0) continue;
    for await (const hash of hashesOf(train, 'train')) {
      for (const { hashes, found } of each) if (hashes.has(hash)) found.add(hash);
    }
    for (const { heldOut, hashes, found } of each) {
      if (found.size > 0) leaks.push({ heldOut, train, documents: found.size, of: hashes.size });
    }
  }
  return leaks;
}

async function* hashesOf(folder: TokenFolder, side: 'train' | 'valid'): AsyncGenerator<string> {
  for (const shard of folder.manifest.shards) {
    if (shard.split === side) yield* (await folder.documents(shard))?.textHash ?? [];
  }
}

export function leakText({ heldOut, train, documents, of }: Leak): string {
  const shares = [heldOut, train].map(({ manifest }) => manifest.validShare);
  const other = shares[0] === shares[1] ? '' : ` (made with --valid-share ${shares[0]} and ${shares[1]})`;
  return `${heldOut.where}: ${formatCount(documents)} of ${formatCount(of)} held-out documents stand word for word in train of ${train.where}${other}`;
}

export const heldOutInTrain = (leaks: readonly Leak[]): ToolkitError =>
  badInput(
    'HELD_OUT_IN_TRAIN',
    leaks.map(leakText).join('; '),
    'clean what both were made from into one folder (`vua clean --input A B`) and make its tokens',
  );
