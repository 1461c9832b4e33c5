/** Figures of a folder, read from the shards themselves, as data and as tables for people. */
import { formatRecipe } from '../cleaning/recipe.ts';
import { formatBar, formatBytes, formatCount, formatTable } from '../crawlers/shell/reporter.ts';
import { Profile } from './documents/profile.ts';
import { readDocuments, readRejects } from './documents/read.ts';
import { profileOf } from './documents/read-profile.ts';
import { type CleanReport, droppedPages, mergeReports, reportRows } from './documents/report.ts';
import { findFolders, readDocumentManifest } from './manifest.ts';
import type { SourceFigures } from './manifest-shape.ts';
import { SPLITS, type Split } from './split.ts';
import { openTokens } from './tokens/source.ts';
import type { SourceRow } from './tokens/table.ts';

/** Rows that a table for people shows before it sums up the rest. */
const MAX_SOURCE_ROWS = 20;

export interface SourceStats {
  readonly source: string;
  readonly documents: number;
  /** UTF-8 bytes of text. */
  readonly bytes: number;
  readonly syllables: number;
  /** Syllables per document. */
  readonly meanSyllables: number;
}

export interface DocumentStats {
  readonly preset: string;
  /** Of all runs: kept, and dropped by station and reason. */
  readonly report: CleanReport;
  readonly shards: number;
  /** Size of all shard files. */
  readonly fileBytes: number;
  /** Largest first. */
  readonly sources: readonly SourceStats[];
  /** Documents by class of licence; none of shards that do not say it. */
  readonly licences: Readonly<Record<string, number>>;
}

export interface SplitStats {
  readonly split: Split;
  readonly shards: number;
  readonly documents: number;
  /** One BOS per document included. */
  readonly tokens: number;
  readonly textBytes: number;
  /** UTF-8 bytes per token, BOS not counted; 0 without tokens. */
  readonly bytesPerToken: number;
}

export interface TokenStats {
  readonly vocabSize: number;
  readonly dtype: string;
  readonly fileBytes: number;
  readonly splits: readonly SplitStats[];
  /** Largest first. */
  readonly sources: readonly SourceRow[];
  readonly total: Omit<SplitStats, 'split'>;
}

export interface Stats {
  readonly documents?: DocumentStats;
  readonly tokens?: TokenStats;
}

/**
 * Reads every shard; when `signal` is aborted, fewer.
 * @throws ToolkitError (exit 2) when there is no manifest that can be read, or a shard is damaged.
 */
export async function statsOf(dir: string, signal?: AbortSignal): Promise<Stats> {
  const { documents, tokens } = findFolders(dir);
  return {
    documents: documents === undefined ? undefined : await documentStats(documents, signal),
    tokens: tokens === undefined ? undefined : await tokenStats(tokens),
  };
}

/** What the documents of a folder are like; empty where it has none. */
export async function profileIn(dir: string, signal?: AbortSignal): Promise<Profile> {
  const { documents } = findFolders(dir);
  return documents === undefined ? new Profile() : profileOf(documents, signal);
}

/** Of two folders. Tokens of two vocabularies do not add up: they are those of neither. */
export function mergeStats(a: Stats, b: Stats): Stats {
  const documents =
    a.documents && b.documents ? mergeDocuments(a.documents, b.documents) : (a.documents ?? b.documents);
  return { documents };
}

function mergeDocuments(a: DocumentStats, b: DocumentStats): DocumentStats {
  const sources = new Map<string, SourceTotals>();
  for (const { source, documents, bytes, syllables } of [...a.sources, ...b.sources]) {
    const known = sources.get(source) ?? { documents: 0, bytes: 0, syllables: 0 };
    sources.set(source, {
      ...{ documents: known.documents + documents, bytes: known.bytes + bytes, syllables: known.syllables + syllables },
    });
  }
  return {
    preset: a.preset === b.preset ? a.preset : `${a.preset}, ${b.preset}`,
    report: mergeReports(a.report, b.report),
    ...{ shards: a.shards + b.shards, fileBytes: a.fileBytes + b.fileBytes },
    sources: [...sources].map(([source, totals]) => withMean(source, totals)).sort((x, y) => y.bytes - x.bytes),
    licences: added(a.licences, b.licences),
  };
}

