/**
 * Checks a folder against what it says of itself: every file against the manifest, every checksum, every row count, and
 * of the documents what later stages rely on. Finds all faults instead of stopping at the first.
 */
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import { Findings, unattended, type Verifier, type Work } from '../../crawlers/shell/work.ts';
import { findFolders, type RunFolders } from '../manifest.ts';
import { damagesIn } from '../search/folder.ts';
import { sideFolder } from '../side-files.ts';
import { verifyDocuments } from './documents.ts';
import { verifySnapshots } from './snapshots.ts';
import { verifySplits, verifyTokens } from './tokens.ts';

export interface VerifyReport {
  readonly files: number;
  readonly bytes: number;
  readonly documents: number;
  readonly rejects: number;
  readonly tokens: number;
  /** Of WARC files. */
  readonly records: number;
  readonly checkpoints: number;
  readonly faults: Findings['faults'];
  readonly notes: readonly string[];
  /** Stopped by the signal: what was not read was not checked. */
  readonly interrupted: boolean;
}

/**
 * Verifies the folder of a whole run, or one of the folders in it. `others`: of the other rooms.
 * @throws ToolkitError (exit 2) when nothing in it is known, or a manifest cannot be read.
 */
export async function verify(
  dir: string,
  { signal, report }: Work = unattended(),
  others: readonly Verifier[] = [],
): Promise<VerifyReport> {
  const progress = report.stage('verify', 'bytes');
  const findings = new Findings(signal, progress);
  let isKnown = false;
  for (const verifier of others) isKnown = (await verifier(dir, findings)) || isKnown;
  isKnown = verifySnapshots(dir, findings) || isKnown;
  const { documents, tokens } = shardFolders(dir, isKnown);
  if (documents !== undefined) {
    await verifyDocuments(documents, findings);
    for (const damage of damagesIn(sideFolder(documents))) {
      findings.notes.push(`${damage}: \`vua search\` makes it anew`);
    }
  }
  if (tokens !== undefined) await verifyTokens(tokens, findings);
  if (documents !== undefined && tokens !== undefined) await verifySplits(documents, tokens, findings);
  progress.finish({ faults: findings.faults.length });
  return { ...findings.counts, faults: findings.faults, notes: findings.notes, interrupted: signal.aborted };
}

function shardFolders(dir: string, isKnown: boolean): RunFolders {
  try {
    return findFolders(dir);
  } catch (error) {
    if (isKnown && error instanceof ToolkitError && error.code === 'NO_MANIFEST') return {};
    throw error;
  }
}
