/** Files of a part as they grow, and as the disk gives them back. */
import { closeSync, openSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { AtomicFile, makeFolder } from '../../../crawlers/shell/folder.ts';
import { breather } from '../../../crawlers/shell/work.ts';
import { badShard, checkSize } from '../../arrow/ranges.ts';
import { createChecksum } from '../../checksum.ts';
import type { PartFile } from './engine.ts';

export interface ExportedFile {
  /** Below OUT, with `/`. */
  readonly name: string;
  readonly bytes: number;
  readonly checksum: string;
}

/** The files of a part; those that were not ended leave nothing. */
export class PartFiles {
  readonly whole: ExportedFile[] = [];
  readonly #dir: string;
  readonly #open = new Set<AtomicFile>();

  constructor(dir: string) {
    this.#dir = dir;
  }

  open(name: string): PartFile {
    const path = join(this.#dir, name);
    makeFolder(dirname(path));
    const checksum = createChecksum();
    const file = new AtomicFile(path, { checksum });
    this.#open.add(file);
    return {
      get bytes() {
        return file.bytes;
      },
      write: (data) => file.write(data),
      end: () => {
        file.commit();
        this.#open.delete(file);
        this.whole.push({ name, bytes: file.bytes, checksum: checksum.digest() });
      },
    };
  }

  discard(): void {
    for (const file of this.#open) file.discard();
  }
}

/** @throws ToolkitError BAD_SHARD: the disk gives back something else than was written */
export async function verifyFile(dir: string, { name, bytes, checksum }: ExportedFile): Promise<void> {
  const path = join(dir, name);
  const sum = createChecksum();
  const piece = new Uint8Array(1 << 20);
  const breath = breather(undefined);
  const file = openSync(path, 'r');
  let found = 0;
  try {
    for (let read = -1; read !== 0; found += read) {
      read = readSync(file, piece);
      sum.update(piece.subarray(0, read));
      await breath();
    }
  } finally {
    closeSync(file);
  }
  checkSize(path, found, bytes);
  const digest = sum.digest();
  if (digest !== checksum) throw badShard(path, `checksum ${digest}, expected ${checksum}`);
}