const added = (a: Readonly<Record<string, number>>, b: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(
    [...new Set([...Object.keys(a), ...Object.keys(b)])].map((name) => [name, (a[name] ?? 0) + (b[name] ?? 0)]),
  );

async function documentStats(dir: string, signal?: AbortSignal): Promise<DocumentStats> {
  const manifest = readDocumentManifest(dir);
  const sources = new Map<string, { documents: number; bytes: number; syllables: number }>();
  const licences: Record<string, number> = {};
  for await (const batch of readDocuments(dir, signal)) {
    const syllables = batch.values('syllables');
    for (let row = 0; row < batch.rows; row++) {
      const name = batch.string('source', row);
      const source = sources.get(name) ?? { documents: 0, bytes: 0, syllables: 0 };
      sources.set(name, source);
      source.documents++;
      source.bytes += batch.bytes('text', row).length;
      source.syllables += syllables[row];
      const licence = batch.string('licence_class', row);
      if (licence !== '') licences[licence] = (licences[licence] ?? 0) + 1;
    }
  }
  const dropped: Record<string, Record<string, number>> = {};
  for await (const batch of readRejects(dir, signal)) {
    for (let row = 0; row < batch.rows; row++) {
      const [stage, reason] = [batch.string('stage', row), batch.string('reason', row)];
      dropped[stage] ??= {};
      dropped[stage][reason] = (dropped[stage][reason] ?? 0) + 1;
    }
  }
  const shards = [...manifest.documents, ...manifest.rejects];
  return {
    preset: formatRecipe(manifest.recipe),
    report: {
      pages: sum(shards, ({ rows }) => rows),
      skipped: 0,
      kept: sum(manifest.documents, ({ rows }) => rows),
      keptBytes: sum(manifest.documents, ({ textBytes }) => textBytes),
      dropped,
    },
    shards: shards.length,
    fileBytes: sum(shards, ({ bytes }) => bytes),
    sources: [...sources].map(([source, totals]) => withMean(source, totals)).sort((a, b) => b.bytes - a.bytes),
    licences,
  };
}

type SourceTotals = Pick<SourceStats, 'documents' | 'bytes' | 'syllables'>;

const withMean = (source: string, totals: SourceTotals): SourceStats => ({
  source,
  ...totals,
  meanSyllables: totals.syllables / totals.documents,
});

/** Of a folder of tokens, from its manifest and tables. */
export async function tokenStats(dir: string): Promise<TokenStats> {
  const folder = await openTokens(dir);
  const { shards, vocabSize, dtype } = folder.manifest;
  const totalOf = (chosen: typeof shards): Omit<SplitStats, 'split'> => {
    const tokens = sum(chosen, ({ rows }) => rows);
    const documents = sum(chosen, (shard) => shard.documents);
    const textBytes = sum(chosen, (shard) => shard.textBytes);
    const bytesPerToken = tokens > documents ? textBytes / (tokens - documents) : 0;
    return { shards: chosen.length, documents, tokens, textBytes, bytesPerToken };
  };
  return {
    vocabSize,
    dtype,
    fileBytes: sum(shards, ({ bytes }) => bytes),
    splits: SPLITS.map((split) => ({ split, ...totalOf(shards.filter((shard) => shard.split === split)) })),
    sources: [...(await folder.sources())].sort((a, b) => allBytes(b) - allBytes(a)),
    total: totalOf(shards),
  };
}

const allBytes = ({ train, valid }: SourceRow): number => train.textBytes + valid.textBytes;

/** One table of what `vua run` has made, in short. */
export function statsRows({ documents, tokens }: Stats): string[][] {
  const ofDocuments = documents && [
    ['documents kept', formatCount(documents.report.kept)],
    ['documents dropped', formatCount(droppedPages(documents.report))],
    ...reportRows(documents.report).map(([stage, reason, count]) => [`  ${stage}: ${reason}`, formatCount(count)]),
    ['document shards', `${documents.shards} (${formatBytes(documents.fileBytes)})`],
    ['text', formatBytes(documents.report.keptBytes)],
  ];
  const ofTokens = tokens && [
    ['token shards', `${tokens.total.shards} (${formatBytes(tokens.fileBytes)})`],
    ['tokens', formatCount(tokens.total.tokens)],
    ['vocabulary', formatCount(tokens.vocabSize)],
    ['bytes per token', tokens.total.bytesPerToken.toFixed(2)],
  ];
  return [...(ofDocuments ?? []), ...(ofTokens ?? [])];
}

/** Tables for people. */
export function formatStats({ documents, tokens }: Stats): string {
  return [documents && formatDocuments(documents), tokens && formatTokens(tokens)].filter(Boolean).join('\n\n');
}

function formatDocuments({ report, preset, shards, fileBytes, sources, licences }: DocumentStats): string {
  const { pages, kept } = report;
  const head = `${formatCount(kept)} documents kept, ${formatCount(droppedPages(report))} dropped (preset ${preset}); ${formatCount(shards)} shards, ${formatBytes(fileBytes)}`;
  const outcome = [
    ['kept', kept] as const,
    ...reportRows(report).map(([stage, reason, n]) => [`${stage}/${reason}`, n] as const),
  ];
  const outcomes = outcome.map(([name, n]) => [
    name,
    formatCount(n),
    `${((100 * n) / pages).toFixed(1)} %`,
    formatBar(n / pages),
  ]);
  const tables = pages > 0 ? [formatTable([['outcome', 'documents', 'share', ''], ...outcomes])] : [];
  if (kept > 0) tables.push(formatSources(sources));
  const byCount = Object.entries(licences).sort(([, a], [, b]) => b - a);
  if (byCount.length > 0)
    tables.push(`licences: ${byCount.map(([name, n]) => `${name} ${formatCount(n)}`).join(', ')}`);
  return [head, ...tables].join('\n\n');
}

function formatSources(sources: readonly SourceStats[]): string {
  const shown = sources.slice(0, MAX_SOURCE_ROWS);
  const rest = sources.slice(MAX_SOURCE_ROWS);
  if (rest.length > 0) {
    shown.push(
      withMean(`${formatCount(rest.length)} more sources`, {
        documents: sum(rest, ({ documents }) => documents),
        bytes: sum(rest, ({ bytes }) => bytes),
        syllables: sum(rest, ({ syllables }) => syllables),
      }),
    );
  }
  const rows = shown.map(({ source, documents, bytes, syllables, meanSyllables }) => [
    source,
    formatCount(documents),
    formatBytes(bytes),
    formatCount(syllables),
    meanSyllables.toFixed(1),
  ]);
  return formatTable([['source', 'documents', 'text', 'syllables', 'syllables/document'], ...rows]);
}

function formatTokens({ vocabSize, dtype, fileBytes, splits, sources, total }: TokenStats): string {
  const head = `${formatCount(total.tokens)} tokens of a vocabulary of ${formatCount(vocabSize)} (${dtype}); ${formatCount(total.shards)} shards, ${formatBytes(fileBytes)}`;
  const row = (name: string, stats: Omit<SplitStats, 'split'>): string[] => [
    name,
    formatCount(stats.shards),
    formatCount(stats.documents),
    formatCount(stats.tokens),
    formatBytes(stats.textBytes),
    stats.bytesPerToken.toFixed(3),
  ];
  const rows = [...splits.map((split) => row(split.split, split)), row('total', total)];
  const table = formatTable([['split', 'shards', 'documents', 'tokens', 'text', 'bytes/token'], ...rows]);
  return [head, table, formatTokenSources(sources)].join('\n\n');
}

function formatTokenSources(sources: readonly SourceRow[]): string {
  const shown = sources.slice(0, MAX_SOURCE_ROWS);
  const rest = sources.slice(MAX_SOURCE_ROWS);
  const total = (figures: (source: (typeof rest)[number]) => SourceFigures): SourceFigures => ({
    documents: sum(rest, (source) => figures(source).documents),
    tokens: sum(rest, (source) => figures(source).tokens),
    textBytes: sum(rest, (source) => figures(source).textBytes),
  });
  if (rest.length > 0) {
    const source = `${formatCount(rest.length)} more sources`;
    shown.push({ source, train: total(({ train }) => train), valid: total(({ valid }) => valid) });
  }
  const cells = ({ documents, tokens, textBytes }: SourceFigures): string[] => [
    formatCount(documents),
    formatCount(tokens),
    formatBytes(textBytes),
  ];
  const names = (split: string): string[] => ['documents', 'tokens', 'text'].map((name) => `${split} ${name}`);
  const rows = shown.map(({ source, train, valid }) => [source, ...cells(train), ...cells(valid)]);
  return formatTable([['source', ...names('train'), ...names('valid')], ...rows]);
}

const sum = <T>(items: readonly T[], value: (item: T) => number): number =>
  items.reduce((total, item) => total + value(item), 0);
