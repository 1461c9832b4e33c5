/** `vua clean`, `vua explain`, `vua bench clean`, `vua verify`, `vua stats`. */
import { existsSync } from 'node:fs';
import { z } from 'zod';
import { parseRecipe, parseThresholds, RECIPE_OPTIONS } from '../cleaning/recipe.ts';
import { droppedPages, reportRows } from '../cleaning/report.ts';
import { type Command, commandLine, defineCommand, INTERRUPTED, NOTHING_NEW } from '../crawlers/shell/command.ts';
import { badInput, type ToolkitError } from '../crawlers/shell/errors.ts';
import { formatBytes, formatCount, formatTable } from '../crawlers/shell/reporter.ts';
import type { Verifier } from '../crawlers/shell/work.ts';
import { type CleanSummary, cleanInputs } from './documents/clean-inputs.ts';
import { SHARD_BYTES } from './documents/write.ts';
import { explain, formatExplanation } from './explain/explain.ts';
import { formatLeftOut, leftOutOf } from './explain/left-out.ts';
import { formatWhatIf, whatIf } from './explain/what-if.ts';
import { findFolders } from './manifest.ts';
import { formatStats, statsOf } from './stats.ts';
import { type VerifyReport, verify } from './verify/verify.ts';

const FAULTS_FOUND = 1;

export const cleanCommand = defineCommand({
  name: 'clean',
  summary: 'extract, normalise, filter and deduplicate pages into document shards',
  examples: [
    'vua clean --input out/crawl/warc --out out/documents',
    'vua clean --input wiki.jsonl.gz truyen/ --out out/documents --preset fineweb2',
    'vua clean --input pages.warc.gz --out out/documents --threshold too_short=50 --flag vmlu/valid.jsonl',
    'vua clean --what-if dup_line_frac=0.4 --out out/documents',
  ],
  options: z.object({
    input: z
      .array(z.string())
      .default([])
      .describe('files and folders to read: .warc(.gz), .jsonl(.gz), .txt(.gz), .md, .html'),
    out: z.string().describe('folder of document shards to write or to add to'),
    ...RECIPE_OPTIONS,
    whatIf: z
      .array(z.string())
      .default([])
      .describe(
        'count what would change with these thresholds, from the measurements stored in --out; changes nothing',
      ),
    flag: z
      .array(z.string())
      .default([])
      .describe('benchmark items (VMLU JSONL): documents that hold one are flagged, not dropped'),
    workers: z
      .number()
      .int()
      .min(0)
      .max(256)
      .optional()
      .describe('threads that read pages (default: one for each core)'),
    shardBytes: z
      .number()
      .int()
      .min(1)
      .default(SHARD_BYTES)
      .describe('a shard ends with the document that reaches this many bytes'),
  }),
  async run({ input, out, shardBytes, whatIf: moved, flag, workers, ...given }, context) {
    if (moved.length > 0) {
      const answer = await whatIf(out, parseThresholds(moved), context.signal);
      context.report.result(formatWhatIf(out, answer), { event: 'what_if', ...answer });
      return context.signal.aborted ? INTERRUPTED : 0;
    }
    if (input.length === 0) {
      throw badInput(
        'BAD_OPTION',
        '--input: required, expected files or folders to read',
        'vua clean --help shows examples',
      );
    }
    const faults: ToolkitError[] = [];
    const summary = await cleanInputs(
      {
        ...parseRecipe(given),
        inputs: input,
        outDir: out,
        contamination: flag,
        threads: workers,
        shardBytes,
        onFault: (fault) => void faults.push(fault),
      },
      context,
    );
    context.report.result(formatSummary(out, summary), {
      event: 'cleaned',
      ...summary.report,
      passedOver: Object.fromEntries(summary.passedOver),
      shards: summary.manifest.documents.length + summary.manifest.rejects.length,
      interrupted: summary.interrupted,
    });
    if (summary.interrupted) return INTERRUPTED;
    const last = faults.pop();
    for (const { code, message } of faults) context.report.note(`${code}: ${message}`);
    if (last !== undefined) throw last; // below the table: what the other files gave is kept
    return summary.report.pages === summary.report.skipped ? NOTHING_NEW : 0;
  },
});

export const explainCommand = defineCommand({
  name: 'explain',
  summary: 'every decision over one document: where it came from, what was repaired, measured, passed and failed',
  examples: [
    'vua explain https://example.vn/bai-viet --out out/documents',
    'vua explain 6f1b0c2a9d3e4f50 --out out/documents --json',
    'vua explain https://example.vn/bai-viet --out out --input out/crawl/warc',
  ],
  positional: 'document',
  options: z.object({
    document: z.string().describe('id or URL of a kept or dropped document'),
    out: z.string().default('vua-out/documents').describe('folder of documents'),
    input: z
      .array(z.string())
      .default([])
      .describe('files and folders that hold its page: shows as well what extraction left out of it'),
  }),
  async run({ document, out, input }, { report, signal }) {
    const found = await explain(findFolders(out).documents ?? out, document, signal);
    for (const each of found) report.result(`${formatExplanation(each)}\n`, { event: 'explained', ...each });
    if (input.length > 0) {
      const { url = '', fetched_at: fetchedAt = '' } = found[0]?.said ?? {};
      const page = await leftOutOf(url, fetchedAt, input, signal);
      if (page !== undefined) report.result(`${formatLeftOut(page)}\n`, { event: 'left_out', ...page });
    }
    return signal.aborted ? INTERRUPTED : 0;
  },
});

export const cleanBenchCommand = defineCommand({
  name: 'bench clean',
  summary: 'measure cleaning beside its peers, with the data and peers that VUA_PACK, VUA_PEERS, VUA_PYTHON… name',
  examples: ['vua bench clean', 'vua bench clean --part extraction stage'],
  options: z.object({ part: z.array(z.string()).default([]).describe('parts to run (default: all)') }),
  async run({ part }) {
    const script = new URL('../tests/bench/cleaning/all.ts', import.meta.url);
    if (!existsSync(script)) {
      throw badInput('BAD_INPUT', 'benchmarks are part of the repository, not of the package', 'run it in a checkout');
    }
    const all = (await import(script.href)) as {
      PART_NAMES: readonly string[];
      runBenchmarks(parts: readonly string[]): Promise<void>;
    };
    const unknown = part.find((name) => !all.PART_NAMES.includes(name));
    if (unknown !== undefined) throw badInput('BAD_OPTION', `--part ${unknown}: expected ${all.PART_NAMES.join(', ')}`);
    await all.runBenchmarks(part);
    return 0;
  },
});

/** `others`: what the other rooms check in the folder of a run. */
export const verifyCommand = (others: readonly Verifier[] = []): Command =>
  defineCommand({
    name: 'verify',
    summary: 'check every file, checksum and count of a folder',
    examples: ['vua verify out/documents', 'vua verify out'],
    positional: 'dir',
    options: z.object({ dir: z.string().describe('folder of a whole run, or one of the folders in it') }),
    async run({ dir }, context) {
      const report = await verify(dir, context, others);
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
    .map((kind) => `, ${formatCount(report[kind])} ${report[kind] === 1 ? kind.slice(0, -1) : kind}`);
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
