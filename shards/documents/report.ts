/** What cleaning did, counted by station and reason. Reports of shards, workers and nights add up. */
import { type Cleaned, STAGES, type Stage } from '../../cleaning/document.ts';

export interface CleanReport {
  /** Pages that came in; skipped ones were dealt with in an earlier run. */
  readonly pages: number;
  readonly skipped: number;
  readonly kept: number;
  readonly keptBytes: number;
  /** Station → reason → documents. */
  readonly dropped: Readonly<Partial<Record<Stage, Readonly<Record<string, number>>>>>;
}

export const EMPTY_REPORT: CleanReport = { pages: 0, skipped: 0, kept: 0, keptBytes: 0, dropped: {} };

/** The report of one outcome. */
export function reportOf({ kept, dropped }: Cleaned): CleanReport {
  return kept !== undefined
    ? { ...EMPTY_REPORT, pages: 1, kept: 1, keptBytes: kept.measurements.bytes }
    : { ...EMPTY_REPORT, pages: 1, dropped: { [dropped.stage]: { [dropped.reason]: 1 } } };
}

/** The sum of two reports, whatever the order. */
export function mergeReports(a: CleanReport, b: CleanReport): CleanReport {
  const dropped: Record<string, Record<string, number>> = {};
  for (const stages of [a.dropped, b.dropped]) {
    for (const [stage, reasons] of Object.entries(stages)) {
      dropped[stage] ??= {};
      for (const [reason, count] of Object.entries(reasons)) {
        dropped[stage][reason] = (dropped[stage][reason] ?? 0) + count;
      }
    }
  }
  return {
    pages: a.pages + b.pages,
    skipped: a.skipped + b.skipped,
    kept: a.kept + b.kept,
    keptBytes: a.keptBytes + b.keptBytes,
    dropped,
  };
}

/** Pages dropped over all stations. */
export const droppedPages = ({ dropped }: CleanReport): number =>
  Object.values(dropped).reduce((sum, reasons) => sum + Object.values(reasons).reduce((a, b) => a + b, 0), 0);

/** Rows `[station, reason, documents]`, most frequent first within a station, stations in the order of the line. */
export function reportRows({ dropped }: CleanReport): [stage: Stage, reason: string, documents: number][] {
  return STAGES.flatMap((stage) =>
    Object.entries(dropped[stage] ?? {})
      .sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
      .map(([reason, count]): [Stage, string, number] => [stage, reason, count]),
  );
}
