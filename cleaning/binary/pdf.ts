/**
 * `.pdf` with a text layer. A PDF knows where letters stand, and nothing of paragraphs: lines are joined by where they
 * begin and end, heads and feet that pages repeat go, pages follow each other without a break in a sentence.
 */
import { constants, inflateSync } from 'node:zlib';
import { isProgramName, loadPackage, MAX_UNPACKED, type OpenedFile, Unopened } from './opened.ts';

interface TextItem {
  readonly str: string;
  /** Points: letters are `height` high and stand at `transform[4]`, `transform[5]`, from the lower left. */
  readonly transform: readonly number[];
  readonly width: number;
  readonly height: number;
}

interface PdfDocument {
  readonly numPages: number;
  getPage(number: number): Promise<{
    getTextContent(): Promise<{ readonly items: readonly (TextItem | { readonly type: string })[] }>;
    cleanup(): void;
  }>;
  getMetadata(): Promise<{
    readonly info: { readonly Title?: unknown };
    readonly metadata: { getRaw?(): string } | null;
  }>;
  destroy(): Promise<void>;
}
interface Unpdf {
  getDocumentProxy(data: Uint8Array, options: object): Promise<PdfDocument>;
}

export const isPdf = (bytes: Buffer): boolean => bytes.subarray(0, 1_024).includes('%PDF-');

const MAX_PAGES = 20_000;
/** With fewer characters to a page, stamps and signatures included, the pages are pictures. */
const LEAST_TEXT = 32;

/** @throws Unopened damaged, encrypted, no_text_layer, too_large, no_train, no_reader */
export async function openPdf(bytes: Buffer): Promise<OpenedFile> {
  const { getDocumentProxy } = await loadPackage<Unpdf>('unpdf');
  refuseBombs(bytes);
  let pdf: PdfDocument;
  try {
    const options = { verbosity: 0, isEvalSupported: false, disableFontFace: true, useSystemFonts: false };
    pdf = await getDocumentProxy(new Uint8Array(bytes), options); // a copy: it is taken over
  } catch (error) {
    const { name, message } = error as Error;
    if (name === 'PasswordException') throw new Unopened('encrypted', 'a PDF that asks for a password');
    throw new Unopened('damaged', `no whole PDF: ${message}`);
  }
  try {
    if (pdf.numPages > MAX_PAGES) throw new Unopened('too_large', `${pdf.numPages} pages`, pdf.numPages, MAX_PAGES);
    const { title, isReserved } = await statementsOf(pdf);
    if (isReserved) throw new Unopened('no_train', 'tdm:reservation 1');
    const pages: Line[][] = [];
    for (let number = 1; number <= pdf.numPages; number++) pages.push(await linesOfPage(pdf, number));
    const characters = pages.flat().reduce((sum, { text }) => sum + text.length, 0) / Math.max(1, pages.length);
    if (characters < LEAST_TEXT) throw new Unopened('no_text_layer', 'its pages are pictures', characters, LEAST_TEXT);
    return { text: paragraphsOf(withoutRunning(pages)).join('\n\n'), metadata: { title } };
  } finally {
    await pdf.destroy();
  }
}

/** Deflate packs to a 1032nd at best: only streams that large can unpack to too much, or those packed twice. */
const LEAST_BOMB = MAX_UNPACKED / 1_032;
const PACKED_TWICE = /\/FlateDecode\s*\/FlateDecode/;

function refuseBombs(bytes: Buffer): void {
  const refuse = (fact: string) => new Unopened('too_large', fact, MAX_UNPACKED, MAX_UNPACKED);
  if (PACKED_TWICE.test(bytes.toString('latin1', 0, Math.min(bytes.length, 64_000_000))))
    throw refuse('streams packed twice');
  for (let at = bytes.indexOf('stream'); at >= 0; at = bytes.indexOf('stream', at + 6)) {
    const start = at + (bytes[at + 6] === 0x0d ? 8 : 7);
    if (bytes[start] !== 0x78) continue; // zlib's head
    const end = bytes.indexOf('endstream', start);
    const packed = bytes.subarray(start, end < 0 ? bytes.length : end);
    if (packed.length >= LEAST_BOMB && unpackedIsTooLarge(packed)) throw refuse('a stream is too large, unpacked');
  }
}

function unpackedIsTooLarge(packed: Uint8Array): boolean {
  try {
    inflateSync(packed, { maxOutputLength: MAX_UNPACKED, finishFlush: constants.Z_SYNC_FLUSH });
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
  }
}

