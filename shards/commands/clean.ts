import { z } from 'zod';
import { parseRecipe, parseThresholds, RECIPE_OPTIONS } from '../../cleaning/recipe.ts';
import { consentBy } from '../../crawlers/polite/site-rules.ts';
import {
  commandLine,
  defineCommand,
  FAULTS_IN_INPUTS,
  INTERRUPTED,
  statusOf,
  TRY_AGAIN,
  UNUSABLE,
} from '../../crawlers/shell/command.ts';
import { badInput, type ToolkitError, together } from '../../crawlers/shell/errors.ts';
import { formatCount, formatTable } from '../../crawlers/shell/reporter.ts';
import { type Outcome, type Rank, rankOf, type Work } from '../../crawlers/shell/work.ts';
import type { CleanSummary } from '../documents/clean-inputs.ts';
import { droppedPages, reportRows } from '../documents/report.ts';
import { SHARD_BYTES } from '../format.ts';

/** What is said of the input. */
const INPUT = {
  source: z
    .string()
    .optional()
    .describe('names what the rows of --input belong to from night to night (default: their path)'),
  textField: z
    .string()
    .optional()
    .describe(
      'field of rows (JSON, CSV, Parquet) that is the text; nested ones by dots: metadata.text (default: text, content)',
    ),
  idField: z.string().optional().describe('field of rows that is their id (default: id)'),
  urlField: z.string().optional().describe('field of rows that is their address (default: url, metadata.url, u)'),
  licence: z.string().optional().describe('licence of rows that state none: CC-BY-SA-4.0'),
  consentField: z
    .string()
    .optional()
    .describe('field of rows that states consent: true, false, open, no-train, no-index or statements'),
  consent: z
    .array(z.string())
    .default([])
    .describe('what follows from a statement about use, STATEMENT=no-train|no-index|open|unknown: noarchive=unknown'),
  optOut: z
    .array(z.string())
    .default([])
    .describe('files of ids and URLs, one a line, that are taken out and stay out'),
  dropVanished: z
    .int()
    .min(0)
    .optional()
    .describe('nights after which documents leave whose page answers 404 or 410 or whose row is gone (default: never)'),
  dropForbidden: z
    .boolean()
    .default(false)
    .describe('documents leave whose path robots.txt forbids later (default: they stay, marked)'),
};
const WORK = {
  flag: z
    .array(z.string())
    .default([])
    .describe('benchmark items (VMLU JSONL): documents that hold one are flagged, not dropped'),
  quality: z
    .array(z.string())
    .default([])
    .describe(
      'files of `vua quality train`: what they say of each text becomes measurements, which decide nothing unless a --threshold asks',
    ),
  workers: z.int().min(0).max(256).optional().describe('threads that read pages (default: one for each core)'),
  shardBytes: z
    .int()
    .min(1)
    .default(SHARD_BYTES)
    .describe('a shard ends with the document that reaches this many bytes'),
};

/** Options of cleaning that `vua run` takes too. */
export const CLEANING = { ...INPUT, ...RECIPE_OPTIONS, ...WORK } as const;

