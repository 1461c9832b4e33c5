/** What holds for a shard of any kind: it can be opened, and the checksum of the file is that of the manifest. */
import { join } from 'node:path';
import type { Findings } from '../../crawlers/shell/work.ts';
import { type AllowedSchemas, ShardReader } from '../arrow/read-shard.ts';
import { createChecksum } from '../checksum.ts';
import { readGroups } from '../documents/groups.ts';
import type { GroupsEntry, ShardEntry } from '../manifest-shape.ts';

/**
 * Runs `read` over one shard of the manifest after comparing the file's own checksum; a shard that cannot be read is a
 * fault, and what follows it is still checked.
 */
export async function verifyShard(
  dir: string,
  entry: ShardEntry,
  allowed: AllowedSchemas,
  findings: Findings,
  read: () => unknown,
): Promise<void> {
  const path = join(dir, entry.file);
  await findings.file(path, 'shard', async () => {
    const reader = ShardReader.open(path, allowed, entry);
    try {
      const checksum = createChecksum();
      reader.forEachSlice((bytes) => checksum.update(bytes));
      const found = checksum.digest();
      if (found !== entry.checksum) findings.add(path, 'checksum', `${found}, expected ${entry.checksum}`);
    } finally {
      reader.close();
    }
    await read();
  });
}

/** The file that says what is held out together, where there is one. */
export async function verifyGroups(
  dir: string,
  { groups }: { readonly groups?: GroupsEntry },
  findings: Findings,
): Promise<void> {
  if (groups !== undefined) await findings.file(join(dir, groups.file), 'groups', async () => readGroups(dir, groups));
}
