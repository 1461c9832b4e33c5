/** Parts of a zip archive, as many and as large as a file of text may have. */
import { loadPackage, MAX_UNPACKED, Unopened } from './opened.ts';

const MAX_PARTS = 50_000;

interface Fflate {
  unzipSync(
    data: Uint8Array,
    options: { filter(part: { readonly name: string; readonly originalSize: number }): boolean },
  ): Record<string, Uint8Array>;
  zipSync(parts: Record<string, Uint8Array>, options: { readonly level: 0 }): Uint8Array;
}

export type Parts = ReadonlyMap<string, Uint8Array>;

/**
 * Parts by name. What an archive states of their sizes is summed up before anything is unpacked, and no part becomes
 * larger than stated.
 * @throws Unopened damaged, encrypted, too_large, no_reader
 */
export async function unzip(archive: Uint8Array, isWanted: (name: string) => boolean): Promise<Parts> {
  const { unzipSync } = await loadPackage<Fflate>('fflate');
  if (isEncrypted(archive)) throw new Unopened('encrypted', 'its parts ask for a password');
  let [bytes, count] = [0, 0];
  try {
    const parts = unzipSync(archive, {
      filter({ name, originalSize }) {
        if (++count > MAX_PARTS) throw new Unopened('too_large', `more than ${MAX_PARTS} parts`, count, MAX_PARTS);
        if (!isWanted(name)) return false;
        bytes += originalSize;
        if (bytes > MAX_UNPACKED)
          throw new Unopened('too_large', `${bytes} bytes and more, unpacked`, bytes, MAX_UNPACKED);
        return true;
      },
    });
    return new Map(Object.entries(parts));
  } catch (error) {
    if (error instanceof Unopened) throw error;
    throw new Unopened('damaged', `no whole zip archive: ${(error as Error).message}`);
  }
}

/** An archive of those parts alone, not packed: for a reader that unpacks without asking how much. */
export async function rezip(parts: Parts): Promise<Uint8Array> {
  const { zipSync } = await loadPackage<Fflate>('fflate');
  return zipSync(Object.fromEntries(parts), { level: 0 });
}

/** The flag of its first part. */
const isEncrypted = (archive: Uint8Array): boolean => archive.length > 8 && (archive[6] & 1) === 1;
