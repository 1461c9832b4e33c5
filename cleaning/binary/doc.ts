/** Word's `.doc` of 1997 to 2003: text, notes and tables, as word-extractor reads them. */
import { loadPackage, type OpenedFile, Unopened } from './opened.ts';

interface WordDocument {
  getBody(options: { readonly filterUnicode: false }): string;
  getFootnotes(options: { readonly filterUnicode: false }): string;
  getEndnotes(options: { readonly filterUnicode: false }): string;
}
type WordExtractor = new () => { extract(file: Buffer): Promise<WordDocument> };

const SIGNATURE = Buffer.from('d0cf11e0a1b11ae1', 'hex');
export const isCompound = (bytes: Buffer): boolean => bytes.subarray(0, 8).equals(SIGNATURE);

/** @throws Unopened damaged, encrypted, no_reader */
export async function openDoc(bytes: Buffer): Promise<OpenedFile> {
  if (bytes.includes(Buffer.from('EncryptedPackage', 'utf16le')))
    throw new Unopened('encrypted', 'a Word document that asks for a password');
  if (!endsEverywhere(bytes)) throw new Unopened('damaged', 'sectors of the file lead to each other in a circle');
  const stream = firstSectorOf(bytes, 'WordDocument');
  if (stream < 0) throw new Unopened('damaged', 'a compound file without a WordDocument');
  if ((bytes.readUInt16LE(stream + FLAGS) & IS_ENCRYPTED) !== 0)
    throw new Unopened('encrypted', 'a Word document that asks for a password');
  const Extractor = await loadPackage<WordExtractor>('word-extractor');
  try {
    const read = await new Extractor().extract(bytes);
    const options = { filterUnicode: false } as const;
    const parts = [read.getBody(options), read.getFootnotes(options), read.getEndnotes(options)];
    return { text: parts.map(paragraphsOf).filter(Boolean).join('\n\n'), metadata: {} };
  } catch (error) {
    throw new Unopened('damaged', `no whole Word document: ${(error as Error).message}`);
  }
}

/** Rows of a table, which hold tabs, are lines of one paragraph. */
const paragraphsOf = (text: string): string =>
  text
    .replace(/\r\n?/g, '\n')
    .split(/\n+/)
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== '')
    .reduce((text, line, i, lines) => {
      const separator = i === 0 ? '' : line.includes('\t') && lines[i - 1].includes('\t') ? '\n' : '\n\n';
      return text + separator + line;
    }, '');

/** In the head of the stream, [MS-DOC] 2.5.2. */
const FLAGS = 0x0a;
const IS_ENCRYPTED = 0x0100;

/** Places in the head of a compound file, [MS-CFB] 2.2; sectors from END on are marks. */
const HEAD = { sectorShift: 0x1e, tables: 0x2c, directory: 0x30, firstTable: 0x4c, tablesInHead: 109 } as const;
const END = 0xfffffffa;

const sectorAt = (bytes: Buffer, sector: number): number => (sector + 1) << bytes.readUInt16LE(HEAD.sectorShift);

/** Where the sectors behind each sector stand: the file's own table, as far as its head names it (7 MB). */
function nextSectors(bytes: Buffer): Uint32Array {
  const size = 1 << bytes.readUInt16LE(HEAD.sectorShift);
  const tables = Math.min(bytes.readUInt32LE(HEAD.tables), HEAD.tablesInHead);
  const next = new Uint32Array((tables * size) / 4).fill(END);
  for (let table = 0; table < tables; table++) {
    const start = sectorAt(bytes, bytes.readUInt32LE(HEAD.firstTable + 4 * table));
    for (let i = 0; i < size / 4 && start + 4 * i + 4 <= bytes.length; i++)
      next[(table * size) / 4 + i] = bytes.readUInt32LE(start + 4 * i);
  }
  return next;
}

/** No chain of sectors leads into itself. @throws Unopened damaged, where the head is none */
function endsEverywhere(bytes: Buffer): boolean {
  const shift = bytes.length < 512 ? 0 : bytes.readUInt16LE(HEAD.sectorShift);
  if (shift !== 9 && shift !== 12) throw new Unopened('damaged', 'a compound file without its head');
  const next = nextSectors(bytes);
  const seenFrom = new Uint32Array(next.length);
  for (let start = 0; start < next.length; start++) {
    for (let at = start; at < next.length && next[at] < END; at = next[at]) {
      if (seenFrom[at] === start + 1) return false;
      if (seenFrom[at] !== 0) break;
      seenFrom[at] = start + 1;
    }
  }
  return true;
}

/** Where a stream begins; streams of less than 4 kB stand elsewhere, a WordDocument is never one. */
function firstSectorOf(bytes: Buffer, name: string): number {
  const entry = bytes.indexOf(Buffer.from(`${name}\0`, 'utf16le'), sectorAt(bytes, bytes.readUInt32LE(HEAD.directory)));
  if (entry < 0 || entry + 0x78 > bytes.length) return -1;
  const start = sectorAt(bytes, bytes.readUInt32LE(entry + 0x74));
  return start + FLAGS + 2 <= bytes.length ? start : -1;
}