async function statementsOf(pdf: PdfDocument): Promise<{ readonly title: string; readonly isReserved: boolean }> {
  try {
    const { info, metadata } = await pdf.getMetadata();
    const title = typeof info.Title === 'string' && !isProgramName(info.Title) ? info.Title.trim() : '';
    return { title, isReserved: RESERVED.test(metadata?.getRaw?.() ?? '') };
  } catch {
    return { title: '', isReserved: false }; // what it says of itself is damaged; its pages need not be
  }
}
/** TDMRep in XMP: an attribute, or an element. */
const RESERVED = /tdm:reservation(?:\s*=\s*["']1|[^<>]*>\s*1\s*<)/;

interface Line {
  readonly text: string;
  /** Points from the left and from the bottom of its page. */
  readonly left: number;
  readonly right: number;
  readonly base: number;
  readonly height: number;
}

/** A space stands where letters are so far apart, in their height; letters on one line are no further up or down. */
const SPACE = 0.15;
const SAME_LINE = 0.5;

async function linesOfPage(pdf: PdfDocument, number: number): Promise<Line[]> {
  let items: readonly (TextItem | { readonly type: string })[];
  try {
    const page = await pdf.getPage(number);
    items = (await page.getTextContent()).items;
    page.cleanup();
  } catch {
    return []; // a damaged page costs itself
  }
  const lines: Line[] = [];
  let line: Line | undefined;
  for (const item of items) {
    if (!('str' in item) || item.str === '') continue;
    const [left, base] = [item.transform[4], item.transform[5]];
    const height = item.height || Math.hypot(item.transform[2], item.transform[3]);
    const right = left + item.width;
    const isSame =
      line !== undefined &&
      Math.abs(base - line.base) <= SAME_LINE * Math.max(height, line.height) &&
      left >= line.right - 2 * line.height;
    if (line === undefined || !isSame) {
      if (line !== undefined) lines.push(line);
      line = { text: item.str, left, right, base, height };
      continue;
    }
    const isApart = left - line.right > SPACE * line.height && !/\s$/.test(line.text) && !/^\s/.test(item.str);
    const text = line.text + (isApart ? ' ' : '') + item.str;
    line = { ...line, text, right: Math.max(right, line.right), height: Math.max(height, line.height) };
  }
  if (line !== undefined) lines.push(line);
  return lines.map((one) => ({ ...one, text: one.text.replace(/\s+/g, ' ').trim() })).filter(({ text }) => text !== '');
}

/** So many lines at the head and the foot of a page may be running ones, when they stand on so many pages. */
const RUNNING_LINES = 2;
const RUNNING_PAGES = 3;
const RUNNING_SHARE = 0.4;

const edgesOf = (lines: readonly Line[]): readonly Line[] => {
  const fromAbove = lines.toSorted((a, b) => b.base - a.base);
  return [...new Set([...fromAbove.slice(0, RUNNING_LINES), ...fromAbove.slice(-RUNNING_LINES)])];
};

const NUMBER_ALONE = /^(?:trang|page)?[\s\-–—]*(?:\d{1,4}|[ivxlc]{1,7})(?:\s*[/|]\s*\d{1,4})?[\s\-–—]*$/i;
const keyOf = ({ text }: Line): string => text.replace(/\d+/g, '0').toLowerCase();

function withoutRunning(pages: readonly Line[][]): Line[][] {
  const counts = new Map<string, number>();
  for (const lines of pages) {
    for (const key of new Set(edgesOf(lines).map(keyOf))) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const isOften = (line: Line): boolean => {
    const count = counts.get(keyOf(line)) ?? 0;
    return count >= RUNNING_PAGES && count >= RUNNING_SHARE * pages.length;
  };
  return pages.map((lines) => {
    const running = new Set(edgesOf(lines).filter((line) => NUMBER_ALONE.test(line.text) || isOften(line)));
    return lines.filter((line) => !running.has(line));
  });
}

/** A line that ends so far before the margin ends its paragraph, where it ends a sentence; in widths of the text. */
const SHORT_LINE = 0.85;
const MUCH_SHORTER = 0.6;
/** A step from line to line so many times the usual one begins a paragraph, and so does such an indent, in heights. */
const WIDE_STEP = 1.35;
const INDENT = 0.8;
const OTHER_SIZE = 1.15;

const ENDS_SENTENCE = /[.!?…:;"”»)]$/;
const OPENS_ITEM = /^(?:[-–•*+]\s|\(?(?:\d{1,3}|[a-zđ])[.)]\s|(?:Điều|Chương|Mục|Phần|Khoản)\s+[\dIVXLC]+)/;

function paragraphsOf(pages: readonly Line[][]): string[] {
  const all = pages.flat();
  const right = quantile(
    all.map((line) => line.right),
    0.95,
  );
  const left = quantile(
    all.map((line) => line.left),
    0.1,
  );
  const steps = pages.flatMap((lines) => lines.slice(1).map((line, i) => (lines[i].base - line.base) / line.height));
  const step = quantile(
    steps.filter((one) => one > 0 && one < 4),
    0.5,
  );
  const paragraphs: string[] = [];
  let before: Line | undefined;
  for (const lines of pages) {
    lines.forEach((line, i) => {
      const joins = before !== undefined && joinsParagraph(before, line, i === 0, { left, right, step });
      if (joins) paragraphs.push(joined(paragraphs.pop()!, line.text));
      else paragraphs.push(line.text);
      before = line;
    });
  }
  return paragraphs;
}

function joinsParagraph(
  before: Line,
  line: Line,
  isNewPage: boolean,
  { left, right, step }: { readonly left: number; readonly right: number; readonly step: number },
): boolean {
  const sizes = before.height / line.height;
  if (sizes > OTHER_SIZE || sizes < 1 / OTHER_SIZE || OPENS_ITEM.test(line.text)) return false;
  const ends = ENDS_SENTENCE.test(before.text);
  const length = (before.right - left) / Math.max(1, right - left);
  if (length < MUCH_SHORTER || (ends && length < SHORT_LINE)) return false;
  const isIndented = line.left - before.left > INDENT * line.height && line.left - left < 8 * line.height;
  if (isIndented) return false;
  if (isNewPage) return !ends || /^\p{Ll}/u.test(line.text);
  const down = (before.base - line.base) / line.height;
  return down < 0 ? !ends : down <= WIDE_STEP * step; // upwards: the next column
}

/** A hyphen at the end of a line joins: words are not divided in Vietnamese. */
const joined = (text: string, next: string): string => (/\p{L}-$/u.test(text) ? text + next : `${text} ${next}`);

function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
