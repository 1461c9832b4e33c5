/** What holds for the snapshots of a run: each has the files that it names, and shows no others. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Findings } from '../../crawlers/shell/work.ts';
import { checksumOf } from '../checksum.ts';
import { SEARCH, strangersIn } from '../side-files.ts';
import { CURRENT, currentSnapshot, PARTS, readSnapshots, type Snapshot, VIEWS } from '../snapshots/read.ts';

/**
 * Sizes of every file of every snapshot; of the current one also checksums of what stands beside the shards, which the
 * other checks read. Returns whether there are any.
 * @throws ToolkitError BAD_SNAPSHOT
 */
export function verifySnapshots(out: string, findings: Findings): boolean {
  const current = currentSnapshot(out);
  const snapshots = readSnapshots(out);
  for (const snapshot of snapshots) verifyFiles(snapshot, snapshot.name === current?.name, findings);
  if (current === undefined) {
    const names = snapshots.map(({ name }) => name).join(', ');
    if (names !== '') findings.add(join(out, CURRENT), 'current', `missing, there are snapshots ${names}`);
    return names !== '';
  }
  for (const part of VIEWS) {
    const listed = new Set(current.record.files[part].map(({ file }) => file));
    for (const file of namesIn(current[part])) {
      if (!listed.has(file)) findings.add(join(current[part], file), 'stranger', 'is no file of this snapshot');
    }
  }
  const nights = snapshots.map(({ dir }) => dir);
  const folders = [...nights, join(out, 'work'), join(out, 'held')].flatMap((dir) => [
    join(dir, 'documents'),
    join(dir, 'tokens'),
  ]);
  for (const name of strangersIn(join(out, SEARCH), folders)) {
    findings.add(join(out, SEARCH, name), 'stranger', 'was made from no shard of a snapshot: `vua gc` removes it');
  }
  return true;
}

function verifyFiles(snapshot: Snapshot, isCurrent: boolean, findings: Findings): void {
  for (const part of PARTS) {
    for (const { file, bytes, checksum } of snapshot.record.files[part]) {
      const path = join(snapshot[part], file);
      const size = statSync(path, { throwIfNoEntry: false })?.size;
      if (size !== bytes) findings.add(path, 'size', `${size ?? 'missing'}, expected ${bytes} bytes`);
      if (size !== bytes || !isCurrent || checksum === undefined || /\.(arrow|feather)$/.test(file)) continue;
      const found = checksumOf(readFileSync(path));
      if (found !== checksum) findings.add(path, 'checksum', `${found}, expected ${checksum}`);
    }
  }
}

/** But the card, and locks of those who read. */
const namesIn = (dir: string): string[] =>
  statSync(dir, { throwIfNoEntry: false })
    ? readdirSync(dir).filter((name) => !/^(README\.md|vua\.lock.*)$/.test(name))
    : [];