/** What `cleanInputs` takes of them. @throws ToolkitError (exit 2) BAD_THRESHOLD, BAD_OPTION, BAD_INPUT */
export async function cleanOptionsOf(given: z.infer<z.ZodObject<typeof CLEANING>>) {
  const { textField, idField, urlField, licence, ...others } = given;
  const {
    source,
    consentField,
    consent,
    optOut,
    dropVanished,
    dropForbidden,
    flag,
    quality,
    workers,
    shardBytes,
    ...recipe
  } = others;
  const { readOptOuts } = await import('../documents/marks.ts');
  return {
    ...parseRecipe(recipe),
    contamination: flag,
    scorers: quality,
    threads: workers,
    shardBytes,
    source,
    ...((textField ?? idField ?? urlField) !== undefined && {
      fields: { text: textField, id: idField, url: urlField },
    }),
    licence,
    consentField,
    consent: consentBy(consent),
    optOuts: optOut.flatMap(readOptOuts),
    policy: { vanished: dropVanished, gone: dropVanished, ...(dropForbidden && { forbidden: 0 }) },
  };
}

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
      .describe(
        'files and folders to read: .warc, .wet, .arc, .wacz, .parquet, .jsonl, .json, .csv, .tsv, .txt, .md, .html, .xml, .docx, .epub, .pdf, .doc, packed by .gz or .zst; hf://datasets/OWNER/NAME',
      ),
    ...INPUT,
    out: z.string().describe('folder of document shards to write or to add to'),
    ...RECIPE_OPTIONS,
    whatIf: z
      .array(z.string())
      .default([])
      .describe(
        'count what would change with these thresholds, from the measurements stored in --out; changes nothing',
      ),
    ...WORK,
  }),
  headings: { input: 'Input and output', preset: 'Decisions', workers: 'Work' },
  async run({ input, out, whatIf: moved, ...given }, work) {
    const { signal, report } = work;
    if (moved.length > 0) {
      const { formatWhatIf, whatIf } = await import('../explain/what-if.ts');
      const answer = await whatIf(out, parseThresholds(moved), signal);
      report.result(formatWhatIf(out, answer), { event: 'what_if', ...answer });
      return signal.aborted ? INTERRUPTED : 0;
    }
    if (input.length === 0) {
      throw badInput(
        'BAD_OPTION',
        '--input: required, expected files or folders to read',
        'vua clean --help shows examples',
      );
    }
    const faults: ToolkitError[] = [];
    const onFault = (fault: ToolkitError): void => void faults.push(fault);
    const rank = rankOf();
    if (rank.of > 1) {
      const options = { ...(await cleanOptionsOf(given)), inputs: input, outDir: out, onFault };
      const status = await cleanAsRank(options, rank, work);
      const last = faults.pop();
      for (const { code, message } of faults) report.note(`${code}: ${message}`);
      if (last !== undefined) throw together([last], FAULTS_IN_INPUTS);
      return status;
    }
    const { cleanInputs } = await import('../documents/clean-inputs.ts');
    const done = await cleanInputs({ ...(await cleanOptionsOf(given)), inputs: input, outDir: out, onFault }, work);
    const { manifest, passedOver, profile: _profile, ...counts } = done.report;
    const { writeCard } = await import('../documents/card.ts');
    if (done.outcome !== 'nothing_new') writeCard(out, manifest);
    report.result(formatCleaned(out, done), {
      event: 'cleaned',
      ...counts,
      passedOver: Object.fromEntries(passedOver),
      shards: manifest.documents.length + manifest.rejects.length,
      interrupted: done.outcome === 'interrupted',
    });
    if (done.outcome === 'interrupted') return INTERRUPTED;
    const last = faults.pop();
    for (const { code, message } of faults) report.note(`${code}: ${message}`);
    // Below the table: what the other files gave is kept.
    if (last !== undefined) throw together([last], counts.pages > 0 ? FAULTS_IN_INPUTS : UNUSABLE);
    return statusOf(done);
  },
});

/** One of several processes: as far as the others let it come. */
async function cleanAsRank(
  options: Parameters<typeof import('../ranks/clean.ts').cleanRank>[0],
  rank: Rank,
  work: Work,
): Promise<number> {
  const { cleanRank } = await import('../ranks/clean.ts');
  const { namesOf } = await import('../ranks/merge.ts');
  const ending = await cleanRank(options, rank, work);
  if (ending === 'interrupted') return INTERRUPTED;
  const name = `rank ${rank.index} of ${rank.of}`;
  if (ending === 'whole') {
    const next = commandLine(`merge ${options.outDir}`);
    work.report.result(`${name}: every rank has ended every stage\n\nnext: ${next}`, {
      event: 'rank',
      ...rank,
      waits: [],
    });
    return 0;
  }
  const told = { event: 'rank', ...rank, stage: ending.stage, waits: ending.ranks };
  work.report.result(
    `${name}: stage ${ending.stage} waits for ranks ${namesOf(ending)}\n\nnext: the same again, when they have ended it`,
    told,
  );
  return TRY_AGAIN;
}

/** For people: what became of pages. */
export function formatCleaned(
  out: string,
  { outcome, report }: Outcome<Omit<CleanSummary, 'profile' | 'manifest'>>,
): string {
  const { pages, skipped, kept, left, marked, passedOver } = report;
  const rows = [
    ['pages read', formatCount(pages)],
    ...(skipped > 0 ? [['known already', formatCount(skipped)]] : []),
    ['kept', formatCount(kept)],
    ['dropped', formatCount(droppedPages(report))],
    ...reportRows(report).map(([stage, reason, count]) => [`  ${stage}/${reason}`, formatCount(count)]),
    ...(left > 0 ? [['left: superseded or opted out', formatCount(left)]] : []),
    ...Object.entries(marked).map(([mark, count]) => [`marked: ${mark}`, formatCount(count)]),
    ...[...passedOver].map(([reason, count]) => [`passed over: ${reason}`, formatCount(count)]),
  ];
  if (outcome === 'interrupted') return `${formatTable(rows)}\n\ninterrupted: run the same command again to continue`;
  if (outcome === 'nothing_new') return `nothing new: ${formatCount(pages)} pages read, all of them known`;
  return `${formatTable(rows)}\n\nnext: ${commandLine(`stats ${out}`)}`;
}
