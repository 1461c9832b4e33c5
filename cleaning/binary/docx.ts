/** Word's `.docx`: paragraphs, headings, lists, tables and notes, as mammoth reads them. */
import { textOfMarkup } from '../html/extract.ts';
import { isProgramName, loadPackage, type OpenedFile, Unopened } from './opened.ts';
import { type Parts, rezip } from './zip.ts';

interface Mammoth {
  readonly images: { imgElement(convert: () => Promise<Record<string, string>>): unknown };
  convertToHtml(input: { readonly buffer: Buffer }, options: object): Promise<{ readonly value: string }>;
}

/** The parts that its text needs: pictures are none of them. */
export const isDocxPart = (name: string): boolean => /\.(?:xml|rels)$/i.test(name);

export const isDocx = (parts: Parts): boolean =>
  /wordprocessingml|ms-word/.test(Buffer.from(parts.get('[Content_Types].xml') ?? []).toString());

/** @throws Unopened damaged, no_reader */
export async function openDocx(parts: Parts): Promise<OpenedFile> {
  const mammoth = await loadPackage<Mammoth>('mammoth');
  let html: string;
  try {
    const buffer = Buffer.from(await rezip(parts));
    const options = { convertImage: mammoth.images.imgElement(async () => ({ src: '' })), externalFileAccess: false };
    html = (await mammoth.convertToHtml({ buffer }, options)).value;
  } catch (error) {
    if (error instanceof Unopened) throw error;
    throw new Unopened('damaged', `no whole Word document: ${(error as Error).message}`);
  }
  const text = textOfMarkup(html.replace(NOTE_MARKS, ''));
  return { text, metadata: { title: titleOf(parts) || firstHeading(html) } };
}

/** `[1]` in the text, and the arrow that leads back to it: the notes stay, at the end. */
const NOTE_MARKS =
  /<sup><a href="#[^"]*(?:foot|end)note-\d+"[^>]*>\[\d+\]<\/a><\/sup>|\s*<a href="#[^"]*(?:foot|end)note-ref-\d+">↑<\/a>/g;

function titleOf(parts: Parts): string {
  const core = Buffer.from(parts.get('docProps/core.xml') ?? []).toString();
  const [, title = ''] = /<dc:title[^>]*>([^<]*)</.exec(core) ?? [];
  return isProgramName(title) ? '' : textOfMarkup(title);
}

const firstHeading = (html: string): string => textOfMarkup(/^\s*<h1[^>]*>(.*?)<\/h1>/s.exec(html)?.[1] ?? '');
