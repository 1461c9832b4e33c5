/**
 * Which documents are held out. A document's key is the hash of its address, of its text where it has none; a group
 * (near duplicates, versions of one URL) is held out only if the keys of all its members are. So the split is the same
 * for any order of inputs and nights, and a group that grows can only move into training, never out of it.
 */
import { addressOf } from '../crawlers/page.ts';
import { first53, hash64, hashOf } from './checksum.ts';

export const SPLITS = ['train', 'valid'] as const;
export type Split = (typeof SPLITS)[number];

/** Key of a document by itself, a whole number below 2^53. @param text UTF-8, asked where the URL is no web address */
export function documentKey(url: string, text: () => Uint8Array): number {
  const address = addressOf(url);
  return first53(address.startsWith('//') ? hash64(address) : hashOf(text()));
}

/** `valid` for the share (0…1) of keys that is lowest: a larger share keeps what a smaller one held out. */
export const splitOfKey = (key: number, validShare: number): Split => (key / 2 ** 53 < validShare ? 'valid' : 'train');

/** The split of folders of documents that say nothing of groups: by the cluster in which a document was written. */
export const splitOf = (cluster: string, validShare: number): Split => splitOfKey(first53(hash64(cluster)), validShare);
