/**
 * How parts of shard files are read, wherever they lie: in a folder (`file-ranges.ts`) or behind HTTP
 * (`../tokens/http.ts`). Whoever reads compares what came to the manifest.
 */
import { badInput, type ToolkitError } from '../../crawlers/shell/errors.ts';

export interface ShardRange {
  /** Base name of the shard file. */
  readonly file: string;
  /** Size of the whole file by the manifest: another size means another file. */
  readonly fileBytes: number;
  readonly position: number;
  /** For messages: `batch 3`. */
  readonly part: string;
}

export interface RangeReader {
  /** Folder or URL, for messages. */
  readonly where: string;
  /**
   * Fills `target` from `position` on.
   * @throws ToolkitError BAD_SHARD naming file and part: missing, of another size, or ended early.
   */
  read(range: ShardRange, target: Uint8Array<ArrayBuffer>): Promise<void>;
}

export const pathOf = (where: string, file: string): string => `${where.replace(/\/+$/, '')}/${file}`;

/** @throws ToolkitError BAD_SHARD when a file is not as long as the manifest says. */
export function checkSize(path: string, found: number, expected: number): void {
  if (found === expected) return;
  throw badShard(path, `${found} bytes, expected ${expected}${found < expected ? ': it was cut' : ''}`);
}

export function badShard(path: string, fact: string, cause?: unknown): ToolkitError {
  return badInput(
    'BAD_SHARD',
    `${path}: ${fact}`,
    'restore the file from a copy, or make the folder again; `vua verify` lists every fault',
    cause,
  );
}
