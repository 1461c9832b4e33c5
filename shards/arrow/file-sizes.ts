/** The cheap look at a folder: sizes against the manifest. `vua verify` reads the bytes. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { ShardEntry } from '../manifest-shape.ts';

/** The first shard whose file is missing or of another size, in words. */
export function wrongSize(dir: string, shards: readonly Pick<ShardEntry, 'file' | 'bytes'>[]): string | undefined {
  for (const { file, bytes } of shards) {
    const path = join(dir, file);
    const found = statSync(path, { throwIfNoEntry: false })?.size;
    if (found !== bytes)
      return `${path}: ${found === undefined ? 'missing' : `${found} bytes`}, expected ${bytes} bytes`;
  }
  return undefined;
}
