/** Books in `.epub`: the chapters of the spine in their order, without tables of contents. */
import { load } from 'cheerio/slim';
import { decode } from '../decode/charset.ts';
import { blocksOfMarkup } from '../html/extract.ts';
import { type OpenedFile, Unopened } from './opened.ts';
import type { Parts } from './zip.ts';

const CONTAINER = 'META-INF/container.xml';

/** Text of the book; fonts and pictures are none. */
export const isEpubPart = (name: string): boolean => /\.(?:x?html?|xml|opf|htm)$|^mimetype$/i.test(name);

export const isEpub = (parts: Parts): boolean => parts.has(CONTAINER);

/** A chapter with so much of its text in links is a table of contents. */
const CONTENTS = 0.6;

/** @throws Unopened damaged, encrypted, no_train */
export function openEpub(parts: Parts): OpenedFile {
  const xml = (name: string) => load(decode(parts.get(name) ?? new Uint8Array(), '').text, { xml: true });
  const packagePath = xml(CONTAINER)('rootfile').attr('full-path') ?? '';
  if (!parts.has(packagePath)) throw new Unopened('damaged', `${CONTAINER} names no package that is there`);
  const book = xml(packagePath);
  const said = (name: string): string => book(`metadata > ${name}`).first().text().trim();
  if (book('metadata > meta[property="tdm:reservation"]').text().trim() === '1')
    throw new Unopened('no_train', 'tdm:reservation 1');
  const path = (href: string): string => partNamed(href, packagePath);
  const items = new Map(
    book('manifest > item')
      .toArray()
      .map((item) => [book(item).attr('id') ?? '', item]),
  );
  const chapters = book('spine > itemref')
    .toArray()
    .filter((ref) => book(ref).attr('linear') !== 'no')
    .map((ref) => items.get(book(ref).attr('idref') ?? ''))
    .filter((item) => item !== undefined)
    .filter((item) => !/\bnav\b/.test(book(item).attr('properties') ?? ''))
    .map((item) => path(book(item).attr('href') ?? ''));
  const locked = new Set(
    xml('META-INF/encryption.xml')('CipherReference, enc\\:CipherReference')
      .toArray()
      .map((reference) => reference.attribs.URI ?? ''),
  );
  if (chapters.some((chapter) => locked.has(chapter))) throw new Unopened('encrypted', 'its chapters are locked');
  const read = chapters.filter((chapter) => parts.has(chapter)).map((chapter) => chapterOf(parts.get(chapter)!));
  if (read.length === 0) throw new Unopened('damaged', 'its spine names no chapter that is there');
  return {
    text: read.filter((text) => text !== '').join('\n\n'),
    metadata: {
      title: said('dc\\:title'),
      author: book('metadata > dc\\:creator')
        .toArray()
        .map((creator) => book(creator).text().trim())
        .join(', '),
      published: /^\d{4}(?:-\d{2}-\d{2})?/.exec(said('dc\\:date'))?.[0] ?? '',
      lang: said('dc\\:language').toLowerCase(),
    },
  };
}

/** The part that a reference of the package leads to; a reference that is none leads nowhere. */
function partNamed(href: string, packagePath: string): string {
  try {
    return decodeURIComponent(new URL(href, `zip:/${packagePath}`).pathname).slice(1);
  } catch {
    return '';
  }
}

function chapterOf(bytes: Uint8Array): string {
  const blocks = blocksOfMarkup(decode(bytes, 'application/xhtml+xml').text);
  const sum = (figure: (block: (typeof blocks)[number]) => number): number =>
    blocks.reduce((total, block) => total + figure(block), 0);
  if (sum(({ linked }) => linked) >= CONTENTS * sum(({ text }) => text.length)) return '';
  return blocks.map(({ text }) => text).join('\n\n');
}
