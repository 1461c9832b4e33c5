/** Files of programs: what they say becomes documents, what cannot be read is dropped by its name. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Opened, openFile } from '../../cleaning/binary/open.ts';
import { loadPackage, Unopened } from '../../cleaning/binary/opened.ts';
import { clean } from '../../cleaning/clean.ts';
import { BINARY_KINDS, type Page, pageOf } from '../../crawlers/page.ts';
import { openInput } from '../../crawlers/sources/index.ts';
import { cleanInputs } from '../../shards/documents/clean-inputs.ts';
import { readTexts } from '../../shards/documents/read.ts';
import { temporaryFolder } from '../support.ts';
import { doc, docxParts, epubParts, linesOf, pdf, zip } from './binary-files.ts';
import { story } from './support.ts';

const missing = BINARY_KINDS.flatMap(({ packages }) => packages).filter((name) => {
  try {
    return createRequire(import.meta.url).resolve(name) === '';
  } catch {
    return true;
  }
});
const withReaders = test.skipIf(missing.length > 0);
if (missing.length > 0) test.skip(`needs npm install ${missing.join(' ')}`, () => {});

const STORY = [1, 2, 3].map((seed) => story(seed, 4));
const TEXT = STORY.join('\n\n');
const TDM = '<rdf:Description xmlns:tdm="http://www.w3.org/ns/tdmrep#"><tdm:reservation>1</tdm:reservation>';
const XMP = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">${TDM}</rdf:Description></rdf:RDF></x:xmpmeta>`;
const word = docxParts('Mùa nước', STORY, [
  ['Hộ', 'Ruộng', 'Ghi chú'],
  ['Tư & con', '', '3 công'],
]);
/** Three pages with running heads and feet: their ends stand within paragraphs. */
const lines = linesOf(STORY);
const printed = [0, 1, 2].map((page) => [
  { text: 'Niên giám xóm Bến', y: 810 },
  ...lines.slice(7 * page, page === 2 ? undefined : 7 * page + 7).map((line, i) => ({ ...line, y: 760 - 16 * i })),
  { text: `Trang ${page + 1}/3`, x: 290, y: 30 },
]);

const textOf = async (bytes: Uint8Array): Promise<string> => {
  const opened = await openFile(bytes);
  return opened instanceof Unopened ? `${opened.reason}: ${opened.message}` : (opened?.text ?? 'no file of a program');
};

withReaders('reads paragraphs, tables and chapters, without marks of machines', async () => {
  const table = 'Hộ\tRuộng\tGhi chú\nTư & con\t\t3 công';
  expect(await openFile(zip(word))).toEqual({
    text: `Mùa nước\n\n${TEXT}\n\n${table}`,
    metadata: { title: 'Mùa nước' },
  } satisfies Opened);
  expect(await openFile(zip(epubParts('Chuyện xóm', [STORY.slice(0, 2), STORY.slice(2)])))).toMatchObject({
    text: `Chương 1\n\n${STORY[0]}\n\n${STORY[1]}\n\nChương 2\n\n${STORY[2]}`,
    metadata: { title: 'Chuyện xóm', author: 'Hạnh Nguyên', lang: 'vi' },
  });
  expect(await textOf(doc(STORY.join('\n')))).toBe(TEXT);
});

withReaders('joins the lines of a PDF to paragraphs, over pages as well, without heads and feet', async () => {
  const opened = await openFile(pdf(printed, { title: 'Niên giám' }));
  expect(opened).toEqual({ text: TEXT, metadata: { title: 'Niên giám' } });
});

