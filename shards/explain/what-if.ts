/**
 * What a folder would hold under other thresholds: the stored measurements of kept and dropped documents are judged
 * again, without their text. Dedup is not repeated: a document that would come back may still be a duplicate.
 */
import type { Stage } from '../../cleaning/document.ts';
import { formatRecipe, judgeBy, knownRecipe, type Recipe } from '../../cleaning/recipe.ts';
import { commandLine } from '../../crawlers/shell/command.ts';
import { formatCount, formatTable } from '../../crawlers/shell/reporter.ts';
import { readColumns } from '../documents/read.ts';
import { manifestPath, readDocumentManifest } from '../manifest.ts';

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

/**
 * @param moved thresholds, beside those that the folder's own recipe moved
 * @throws ToolkitError as readDocuments; UNKNOWN_RECIPE (exit 2).
 */
export async function whatIf(dir: string, moved: Recipe['thresholds'], signal: AbortSignal): Promise<WhatIf> {
  const recipe = knownRecipe(readDocumentManifest(dir).recipe, manifestPath(dir));
  const judge = judgeBy(recipe, moved);
  const lost: Record<string, number> = {};
  const gained: Record<string, number> = {};
  const examples = { lost: [] as string[], gained: [] as string[] };
  let [kept, unmeasured, lostBytes, gainedBytes] = [0, 0, 0, 0];
  for await (const row of readColumns(dir, { texts: ['id', 'stage', 'reason'], numbers: true }, signal)) {
    const isKept = row.kind === 'documents';
    if (isKept) kept++;
    const measurements = row.measurements();
    if (measurements === undefined) {
      unmeasured++;
      continue;
    }
    if (!isKept && !JUDGED.has(row.string('stage'))) continue;
    const judgement = judge(measurements);
    if (isKept && judgement !== true) {
      count(lost, judgement.verdict.reason);
      lostBytes += measurements.bytes;
      if (examples.lost.length < MAX_EXAMPLES) examples.lost.push(row.string('id'));
    } else if (!isKept && judgement === true) {
      count(gained, row.string('reason'));
      gainedBytes += measurements.bytes;
      if (examples.gained.length < MAX_EXAMPLES) examples.gained.push(row.string('id'));
    }
  }
  return { preset: formatRecipe(recipe), kept, lost, gained, unmeasured, lostBytes, gainedBytes, examples };
}

/** Stations that judge by thresholds. */
const JUDGED: ReadonlySet<string> = new Set<Stage>(['language', 'filter']);

const count = (counts: Record<string, number>, reason: string): void => {
  counts[reason] = (counts[reason] ?? 0) + 1;
};

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
