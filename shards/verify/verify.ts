/**
 * Checks a folder against what it says of itself: every file against the manifest, every checksum, every row count, and
 * of the documents what later stages rely on. Finds all faults instead of stopping at the first.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Schema } from 'apache-arrow';
import { reasonOf, ToolkitError } from '../../crawlers/shell/errors.ts';
import type { Progress } from '../../crawlers/shell/reporter.ts';
import { breathe, type Work } from '../../crawlers/shell/work.ts';
import { ShardReader } from '../arrow/read-shard.ts';
import { createChecksum } from '../checksum.ts';
import { findFolders, type RunFolders, type ShardEntry } from '../manifest.ts';
import { verifyCrawl } from './crawl.ts';
import { verifyDocuments } from './documents.ts';
import { verifySplits, verifyTokens } from './tokens.ts';

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
  /** Of WARC files. */
  readonly records: number;
  readonly checkpoints: number;
  readonly faults: readonly Fault[];
  /** Stopped by the signal: what was not read was not checked. */
  readonly interrupted: boolean;
}

/** Gathers faults, one entry per file and check. */
export class Findings {
  readonly faults: Fault[] = [];
  readonly counts = { files: 0, bytes: 0, documents: 0, rejects: 0, tokens: 0, records: 0, checkpoints: 0 };
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
    const path = join(dir, entry.file);
    await this.file(path, 'shard', () => {
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
    });
  }

  /** Runs `read` over one file: an error that it throws is a fault of the file, and what follows is still checked. */
  async file(path: string, check: string, read: () => unknown): Promise<void> {
    if (this.signal.aborted) return;
    await breathe();
    try {
      await read();
    } catch (error) {
      if (!(error instanceof ToolkitError)) throw error;
      this.add(path, check, reasonOf(error));
    }
    this.counts.files++;
    this.counts.bytes += statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    this.#progress.update(this.counts.bytes, { faults: this.faults.length });
  }
}

/** Checks one kind of folder, given itself or the folder of the run around it. Returns whether there was one. */
export type Verifier = (dir: string, findings: Findings) => Promise<boolean>;

/**
 * Verifies the folder of a whole run, or one of the folders in it. `more`: of the rooms behind this one.
 * @throws ToolkitError (exit 2) when nothing in it is known, or a manifest cannot be read.
 */
export async function verify(
  dir: string,
  { signal, report }: Work,
  more: readonly Verifier[] = [],
): Promise<VerifyReport> {
  const progress = report.stage('verify', 'bytes');
  const findings = new Findings(signal, progress);
  let isKnown = false;
  for (const verifier of [verifyCrawl, ...more]) isKnown = (await verifier(dir, findings)) || isKnown;
  const { documents, tokens } = shardFolders(dir, isKnown);
  if (documents !== undefined) await verifyDocuments(documents, findings);
  if (tokens !== undefined) await verifyTokens(tokens, findings);
  if (documents !== undefined && tokens !== undefined) await verifySplits(documents, tokens, findings);
  progress.finish({ faults: findings.faults.length });
  return { ...findings.counts, faults: findings.faults, interrupted: signal.aborted };
}

function shardFolders(dir: string, isKnown: boolean): RunFolders {
  try {
    return findFolders(dir);
  } catch (error) {
    if (isKnown && error instanceof ToolkitError && error.code === 'NO_MANIFEST') return {};
    throw error;
  }
}
