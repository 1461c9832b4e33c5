/**
 * What of a table is looked at: a query as it stands in an address.
 *
 *   host=bao.vn&host=tin.vn     one of these words              (FACETS)
 *   syllables=50..200           50 ≤ value < 200; either side may be left out
 *   q=ha noi                    text or title hold these words, with or without diacritics; "hà nội" in quotes as a phrase
 */
import { z } from 'zod';
import { MEASUREMENTS } from '../../cleaning/document.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { NAMED } from '../search/build-segment.ts';
import type { Table } from './table.ts';
import { facetOf, matching } from './words.ts';

/** Columns of few words that may be chosen from. */
export const FACETS = NAMED;
export type Facet = (typeof FACETS)[number];

const words = z.array(z.string()).default([]);
const facets = Object.fromEntries(FACETS.map((name) => [name, words])) as Record<Facet, typeof words>;
const ranges = Object.fromEntries(MEASUREMENTS.map((name) => [name, z.string().optional()]));

/** Of every endpoint that looks at documents. */
export const filterQuery = z.object({
  corpus: z.string().optional().describe('fingerprint or name; the current snapshot by default'),
  kind: z.enum(['documents', 'rejects']).default('documents'),
  q: z.string().default('').describe('words of text or title, diacritics or not; in quotes a phrase'),
  ...facets,
  ...ranges,
});
export type Filter = z.infer<typeof filterQuery>;

export interface Selection {
  /** Ascending. */
  readonly rows: Uint32Array;
  /** By row of the table how well it fits what was searched for. */
  readonly scores?: Float32Array;
  /** There may be more: not every text with the words of a phrase was read. */
  readonly isPartial: boolean;
  /** Nothing is known yet: the index of words is being made. */
  readonly isMaking?: boolean;
}

const KEPT = 8;
const known = new WeakMap<Table, Map<string, Promise<Selection>>>();

/** The rows of a table that a filter lets through. @throws ToolkitError BAD_OPTION (exit 2) */
export function select(table: Table, filter: Filter): Promise<Selection> {
  const { corpus: _, ...rest } = filter;
  const key = JSON.stringify(Object.entries(rest).filter(([, value]) => value !== undefined && value.length !== 0));
  const selections = known.get(table) ?? new Map<string, Promise<Selection>>();
  known.set(table, selections);
  const made = selections.get(key) ?? selectAnew(table, filter);
  selections.delete(key);
  selections.set(key, made);
  made.then(
    ({ isMaking }) => isMaking && selections.delete(key),
    () => selections.delete(key),
  );
  if (selections.size > KEPT) selections.delete(selections.keys().next().value!);
  return made;
}

async function selectAnew(table: Table, filter: Filter): Promise<Selection> {
  const [from, to] = filter.kind === 'documents' ? [0, table.kept] : [table.kept, table.rows];
  let rows = Uint32Array.from({ length: to - from }, (_, i) => from + i);
  for (const facet of FACETS) {
    const wanted = new Set(filter[facet]);
    if (wanted.size === 0) continue;
    const { codes, words } = await facetOf(table, facet);
    const isWanted = words.map((word) => wanted.has(word));
    rows = rows.filter((row) => isWanted[codes[row]]);
  }
  for (const name of MEASUREMENTS) {
    const range = filter[name as keyof Filter] as string | undefined;
    if (range === undefined) continue;
    const [low, high] = parseRange(name, range);
    const values = await table.numbers(name);
    rows = rows.filter((row) => values[row] >= low && values[row] < high);
  }
  if (filter.q.trim() === '') return { rows, isPartial: false };
  const found = await matching(table, filter.kind, filter.q);
  if (found === undefined) return { rows: new Uint32Array(), isPartial: true, isMaking: true };
  const { scores, isExact } = found;
  return { rows: rows.filter((row) => !Number.isNaN(scores[row])), scores, isPartial: !isExact };
}

/** `50..200`, `50..`, `..200`; `=3` is one value. In single precision, as measurements are stored. */
function parseRange(name: string, text: string): [number, number] {
  const one = /^=(.+)$/.exec(text)?.[1];
  if (one !== undefined && Number.isFinite(Number(one))) return [Math.fround(Number(one)), nextFloat(Number(one))];
  const [, low = '', high = ''] = /^([^ x]*)\.\.([^ x]*)$/.exec(text) ?? [];
  const bounds = [
    low === '' ? Number.NEGATIVE_INFINITY : Number(low),
    high === '' ? Number.POSITIVE_INFINITY : Number(high),
  ];
  if ((low === '' && high === '') || bounds.some(Number.isNaN))
    throw badInput('BAD_OPTION', `${name}=${text}: expected a range as 50..200, 50.. or ..200, or a value as =3`);
  return [Math.fround(bounds[0]), Math.fround(bounds[1])];
}

const nextFloat = (value: number): number => {
  const float = Float32Array.of(value);
  const bits = new Int32Array(float.buffer);
  bits[0] += value >= 0 ? 1 : -1;
  return float[0];
};
