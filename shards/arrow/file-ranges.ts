/** Parts of shard files in a folder. Files are open only while they are read: a corpus may have thousands. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { reasonOf } from '../../crawlers/shell/errors.ts';
import { badShard, checkSize, pathOf, type RangeReader } from './ranges.ts';

/** Reads happen at once, without leaving the thread: from the page cache they are as fast as memory. */
export function fileRanges(dir: string): RangeReader {
  return {
    where: dir,
    async read({ file, fileBytes, position, part }, target) {
      const path = pathOf(dir, file);
      const handle = opened(path);
      try {
        checkSize(path, fstatSync(handle).size, fileBytes);
        fill(handle, path, part, position, target);
      } finally {
        closeSync(handle);
      }
    },
  };
}

/** The same with files that stay open until `close`: for many short reads of a few. */
export function openRanges(dir: string): RangeReader & { close(): void } {
  const handles = new Map<string, number>();
  return {
    where: dir,
    async read({ file, fileBytes, position, part }, target) {
      const path = pathOf(dir, file);
      let handle = handles.get(file);
      if (handle === undefined) {
        handle = opened(path);
        handles.set(file, handle);
        checkSize(path, fstatSync(handle).size, fileBytes);
      }
      fill(handle, path, part, position, target);
    },
    close() {
      for (const handle of handles.values()) closeSync(handle);
      handles.clear();
    },
  };
}

function opened(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw badShard(path, reasonOf(error), error);
  }
}

function fill(handle: number, path: string, part: string, position: number, target: Uint8Array): void {
  for (let done = 0; done < target.length; ) {
    const read = readSync(handle, target, done, target.length - done, position + done);
    if (read === 0) throw badShard(path, `${part}: the file ends at byte ${position + done}`);
    done += read;
  }
}
