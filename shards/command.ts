/** `vua clean`, `vua verify`, `vua stats`. */
import { z } from 'zod';
import { PRESETS } from '../cleaning/filters/index.ts';
import { droppedPages, reportRows } from '../cleaning/report.ts';
import { type Command, commandLine, defineCommand, INTERRUPTED, NOTHING_NEW } from '../crawlers/shell/command.ts';
import { formatBytes, formatCount, formatTable } from '../crawlers/shell/reporter.ts';
import { type CleanSummary, cleanInputs } from './clean-inputs.ts';
import { formatStats, statsOf } from './stats.ts';
import { type Verifier, type VerifyReport, verify } from './verify.ts';
import { SHARD_BYTES } from './write-documents.ts';

const FAULTS_FOUND = 1;

export const cleanCommand = defineCommand({
  name: 'clean',
  summary: 'extract, normalise, filter and deduplicate pages into document shards',
  examples: [
    'vua clean --input out/crawl/warc --out out/documents',
    'vua clean --input wiki.jsonl.gz truyen/ --out out/documents --preset fineweb2',
  ],
  options: z.object({
    input: z
      .array(z.string())
      .min(1)
      .describe('files and folders to read: .warc(.gz), .jsonl(.gz), .txt(.gz), .md, .html'),
    out: z.string().describe('folder of document shards to write or to add to'),
    preset: z
      .enum(PRESETS)
      .default('recommended')
      .describe(`thresholds of the filters: ${PRESETS.join(', ')}`),
    shardBytes: z
      .number()
      .int()
      .min(1)
      .default(SHARD_BYTES)
      .describe('a shard ends with the document that reaches this many bytes'),
  }),
  async run({ input, out, preset, shardBytes }, context) {
    const summary = await cleanInputs({ inputs: input, outDir: out, preset, shardBytes }, context);
    context.report.result(formatSummary(out, summary), {
      event: 'cleaned',
      ...summary.report,
      passedOver: Object.fromEntries(summary.passedOver),
      shards: summary.manifest.documents.length + summary.manifest.rejects.length,
      interrupted: summary.interrupted,
    });
    if (summary.interrupted) return INTERRUPTED;
    return summary.report.pages === summary.report.skipped ? NOTHING_NEW : 0;
  },
});

/** `more`: what the rooms behind this one check in the folder of a run. */
export const verifyCommand = (more: readonly Verifier[] = []): Command =>
  defineCommand({
    name: 'verify',
    summary: 'check every file, checksum and count of a folder',
    examples: ['vua verify out/documents', 'vua verify out'],
    positional: 'dir',
    options: z.object({ dir: z.string().describe('folder of a whole run, or one of the folders in it') }),
    async run({ dir }, context) {
      const report = await verify(dir, context, more);
      context.report.result(formatVerify(dir, report), { event: 'verified', ...report });
      if (report.interrupted) return INTERRUPTED;
      return report.faults.length > 0 ? FAULTS_FOUND : 0;
    },
  });

export const statsCommand = defineCommand({
  name: 'stats',
  summary: 'show what a folder holds and what was dropped, by reason and source',
  examples: ['vua stats out/documents', 'vua stats out --json'],
  positional: 'dir',
  options: z.object({ dir: z.string().describe('folder of documents, of tokens, or of a whole run') }),
  async run({ dir }, { report, signal }) {
    const stats = await statsOf(dir, signal);
    if (signal.aborted) return INTERRUPTED;
    report.result(formatStats(stats), { event: 'stats', ...stats });
    return 0;
  },
});

function formatSummary(out: string, { report, passedOver, interrupted }: CleanSummary): string {
  const { pages, skipped, kept } = report;
  const rows = [
    ['pages read', formatCount(pages)],
    ['known from earlier runs', formatCount(skipped)],
    ['kept', formatCount(kept)],
    ['dropped', formatCount(droppedPages(report))],
    ...reportRows(report).map(([stage, reason, count]) => [`  ${stage}/${reason}`, formatCount(count)]),
    ...[...passedOver].map(([reason, count]) => [`passed over: ${reason}`, formatCount(count)]),
  ];
  if (interrupted) return `${formatTable(rows)}\n\ninterrupted: run the same command again to continue`;
  if (pages === skipped) return `nothing new: ${formatCount(pages)} pages read, all of them known`;
  return `${formatTable(rows)}\n\nnext: ${commandLine(`stats ${out}`)}`;
}

function formatVerify(dir: string, report: VerifyReport): string {
  const { files, bytes, faults, interrupted } = report;
  const kinds = (['records', 'documents', 'rejects', 'tokens', 'checkpoints'] as const)
    .filter((kind) => report[kind] > 0)
    .map((kind) => `, ${formatCount(report[kind])} ${kind}`);
  const counts = `${formatCount(files)} files (${formatBytes(bytes)})${kinds.join('')}`;
  const lines = faults.map(({ file, check, message, count }) => {
    const more = count > 1 ? ` (and ${formatCount(count - 1)} more)` : '';
    return `${check.padEnd(12)} ${message.startsWith(file) ? message : `${file}: ${message}`}${more}`;
  });
  if (interrupted) return [`${dir}: interrupted after ${counts}`, ...lines].join('\n');
  if (faults.length === 0) return `${dir}: ok: ${counts}`;
  return [
    `${dir}: ${formatCount(faults.length)} ${faults.length === 1 ? 'fault' : 'faults'}: ${counts}`,
    ...lines,
  ].join('\n');
}
