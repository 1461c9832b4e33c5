/** Files of programs as programs write them, made here: `.docx`, `.epub`, `.pdf`, `.doc`, whole and broken. */
import { crc32, deflateRawSync, deflateSync } from 'node:zlib';

/** A zip archive of parts; `lie` states another size for all of them, `flags` 1 says that they are encrypted. */
export function zip(
  parts: Readonly<Record<string, string | Uint8Array>>,
  { lie, flags = 0 }: { readonly lie?: number; readonly flags?: number } = {},
): Buffer {
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const [name, content] of Object.entries(parts)) {
    const raw = Buffer.from(content as string);
    const packed = deflateRawSync(raw);
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(flags, 2);
    fields.writeUInt16LE(8, 4);
    fields.writeUInt32LE(crc32(raw), 10);
    fields.writeUInt32LE(packed.length, 14);
    fields.writeUInt32LE(lie ?? raw.length, 18);
    fields.writeUInt16LE(Buffer.byteLength(name), 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), fields, Buffer.from(name), packed]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(offset, 10);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), fields, tail, Buffer.from(name)]));
    locals.push(local);
    offset += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(directory.length, 4);
  end.writeUInt16LE(directory.length, 6);
  end.writeUInt32LE(listed.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, listed, Buffer.from('PK\x05\x06'), end]);
}

const written = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
const paragraph = (text: string, style = ''): string =>
  `<w:p>${style && `<w:pPr><w:pStyle w:val="${style}"/></w:pPr>`}<w:r><w:t xml:space="preserve">${written(text)}</w:t></w:r></w:p>`;

const RELATION = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
const DOCX_TYPES = `<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>`;
const relations = (...rows: string[]): string =>
  `<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">${rows.join('')}</Relationships>`;

