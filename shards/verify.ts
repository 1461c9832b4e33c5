/**
 * Checks a folder against what it says of itself: every file against the manifest, every checksum, every row count, and
 * of the documents what later stages rely on. Finds all faults instead of stopping at the first.
 */
import { join } from 'node:path';
import type { Schema } from 'apache-arrow';
import { reasonOf, ToolkitError } from '../crawlers/errors.ts';
import type { CommandContext } from '../crawlers/shell/command.ts';
import type { Progress } from '../crawlers/shell/reporter.ts';
import { createChecksum } from './checksum.ts';
import { findFolders, type ShardEntry } from './manifest.ts';
import { ShardReader } from './read-shard.ts';
import { verifyDocuments } from './verify-documents.ts';
import { verifySplits, verifyTokens } from './verify-tokens.ts';

export interface Fault {
  /** The file at fault. */
  readonly file: string;
  /** What was checked: `shard`, `checksum`, `utf8`, `nfc`, `id`, `split`, … */
  readonly check: string;
  /** The first case: what was found, what was expected. */
  readonly message: string;
  /** How many cases of this check in this file. */
  count: number;
}

export interface VerifyReport {
  readonly files: number;
  readonly bytes: number;
  readonly documents: number;
  readonly rejects: number;
  readonly tokens: number;
  readonly faults: readonly Fault[];
  /** Stopped by the signal: what was not read was not checked. */
  readonly interrupted: boolean;
}

/** Gathers faults, one entry per file and check. */
export class Findings {
  readonly faults: Fault[] = [];
  readonly counts = { files: 0, bytes: 0, documents: 0, rejects: 0, tokens: 0 };
  readonly signal: AbortSignal;
  readonly #progress: Progress;

  constructor(signal: AbortSignal, progress: Progress) {
    this.signal = signal;
    this.#progress = progress;
  }

  add(file: string, check: string, message: string): void {
    const known = this.faults.find((fault) => fault.file === file && fault.check === check);
    if (known) known.count++;
    else this.faults.push({ file, check, message, count: 1 });
  }

  /**
   * Runs `read` over one shard of the manifest after comparing the file's own checksum; a shard that cannot be read is
   * a fault, and what follows it is still checked.
   */
  async shard(dir: string, entry: ShardEntry, schemas: readonly Schema[], read: () => void): Promise<void> {
    if (this.signal.aborted) return;
    await new Promise(setImmediate); // lets Ctrl-C in
    const path = join(dir, entry.file);
    try {
      const reader = ShardReader.open(path, schemas, entry);
      try {
        const checksum = createChecksum();
        reader.forEachSlice((bytes) => checksum.update(bytes));
        const found = checksum.digest();
        if (found !== entry.checksum) this.add(path, 'checksum', `${found}, expected ${entry.checksum}`);
      } finally {
        reader.close();
      }
      read();
    } catch (error) {
      if (!(error instanceof ToolkitError)) throw error;
      this.add(path, 'shard', reasonOf(error));
    }
    this.counts.files++;
    this.counts.bytes += entry.bytes;
    this.#progress.update(this.counts.bytes, { faults: this.faults.length });
  }
}

/**
 * Verifies a folder of documents, of tokens, or of a whole run.
 * @throws ToolkitError (exit 2) when there is no manifest that can be read.
 */
export async function verify(dir: string, { signal, report }: CommandContext): Promise<VerifyReport> {
  const { documents, tokens } = findFolders(dir);
  const progress = report.stage('verify', 'bytes');
  const findings = new Findings(signal, progress);
  if (documents !== undefined) await verifyDocuments(documents, findings);
  if (tokens !== undefined) await verifyTokens(tokens, findings);
  if (documents !== undefined && tokens !== undefined) await verifySplits(documents, tokens, findings);
  progress.finish({ faults: findings.faults.length });
  return { ...findings.counts, faults: findings.faults, interrupted: signal.aborted };
}
