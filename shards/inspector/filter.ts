/**
 * What of a table is looked at: a query as it stands in an address.
 *
 *   host=bao.vn&host=tin.vn     one of these words              (FACETS)
 *   syllables=50..200           50 ≤ value < 200; either side may be left out
 *   q=ha noi                    text or title hold it, with or without diacritics; "hà nội" in quotes exactly
 */
import { z } from 'zod';
import { MEASUREMENTS } from '../../cleaning/document.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { breathe } from '../../crawlers/shell/work.ts';
import type { Table } from './table.ts';

/** Columns of few words that may be chosen from. */
export const FACETS = [
  'source',
  'host',
  'day',
  'language',
  'diacritics',
  'licence_class',
  'charset',
  'stage',
  'reason',
] as const;
export type Facet = (typeof FACETS)[number];

const words = z.array(z.string()).default([]);
const facets = Object.fromEntries(FACETS.map((name) => [name, words])) as Record<Facet, typeof words>;
const ranges = Object.fromEntries(MEASUREMENTS.map((name) => [name, z.string().optional()]));

/** Of every endpoint that looks at documents. */
export const filterQuery = z.object({
  corpus: z.string().optional().describe('fingerprint or name; the current snapshot by default'),
  kind: z.enum(['documents', 'rejects']).default('documents'),
  q: z.string().default('').describe('words that text or title hold, diacritics or not; in quotes exactly'),
  ...facets,
  ...ranges,
});
export type Filter = z.infer<typeof filterQuery>;

export interface Selection {
  /** Ascending. */
  readonly rows: Uint32Array;
  /** The search ended before it had seen all texts: there may be more. */
  readonly isPartial: boolean;
}

/** How long texts are searched one by one, in milliseconds. */
const PATIENCE = 700;
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
  made.catch(() => selections.delete(key));
  if (selections.size > KEPT) selections.delete(selections.keys().next().value!);
  return made;
}

async function selectAnew(table: Table, filter: Filter): Promise<Selection> {
  const [from, to] = filter.kind === 'documents' ? [0, table.kept] : [table.kept, table.rows];
  let rows = Uint32Array.from({ length: to - from }, (_, i) => from + i);
  for (const facet of FACETS) {
    const wanted = new Set(filter[facet]);
    if (wanted.size === 0) continue;
    const { codes, words } = await table.words(facet);
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
  const isFit = matcherOf(filter.q);
  return isFit === undefined ? { rows, isPartial: false } : search(table, rows, isFit);
}

/** `50..200`, `50..`, `..200`; `=3` is one value. In single precision, as measurements are stored. */
function parseRange(name: string, text: string): [number, number] {
  const one = /^=(.+)$/.exec(text)?.[1];
  if (one !== undefined && Number.isFinite(Number(one))) return [Math.fround(Number(one)), nextFloat(Number(one))];
  const [, low = '', high = ''] = /^(.*)\.\.(.*)$/.exec(text) ?? [];
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

/** Lower case without diacritics: `Hà Nội` → `ha noi`. As long as the text, so that places are the same, where it is NFC. */
export const folded = (text: string): string =>
  text
    .toLowerCase()
    .normalize('NFD')
    .replace(/\p{Mn}+/gu, '')
    .replaceAll('đ', 'd');

/** Every word, anywhere; what stands in quotes as it stands. */
function matcherOf(query: string): ((text: string) => boolean) | undefined {
  const exact = [...query.matchAll(/"([^"]+)"/g)].map(([, phrase]) => phrase.normalize('NFC').toLowerCase());
  const loose = folded(query.replace(/"[^"]*"?/g, ' '))
    .trim()
    .replace(/\s+/g, ' ');
  if (exact.length === 0 && loose === '') return undefined;
  return (text) => {
    const lower = text.toLowerCase();
    return exact.every((phrase) => lower.includes(phrase)) && (loose === '' || folded(text).includes(loose));
  };
}

async function search(table: Table, rows: Uint32Array, isFit: (text: string) => boolean): Promise<Selection> {
  const found: number[] = [];
  const until = performance.now() + PATIENCE;
  for (let i = 0; i < rows.length; i++) {
    if ((i & 63) === 0) {
      if (performance.now() > until) return { rows: Uint32Array.from(found), isPartial: true };
      await breathe();
    }
    const row = table.row(rows[i]);
    if (isFit(`${row.string('title')}\n${row.string('text')}`)) found.push(rows[i]);
  }
  return { rows: Uint32Array.from(found), isPartial: false };
}
