/** What a snapshot says of the night that made it. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packageVersion } from '../../crawlers/shell/assets.ts';
import { checksumOf } from '../checksum.ts';
import type { InputCursor, SnapshotRecord } from './shape.ts';

export type NightFacts = Pick<SnapshotRecord, 'vua' | 'config' | 'inputs'>;

/** `settings`: what its checksum is of, without places. `inputs`: files and folders as far as they reach now. */
export const factsOf = (settings: object, inputs: readonly string[]): NightFacts => ({
  vua: packageVersion(),
  config: checksumOf(new TextEncoder().encode(JSON.stringify(settings))),
  inputs: inputs.flatMap(cursorOf),
});

function cursorOf(input: string): InputCursor[] {
  const found = statSync(input, { throwIfNoEntry: false });
  if (found === undefined) return [];
  if (!found.isDirectory()) return [{ input, files: 1, bytes: found.size }];
  const files = readdirSync(input, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/^vua\.lock/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const bytes = files.reduce((sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0), 0);
  const last = files.at(-1)?.slice(input.replace(/\/+$/, '').length + 1);
  return [{ input, files: files.length, bytes, ...(last !== undefined && { last }) }];
}
