/** The index of a table's words (`search/`): made in the background where it is not there, and asked when it is. */
import { unattended } from '../../crawlers/shell/work.ts';
import { openSearch, type SearchIndex } from '../search/search.ts';
import type { Table } from './table.ts';

/** How long an answer waits for the index, in milliseconds. */
const PATIENCE = 800;

const opening = new WeakMap<Table, Promise<SearchIndex>>();

/** Begins to make what is missing, so that it is there when somebody searches. @throws as `openSearch`, when it is asked */
export function prepareWords(table: Table): Promise<SearchIndex> {
  const known = opening.get(table);
  if (known !== undefined) return known;
  const index = openSearch(table.dir, unattended());
  opening.set(table, index);
  index.then(
    (opened) => table.whenClosed(() => opened.close()),
    () => opening.delete(table),
  );
  return index;
}

/** By row of the table how well it fits, NaN where it does not; `undefined` while the index is being made. */
export async function matching(table: Table, side: 'documents' | 'rejects', text: string) {
  const waited = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE));
  const index = await Promise.race([prepareWords(table), waited]);
  if (index === undefined) return undefined;
  const { rows, scores, isExact } = index.rows({ text, side });
  const first = side === 'documents' ? 0 : table.kept;
  const byRow = new Float32Array(table.rows).fill(Number.NaN);
  for (let i = 0; i < rows.length; i++) byRow[first + rows[i]] = scores[i];
  return { isExact, scores: byRow };
}
