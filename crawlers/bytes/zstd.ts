/** Zstandard, by fzstd: chunks in, chunks out. Frames follow each other; a dictionary of its own is not known. */
import { closeSync, openSync, readSync } from 'node:fs';
import { Decompress } from 'fzstd';

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd] as const;

/** Whether a file begins as zstd does; false where it cannot be read. */
export function isZstdFile(path: string): boolean {
  const head = new Uint8Array(MAGIC.length);
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    return readSync(file, head, 0, head.length, 0) === head.length && MAGIC.every((byte, i) => head[i] === byte);
  } catch {
    return false; // whoever reads it says why
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/**
 * @param from bytes of the unpacked that are left out at the beginning
 * @throws Error of fzstd after everything that stands before the damage was yielded
 */
export async function* unzstd(chunks: AsyncIterable<Buffer>, from = 0): AsyncGenerator<Buffer> {
  const ready: Buffer[] = [];
  let left = from;
  const stream = new Decompress((chunk) => {
    const skipped = Math.min(left, chunk.length);
    left -= skipped;
    if (skipped < chunk.length) ready.push(Buffer.from(chunk.subarray(skipped)));
  });
  let damage: unknown;
  for await (const chunk of chunks) {
    try {
      stream.push(chunk);
    } catch (error) {
      damage = error;
    }
    yield* ready.splice(0);
    if (damage !== undefined) throw damage;
  }
  try {
    stream.push(new Uint8Array(), true);
  } catch (error) {
    damage = error;
  }
  yield* ready.splice(0);
  if (damage !== undefined) throw damage;
}
