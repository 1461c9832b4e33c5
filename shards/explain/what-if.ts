/**
 * What a folder would hold under other thresholds: the stored measurements of kept and dropped documents are judged
 * again, without their text. Dedup is not repeated: a document that would come back may still be a duplicate.
 */
import type { Measurement, Measurements } from '../../cleaning/document.ts';
import { type Change, judge, PRESETS, parseChange, thresholdsOf } from '../../cleaning/filters/index.ts';
import { commandLine } from '../../crawlers/shell/command.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { formatCount, formatTable } from '../../crawlers/shell/reporter.ts';
import { type DocumentBatch, type RejectBatch, readDocuments, readRejects } from '../documents/read.ts';
import { readDocumentManifest } from '../manifest.ts';

export interface WhatIf {
  readonly preset: string;
  readonly kept: number;
  /** Kept now, and dropped under the changed thresholds: by reason. */
  readonly lost: Readonly<Record<string, number>>;
  /** Dropped by a filter now, and passed under the changed thresholds: by the reason of now. */
  readonly gained: Readonly<Record<string, number>>;
  /** Documents whose measurements are not stored: dropped before they were measured, or by an older version. */
  readonly unmeasured: number;
  readonly lostBytes: number;
  readonly gainedBytes: number;
  /** Ids of some of either, to look at with `vua explain`. */
  readonly examples: { readonly lost: readonly string[]; readonly gained: readonly string[] };
}

const MAX_EXAMPLES = 5;

/** @throws ToolkitError as readDocuments; BAD_MANIFEST for a folder whose preset this version does not know. */
export async function whatIf(dir: string, changes: readonly Change[], signal: AbortSignal): Promise<WhatIf> {
  const { preset } = readDocumentManifest(dir);
  const base = PRESETS.find((name) => name === preset.split(' ')[0]);
  if (base === undefined)
    throw badInput('BAD_MANIFEST', `${dir}: preset ${preset}, expected one of ${PRESETS.join(', ')}`);
  const thresholds = thresholdsOf(base, [...changesIn(preset), ...changes]);
  const lost: Record<string, number> = {};
  const gained: Record<string, number> = {};
  const examples = { lost: [] as string[], gained: [] as string[] };
  let [kept, unmeasured, lostBytes, gainedBytes] = [0, 0, 0, 0];
  for await (const batch of readDocuments(dir, signal)) {
    const measured = measurementsOf(batch);
    for (let row = 0; row < batch.rows; row++) {
      kept++;
      const measurements = measured(row);
      if (measurements === undefined) {
        unmeasured++;
        continue;
      }
      const judgement = judge(measurements, thresholds);
      if (judgement === true) continue;
      count(lost, judgement.verdict.reason);
      lostBytes += measurements.bytes;
      if (examples.lost.length < MAX_EXAMPLES) examples.lost.push(batch.string('id', row));
    }
  }
  for await (const batch of readRejects(dir, signal)) {
    const measured = measurementsOf(batch);
    for (let row = 0; row < batch.rows; row++) {
      const measurements = measured(row);
      if (measurements === undefined) unmeasured++;
      else if (JUDGED.has(batch.string('stage', row)) && judge(measurements, thresholds) === true) {
        count(gained, batch.string('reason', row));
        gainedBytes += measurements.bytes;
        if (examples.gained.length < MAX_EXAMPLES) examples.gained.push(batch.string('id', row));
      }
    }
  }
  return { preset, kept, lost, gained, unmeasured, lostBytes, gainedBytes, examples };
}

const JUDGED: ReadonlySet<string> = new Set(['language', 'filter']);

const count = (counts: Record<string, number>, reason: string): void => {
  counts[reason] = (counts[reason] ?? 0) + 1;
};

/** Thresholds that the folder's own recipe moved. */
function changesIn(recipe: string): Change[] {
  return recipe
    .split(' ')
    .slice(1)
    .filter((part) => !/^(?:personal-data|near)=/.test(part))
    .map(parseChange);
}

/** The measurements of a row as numbers by name; `undefined` where they are not stored. */
export function measurementsOf(batch: DocumentBatch | RejectBatch): (row: number) => Measurements | undefined {
  const names = batch.columns.numbers as readonly Measurement[];
  const columns = names.map((name) => [name, batch.values(name as never)] as const);
  return (row) => {
    const entries = columns.map(([name, values]) => [name, values[row]] as const);
    const measurements = Object.fromEntries(entries) as Measurements;
    return Number.isNaN(measurements.dup_line_frac ?? Number.NaN) ? undefined : measurements;
  };
}

export function formatWhatIf(
  dir: string,
  { kept, lost, gained, unmeasured, lostBytes, gainedBytes, examples }: WhatIf,
): string {
  const total = (counts: Readonly<Record<string, number>>): number => Object.values(counts).reduce((a, b) => a + b, 0);
  const rows = (counts: Readonly<Record<string, number>>): string[][] =>
    Object.entries(counts)
      .sort(([, a], [, b]) => b - a)
      .map(([reason, documents]) => [`  ${reason}`, formatCount(documents)]);
  const table = formatTable([
    ['kept now', formatCount(kept)],
    ['would be dropped', formatCount(total(lost))],
    ...rows(lost),
    ['would pass the filters', formatCount(total(gained))],
    ...rows(gained),
    ['bytes lost, gained', `${formatCount(lostBytes)}, ${formatCount(gainedBytes)}`],
    ['not measured', formatCount(unmeasured)],
  ]);
  const [example] = [...examples.lost, ...examples.gained];
  return example === undefined ? table : `${table}\n\nnext: ${commandLine(`explain ${example} --out ${dir}`)}`;
}
