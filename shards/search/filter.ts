/** Which rows the filters of a query let through. */
import { badInput } from '../../crawlers/shell/errors.ts';
import { hash64 } from '../checksum.ts';
import type { SearchQuery } from './query.ts';
import type { Segment } from './segment.ts';

type Filters = Pick<SearchQuery, 'host' | 'source' | 'stage' | 'reason' | 'cluster' | 'from' | 'to' | 'ranges'>;
type Numbers = Float32Array | Float64Array;
/** Takes rows out of a mask of one segment; `start`: how many rows stand before it. */
type Sieve = (mask: Uint8Array, segment: Segment, start: number) => void;

/**
 * @param segments all of one side, in order
 * @param numbers gives a number column over all of their rows
 * @returns a 1 for each row of a segment that passes; `undefined` where all do
 * @throws ToolkitError BAD_OPTION (exit 2)
 */
export function maskOf(
  segments: readonly Segment[],
  filters: Filters,
  numbers: (column: string) => Numbers,
): (segment: Segment) => Uint8Array | undefined {
  const sieves = sievesOf(filters, numbers);
  if (sieves.length === 0) return () => undefined;
  const starts = new Map<Segment, number>();
  let rows = 0;
  for (const segment of segments) {
    starts.set(segment, rows);
    rows += segment.rows;
  }
  return (segment) => {
    const mask = new Uint8Array(segment.rows).fill(1);
    for (const sieve of sieves) sieve(mask, segment, starts.get(segment)!);
    return mask;
  };
}

function sievesOf(filters: Filters, numbers: (column: string) => Numbers): Sieve[] {
  const { cluster, from, to, ranges = {} } = filters;
  const sieves: Sieve[] = [];
  for (const column of ['host', 'source', 'stage', 'reason'] as const) {
    const wanted = filters[column];
    if (wanted === undefined) continue;
    const names = new Set(typeof wanted === 'string' ? [wanted] : wanted);
    sieves.push((mask, segment) => {
      const isWanted = segment.names[column].map((name) => names.has(name));
      const of = segment.named(column);
      for (let row = 0; row < mask.length; row++) if (!isWanted[of[row]]) mask[row] = 0;
    });
  }
  for (const [column, [low, high]] of Object.entries(ranges)) {
    const values = numbers(column);
    sieves.push((mask, _, start) => {
      for (let row = 0; row < mask.length; row++) {
        const value = values[start + row];
        if (!(value >= low && value <= high)) mask[row] = 0;
      }
    });
  }
  const [after, before] = [momentOf('from', from), momentOf('to', to)];
  if (after !== undefined || before !== undefined) {
    const [least, end] = [after ?? Number.NEGATIVE_INFINITY, before ?? Number.POSITIVE_INFINITY];
    sieves.push((mask, { dates }) => {
      for (let row = 0; row < mask.length; row++) if (!(dates[row] >= least && dates[row] < end)) mask[row] = 0;
    });
  }
  if (cluster !== undefined) {
    const hash = hash64(cluster);
    sieves.push((mask, segment) => {
      const members = new Set(segment.rowsWith('cluster', hash));
      for (let row = 0; row < mask.length; row++) if (!members.has(row)) mask[row] = 0;
    });
  }
  return sieves;
}

function momentOf(name: string, date: string | undefined): number | undefined {
  if (date === undefined) return undefined;
  const moment = Date.parse(date);
  if (!Number.isNaN(moment)) return moment;
  throw badInput('BAD_OPTION', `${name} was given ${JSON.stringify(date)}, expected a date as 2026-11-30`);
}
