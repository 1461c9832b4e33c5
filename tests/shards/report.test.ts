/** Reports of cleaning: counts by station and reason. */
import { expect, test } from 'vitest';
import { droppedPages, EMPTY_REPORT, mergeReports, reportOf, reportRows } from '../../shards/documents/report.ts';
import { document, drop } from './support.ts';

test('reports count outcomes by station and reason, and add up in any order', () => {
  const kept = document(1);
  const drops = [drop(0), drop(1), drop(2, { reason: 'too_long' }), drop(3, { stage: 'consent', reason: 'no_train' })];
  const reports = [reportOf({ kept }), ...drops.map((dropped) => reportOf({ dropped }))];
  const sum = reports.reduce(mergeReports, EMPTY_REPORT);
  expect(sum).toMatchObject({ pages: 5, kept: 1, keptBytes: kept.measurements.bytes, skipped: 0 });
  expect(reports.reduceRight((total, report) => mergeReports(report, total), EMPTY_REPORT)).toEqual(sum);
  expect(droppedPages(sum)).toBe(4);
  expect(reportRows(mergeReports(sum, sum))).toEqual([
    ['consent', 'no_train', 2],
    ['filter', 'too_short', 4],
    ['filter', 'too_long', 2],
  ]);
  expect(EMPTY_REPORT.dropped).toEqual({});
});
