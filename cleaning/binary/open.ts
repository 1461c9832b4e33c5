/**
 * Files of programs → text: `.docx`, `.epub`, `.pdf` with a text layer, `.doc`. What a file is, its bytes say: servers and
 * names err. What cannot be read is refused with its reason; nothing of it is lost.
 */
import { binaryKindOf, type Page } from '../../crawlers/page.ts';
import { isCompound, openDoc } from './doc.ts';
import { isDocx, isDocxPart, openDocx } from './docx.ts';
import { isEpub, isEpubPart, openEpub } from './epub.ts';
import { type OpenedFile, Unopened } from './opened.ts';
import { isPdf, openPdf } from './pdf.ts';
import { unzip } from './zip.ts';

export type Opened = OpenedFile | Unopened;

/** Whether a page is a file of a program, by its type. */
export const isBinary = ({ headers }: Pick<Page, 'headers'>): boolean =>
  binaryKindOf(headers['content-type'] ?? '') !== undefined;

/** The text of a file, or why there is none; `undefined` for what is text or markup under a wrong name. */
export async function openFile(body: Uint8Array): Promise<Opened | undefined> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  try {
    if (isPdf(bytes)) return await openPdf(bytes);
    if (isCompound(bytes)) return await openDoc(bytes);
    if (bytes.length > 2 && bytes.readUInt16BE(0) === ZIP) {
      const parts = await unzip(bytes, (name) => isDocxPart(name) || isEpubPart(name));
      if (isEpub(parts)) return openEpub(parts);
      if (isDocx(parts)) return await openDocx(parts);
      return new Unopened('damaged', 'a zip archive that is neither a Word document nor a book');
    }
    return bytes.subarray(0, HEAD_BYTES).includes(0)
      ? new Unopened('damaged', 'neither PDF, Word nor EPUB')
      : undefined;
  } catch (error) {
    if (error instanceof Unopened) return error;
    throw error;
  }
}

/** `PK` */
const ZIP = 0x504b;
const HEAD_BYTES = 1_024;