/** Word's parts: a title, paragraphs, a table, a note, a deleted word that no reader sees. */
export function docxParts(title: string, paragraphs: readonly string[], table: readonly (readonly string[])[] = []) {
  const rows = table.map((row) => `<w:tr>${row.map((cell) => `<w:tc>${paragraph(cell)}</w:tc>`).join('')}</w:tr>`);
  const body = [
    paragraph(title, 'Heading1'),
    ...paragraphs.map((text) => paragraph(text)),
    `<w:p><w:del w:id="1" w:author="x"><w:r><w:delText>chữ đã xóa</w:delText></w:r></w:del></w:p>`,
    ...(rows.length > 0 ? [`<w:tbl>${rows.join('')}</w:tbl>`] : []),
  ].join('');
  const namespaces = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="${RELATION}"`;
  return {
    '[Content_Types].xml': DOCX_TYPES,
    '_rels/.rels': relations(`<Relationship Id="rId1" Type="${RELATION}/officeDocument" Target="word/document.xml"/>`),
    'word/styles.xml': `<w:styles ${namespaces}><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/></w:style></w:styles>`,
    'word/_rels/document.xml.rels': relations(
      `<Relationship Id="rId1" Type="${RELATION}/styles" Target="styles.xml"/>`,
    ),
    'word/document.xml': `<?xml version="1.0" encoding="UTF-8"?><w:document ${namespaces}><w:body>${body}</w:body></w:document>`,
  };
}

/** A book: chapters of the spine, a table of contents beside it. */
export function epubParts(
  title: string,
  chapters: readonly (readonly string[])[],
  metadata = '',
): Record<string, string> {
  const page = (body: string): string =>
    `<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body>${body}</body></html>`;
  const names = chapters.map((_, i) => `chuong%20${i + 1}.xhtml`);
  return {
    mimetype: 'application/epub+zip',
    'META-INF/container.xml': `<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>`,
    'OEBPS/book.opf': `<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>${title}</dc:title><dc:creator>Hạnh Nguyên</dc:creator><dc:language>vi</dc:language>${metadata}</metadata><manifest><item id="nav" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>${names.map((name, i) => `<item id="c${i}" href="${name}" media-type="application/xhtml+xml"/>`).join('')}</manifest><spine><itemref idref="nav"/>${names.map((_, i) => `<itemref idref="c${i}"/>`).join('')}</spine></package>`,
    'OEBPS/nav.xhtml': page(
      `<nav><ol>${names.map((name) => `<li><a href="${name}">Mục lục</a></li>`).join('')}</ol></nav>`,
    ),
    ...Object.fromEntries(
      chapters.map((paragraphs, i) => [
        `OEBPS/chuong ${i + 1}.xhtml`,
        page(`<h2>Chương ${i + 1}</h2>${paragraphs.map((text) => `<p>${written(text)}</p>`).join('')}`),
      ]),
    ),
  };
}

/** `stream` of a page, in PDF's operators: lines at their places, in points from the lower left. */
export interface PdfLine {
  readonly text: string;
  readonly x?: number;
  readonly y: number;
}

/**
 * Pages of lines in one font of two-byte codes that are UTF-16, which a ToUnicode table says: how word processors write
 * Vietnamese. Letters are half as wide as high.
 */
export function pdf(
  pages: readonly (readonly PdfLine[])[],
  { size = 12, title = '', xmp = '', encrypt = false } = {},
): Buffer {
  const hex = (text: string): string => Buffer.from(text, 'utf16le').swap16().toString('hex');
  const cmap =
    '/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def /CMapType 2 def 1 begincodespacerange <0000> <ffff> endcodespacerange 1 beginbfrange <0000> <ffff> <0000> endbfrange endcmap end end';
  const objects: (string | Buffer)[] = [];
  const stream = (content: string | Buffer, entries = ''): Buffer => {
    const packed = deflateSync(content);
    return Buffer.concat([
      Buffer.from(`<< ${entries} /Filter /FlateDecode /Length ${packed.length} >>\nstream\n`),
      packed,
      Buffer.from('\nendstream'),
    ]);
  };
  const kids = pages.map((_, i) => `${8 + 2 * i} 0 R`);
  objects.push(
    `<< /Type /Catalog /Pages 2 0 R ${xmp && '/Metadata 7 0 R'} >>`,
    `<< /Type /Pages /Kids [${kids.join(' ')}] /Count ${pages.length} >>`,
    '<< /Type /Font /Subtype /Type0 /BaseFont /F /Encoding /Identity-H /DescendantFonts [4 0 R] /ToUnicode 5 0 R >>',
    '<< /Type /Font /Subtype /CIDFontType2 /BaseFont /F /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >> /DW 500 /FontDescriptor << /Type /FontDescriptor /FontName /F /Flags 4 >> >>',
    stream(cmap),
    `<< /Title <feff${hex(title)}> >>`,
    stream(xmp, '/Type /Metadata /Subtype /XML'),
  );
  pages.forEach((lines, i) => {
    const shown = lines.map(({ text, x = 72, y }) => `1 0 0 1 ${x} ${y} Tm <${hex(text)}> Tj`).join('\n');
    objects.push(
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents ${9 + 2 * i} 0 R /Resources << /Font << /F1 3 0 R >> >> >>`,
      stream(`BT /F1 ${size} Tf\n${shown}\nET`),
    );
  });
  const chunks: Buffer[] = [Buffer.from('%PDF-1.7\n')];
  const offsets: number[] = [];
  let at = chunks[0].length;
  const add = (bytes: Buffer): void => {
    chunks.push(bytes);
    at += bytes.length;
  };
  objects.forEach((object, i) => {
    offsets.push(at);
    add(Buffer.concat([Buffer.from(`${i + 1} 0 obj\n`), Buffer.from(object as string), Buffer.from('\nendobj\n')]));
  });
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  // Keys that no empty password opens.
  const locked = encrypt
    ? `/Encrypt << /Filter /Standard /V 2 /R 3 /Length 128 /P -44 /O <${'11'.repeat(32)}> /U <${'22'.repeat(32)}> >> /ID [<${'33'.repeat(16)}> <${'33'.repeat(16)}>]`
    : '';
  add(
    Buffer.from(
      `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R /Info 6 0 R ${locked} >>\nstartxref\n${at}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(chunks);
}

/** Lines of at most so many characters, down the page from the top. */
export function linesOf(
  paragraphs: readonly string[],
  { width = 70, top = 760, step = 16, indent = 20 } = {},
): PdfLine[] {
  const lines: PdfLine[] = [];
  let y = top;
  for (const text of paragraphs) {
    let line = '';
    let x = 72 + indent;
    const end = (): void => {
      lines.push({ text: line, x, y });
      y -= step;
      x = 72;
      line = '';
    };
    for (const word of text.split(' ')) {
      if (`${line} ${word}`.length > width - (x > 72 ? indent / 6 : 0)) end();
      line += (line && ' ') + word;
    }
    end();
  }
  return lines;
}

const SECTOR = 512;
const FREE = 0xffffffff;
const END = 0xfffffffe;

/** Word 97: a compound file with the streams that its text needs; one piece of UTF-16. `circle` breaks its table. */
export function doc(text: string, { flags = 0, circle = false } = {}): Buffer {
  const body = Buffer.from(text.replaceAll('\n', '\r'), 'utf16le');
  const characters = body.length / 2;
  const textAt = 2048;
  const word = Buffer.alloc(Math.max(8192, Math.ceil((textAt + body.length) / SECTOR) * SECTOR));
  word.writeUInt16LE(0xa5ec, 0);
  word.writeUInt16LE(0x00c1, 2);
  word.writeUInt16LE(0x0200 | flags, 0x0a); // the table stream is 1Table
  word.writeUInt32LE(characters, 0x4c);
  body.copy(word, textAt);
  const pieces = Buffer.alloc(5 + 8 + 8);
  pieces[0] = 2;
  pieces.writeUInt32LE(16, 1);
  pieces.writeUInt32LE(0, 5);
  pieces.writeUInt32LE(characters, 9);
  pieces.writeUInt32LE(textAt, 15);
  const table = Buffer.alloc(8192);
  pieces.copy(table, 0);
  word.writeUInt32LE(0, 0x01a2);
  word.writeUInt32LE(pieces.length, 0x01a6);
  const [wordSectors, tableSectors] = [word.length / SECTOR, table.length / SECTOR];
  const total = 2 + wordSectors + tableSectors; // the table of sectors, the directory
  const tables = Math.ceil((total + 16) / 128);
  const next = Buffer.alloc(tables * SECTOR, 0xff);
  const first = { directory: tables, word: tables + 1, table: tables + 1 + wordSectors };
  for (let i = 0; i < tables; i++) next.writeUInt32LE(0xfffffffd, 4 * i);
  next.writeUInt32LE(END, 4 * first.directory);
  const chain = (start: number, count: number): void => {
    for (let i = 0; i < count; i++) next.writeUInt32LE(i + 1 < count ? start + i + 1 : END, 4 * (start + i));
  };
  chain(first.word, wordSectors);
  chain(first.table, tableSectors);
  if (circle) next.writeUInt32LE(first.word, 4 * (first.word + wordSectors - 1));
  const directory = Buffer.alloc(SECTOR);
  const entry = (
    at: number,
    name: string,
    type: number,
    start: number,
    size: number,
    left = FREE,
    right = FREE,
    child = FREE,
  ) => {
    directory.write(name, at * 128, 'utf16le');
    directory.writeUInt16LE(2 * (name.length + 1), at * 128 + 64);
    directory[at * 128 + 66] = type;
    directory[at * 128 + 67] = 1;
    directory.writeUInt32LE(left, at * 128 + 68);
    directory.writeUInt32LE(right, at * 128 + 72);
    directory.writeUInt32LE(child, at * 128 + 76);
    directory.writeUInt32LE(start, at * 128 + 116);
    directory.writeUInt32LE(size, at * 128 + 120);
  };
  entry(0, 'Root Entry', 5, END, 0, FREE, FREE, 1);
  entry(1, 'WordDocument', 2, first.word, word.length, 2, FREE);
  entry(2, '1Table', 2, first.table, table.length);
  const head = Buffer.alloc(SECTOR);
  Buffer.from('d0cf11e0a1b11ae1', 'hex').copy(head);
  head.writeUInt16LE(0x3e, 0x18);
  head.writeUInt16LE(3, 0x1a);
  head.writeUInt16LE(0xfffe, 0x1c);
  head.writeUInt16LE(9, 0x1e);
  head.writeUInt16LE(6, 0x20);
  head.writeUInt32LE(tables, 0x2c);
  head.writeUInt32LE(first.directory, 0x30);
  head.writeUInt32LE(4096, 0x38);
  head.writeUInt32LE(END, 0x3c);
  head.writeUInt32LE(END, 0x44);
  head.fill(0xff, 0x4c);
  for (let i = 0; i < tables; i++) head.writeUInt32LE(i, 0x4c + 4 * i);
  return Buffer.concat([head, next, directory, word, table]);
}
