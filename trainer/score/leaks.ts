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
 * Compares checksums of texts; reads the tables of documents, no token. Older folders have none for what is trained on.
 * @throws ToolkitError BAD_SHARD
 */
export async function leaksIn(folders: readonly TokenFolder[]): Promise<Leak[]> {
  const held = await Promise.all(folders.map(async (folder) => new Set(await hashesOf(folder, 'valid'))));
  const leaks: Leak[] = [];
  for (const train of folders) {
    const hashes = new Set(await hashesOf(train, 'train'));
    for (const [i, heldOut] of folders.entries()) {
      const documents = [...held[i]].filter((hash) => hashes.has(hash)).length;
      if (documents > 0) leaks.push({ heldOut, train, documents, of: held[i].size });
    }
  }
  return leaks;
}

async function hashesOf(folder: TokenFolder, side: 'train' | 'valid'): Promise<string[]> {
  const hashes: string[] = [];
  for (const shard of folder.manifest.shards) {
    if (shard.split !== side) continue;
    for (const hash of (await folder.documents(shard))?.textHash ?? []) hashes.push(hash);
  }
  return hashes;
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