withReaders.each<[string, Uint8Array]>([
  ['damaged: no whole zip archive', zip(word).subarray(0, 900)],
  ['damaged: a zip archive that is neither', zip({ 'a.xml': '<a/>' })],
  ['damaged: no whole PDF', pdf(printed).subarray(0, 400)],
  ['damaged: sectors of the file lead to each other', doc(TEXT, { circle: true })],
  ['damaged: a compound file without its head', doc(TEXT).subarray(0, 300)],
  ['damaged: neither PDF', Buffer.alloc(200)],
  ['damaged: its spine names no chapter', zip(epubParts('x', []))],
  ['encrypted: its parts ask', zip(word, { flags: 1 })],
  ['encrypted: a PDF that asks', pdf(printed, { encrypt: true })],
  ['encrypted: a Word document', doc(TEXT, { flags: 0x100 })],
  [
    'encrypted: its chapters are locked',
    zip({
      ...epubParts('x', [STORY]),
      'META-INF/encryption.xml':
        '<encryption xmlns:enc="x"><enc:CipherReference URI="OEBPS/chuong 1.xhtml"/></encryption>',
    }),
  ],
  ['no_text_layer: its pages are pictures', pdf([[], [], [{ text: 'Ký bởi: Văn phòng', y: 20 }]])],
  ['too_large: ', zip(word, { lie: 300_000_000 })],
  ['damaged: ', zip({ ...word, 'word/document.xml': 'x'.repeat(1_000_000) }, { lie: 3_000 })],
  ['no_train: tdm:reservation 1', zip(epubParts('x', [STORY], '<meta property="tdm:reservation">1</meta>'))],
  ['no_train: tdm:reservation 1', pdf(printed, { xmp: XMP })],
  ['no file of a program', Buffer.from('<html><body><p>Chào</p></body></html>')],
])('says why a file is not read: %s', async (reason, bytes) => {
  expect(await textOf(bytes)).toContain(reason);
});

test('names the package that is missing', async () => {
  await expect(loadPackage('vua-no-such-package')).rejects.toMatchObject({
    reason: 'no_reader',
    message: 'needs the package vua-no-such-package: npm install vua-no-such-package',
  });
});

const typed = (type: string, body: Uint8Array): Page =>
  pageOf(`http://xom.test/${type}/${body.length}`, body, { headers: { 'content-type': type } });

withReaders('cleans them beside pages, on a thread, and drops with reasons', async () => {
  const pages = [
    typed('application/pdf', pdf(printed)),
    typed('application/pdf', pdf(printed, { encrypt: true })),
    typed('application/msword', Buffer.from(`<html><body><p>${story(8, 9)}</p></body></html>`)),
    typed('image/png', pdf(printed)),
  ];
  const outcomes: string[] = [];
  for await (const { kept, dropped } of clean(pages, { threads: 1 }))
    outcomes.push(kept ? kept.text : `${dropped.stage}/${dropped.reason}`);
  expect(outcomes).toEqual([TEXT, 'decode/encrypted', story(8, 9), 'decode/not_text']);
});

withReaders('reads them in folders and in archives, once', async () => {
  const dir = temporaryFolder();
  const input = join(dir, 'tủ sách');
  mkdirSync(input);
  writeFileSync(join(input, 'a.docx'), zip(docxParts('Mùa nước', [story(11, 9)])));
  writeFileSync(join(input, 'b.pdf'), pdf([linesOf([story(12, 9)])]));
  const record = (url: string, type: string, body: Buffer): Buffer => {
    const block = Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n\r\n`), body]);
    const head = `WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:${url.length}>\r\nWARC-Date: 2025-05-12T00:00:00Z\r\nWARC-Target-URI: ${url}\r\nContent-Type: application/http;msgtype=response\r\nContent-Length: ${block.length}\r\n\r\n`;
    return Buffer.concat([Buffer.from(head), block, Buffer.from('\r\n\r\n')]);
  };
  writeFileSync(
    join(input, 'c.warc'),
    Buffer.concat([
      record('http://xom.test/c.doc', 'application/octet-stream', doc(story(13, 9))),
      record('http://xom.test/cc.bin', 'application/octet-stream', doc(story(13, 9))),
    ]),
  );
  const outDir = join(dir, 'documents');
  const first = await cleanInputs({ inputs: [input], outDir, threads: 0 });
  expect(first.report).toMatchObject({ kept: 3, pages: 3 });
  expect([...first.report.passedOver]).toEqual([['content type application/octet-stream', 1]]);
  const texts: string[] = [];
  for await (const { text } of readTexts(outDir)) texts.push(Buffer.from(text).toString());
  expect(texts.sort()).toEqual([`Mùa nước\n\n${story(11, 9)}`, story(12, 9), story(13, 9)].sort());
  expect((await cleanInputs({ inputs: [input], outDir, threads: 0 })).outcome).toBe('nothing_new');
  // A tokenizer reads text alone: what was passed over before is passed over still.
  const passed = new Map<string, number>();
  for await (const _ of openInput(input, { skipped: passed }));
  expect(passed.get('not an input file: .pdf')).toBe(1);
  rmSync(input, { recursive: true });
});
