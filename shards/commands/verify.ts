import { z } from 'zod';
import { type Command, DONE, defineCommand, INTERRUPTED, NOT_VERIFIED } from '../../crawlers/shell/command.ts';
import { formatBytes, formatCount } from '../../crawlers/shell/reporter.ts';
import type { Verifier } from '../../crawlers/shell/work.ts';
import type { VerifyReport } from '../verify/verify.ts';

/** `others`: what the other rooms check in the folder of a run. */
export const verifyCommand = (others: () => Promise<readonly Verifier[]> = async () => []): Command =>
  defineCommand({
    name: 'verify',
    summary: 'check every file, checksum and count of a folder',
    examples: ['vua verify out/documents', 'vua verify out'],
    positional: 'dir',
    options: z.object({ dir: z.string().describe('folder of a whole run, or one of the folders in it') }),
    async run({ dir }, work) {
      const { verify } = await import('../verify/verify.ts');
      const report = await verify(dir, work, await others());
      work.report.result(formatVerify(dir, report), { event: 'verified', ...report });
      if (report.interrupted) return INTERRUPTED;
      return report.faults.length > 0 ? NOT_VERIFIED : DONE;
    },
  });

function formatVerify(dir: string, report: VerifyReport): string {
  const { files, bytes, faults, notes, interrupted } = report;
  const kinds = (['records', 'documents', 'rejects', 'tokens', 'checkpoints'] as const)
    .filter((kind) => report[kind] > 0)
    .map((kind) => `, ${formatCount(report[kind])} ${report[kind] === 1 ? kind.slice(0, -1) : kind}`);
  const counts = `${formatCount(files)} files (${formatBytes(bytes)})${kinds.join('')}`;
  const found = faults.map(({ file, check, message, count }) => {
    const more = count > 1 ? ` (and ${formatCount(count - 1)} more)` : '';
    return `${check.padEnd(12)} ${message.startsWith(file) ? message : `${file}: ${message}`}${more}`;
  });
  const lines = [...found, ...notes];
  if (interrupted) return [`${dir}: interrupted after ${counts}`, ...lines].join('\n');
  if (faults.length === 0) return [`${dir}: ok: ${counts}`, ...lines].join('\n');
  return [
    `${dir}: ${formatCount(faults.length)} ${faults.length === 1 ? 'fault' : 'faults'}: ${counts}`,
    ...lines,
  ].join('\n');
}
