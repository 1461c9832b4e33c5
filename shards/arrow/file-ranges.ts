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
      let handle: number;
      try {
        handle = openSync(path, 'r');
      } catch (error) {
        throw badShard(path, reasonOf(error), error);
      }
      try {
        checkSize(path, fstatSync(handle).size, fileBytes);
        for (let done = 0; done < target.length; ) {
          const read = readSync(handle, target, done, target.length - done, position + done);
          if (read === 0) throw badShard(path, `${part}: the file ends at byte ${position + done}`);
          done += read;
        }
      } finally {
        closeSync(handle);
      }
    },
  };
}
