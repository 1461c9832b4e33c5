/** The index of a table (`search/`): made in the background where it is not there, and asked when it is. */
import { addressOf } from '../../crawlers/page.ts';
import { unattended } from '../../crawlers/shell/work.ts';
import { hash64 } from '../checksum.ts';
import { isMade, placeOf } from '../search/folder.ts';
import { openSearch, type SearchIndex } from '../search/search.ts';
import type { Named } from '../search/segment.ts';
import type { Table, Words } from './table.ts';

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

/** Of which the index was found made: its folder is not looked through for each question. */
const found = new WeakSet<Table>();

/** The index where nothing has to be made for it. */
async function madeIndex(table: Table): Promise<SearchIndex | undefined> {
  if (!found.has(table) && !isMade(placeOf(table.dir), table.manifest)) return undefined;
  found.add(table);
  return prepareWords(table).catch(() => undefined); // said to whoever searches
}

/** A column of few words: of the index where it is there, else read from the shards. */
export async function facetOf(table: Table, name: Named): Promise<Words> {
  const index = await madeIndex(table);
  if (index === undefined) return table.words(name);
  return table.words(name, () => {
    const { names, rows } = index.named(name);
    return { words: names, codes: rows };
  });
}

/** Row numbers of documents and rejects with this id. */
export async function rowsOfId(table: Table, id: string): Promise<number[]> {
  const index = await madeIndex(table);
  return index === undefined ? table.find('id', id) : index.withHash('id', hash64(id)).map(table.numberOf);
}

/** Of documents and rejects at this address; as it is written, or else in whatever spelling. */
export async function rowsAtAddress(table: Table, url: string): Promise<number[]> {
  const index = await madeIndex(table);
  const address = addressOf(url);
  if (index === undefined) {
    const exact = await table.find('url', url);
    return exact.length > 0 ? exact : table.findBy('url', (each) => addressOf(each) === address);
  }
  const found = index.withHash('address', hash64(address)).map(table.numberOf);
  const exact = found.filter((row) => table.line(row).string('url') === url);
  return exact.length > 0 ? exact : found;
}

/** Of rejects that repeat the document with this id. */
export async function rowsThatRepeat(table: Table, id: string): Promise<number[]> {
  const index = await madeIndex(table);
  const found = index?.withHash('cluster', hash64(id)).map(table.numberOf) ?? (await table.find('other', id));
  return found.filter((row) => row >= table.kept);
}

/** Of the document with this text. @param hash as in the column `text_hash` */
export async function rowOfText(table: Table, hash: string): Promise<number | undefined> {
  const index = await madeIndex(table);
  const found =
    index?.withHash('text', BigInt(`0x${hash}`)).map(table.numberOf) ?? (await table.find('text_hash', hash));
  return found.find((row) => row < table.kept);
}
