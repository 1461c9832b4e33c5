/** `vua verify` finds each kind of damage in documents, tokens and a crawl; stats. */
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Document } from '../../cleaning/document.ts';
import { Frontier } from '../../crawlers/frontier/frontier.ts';
import { verifyCrawl } from '../../crawlers/verify.ts';
import { packMember } from '../../crawlers/warc/gzip.ts';
import { WarcWriter } from '../../crawlers/warc/warc.ts';
import { statsCommand } from '../../shards/commands/stats.ts';
import { verifyCommand } from '../../shards/commands/verify.ts';
import { manifestPath, readTokenManifest } from '../../shards/manifest.ts';
import type { DocumentManifest, TokenManifest } from '../../shards/manifest-shape.ts';
import { statsOf } from '../../shards/stats.ts';
import { openTokens } from '../../shards/tokens/source.ts';
import { writeTokens } from '../../shards/tokens/write.ts';
import { writeCounts } from '../../shards/tokens/write-counts.ts';
import { TableWriter } from '../../shards/tokens/write-table.ts';
import { verify } from '../../shards/verify/verify.ts';
import { context, range, temporaryFolder, thrownBy } from '../support.ts';
import { asVersion2, document, drop, writeFolder } from './support.ts';

/** A run folder: documents, and tokens made of them, one token per byte. */
async function runFolder(): Promise<{ dir: string; documents: string; tokens: string }> {
  const dir = temporaryFolder();
  const [documents, tokens] = [join(dir, 'documents'), join(dir, 'tokens')];
  mkdirSync(documents);
  const clustered = range(80).map((n) => document(n, { cluster: `d${n - (n % 2)}` }));
  writeFolder(documents, clustered, { drops: range(7).map((n) => drop(n)), shardBytes: 9000 });
  const tokenizerDir = temporaryFolder();
  for (const name of ['tokenizer.json', 'tokenizer_config.json']) writeFileSync(join(tokenizerDir, name), '{}');
  await writeTokens(
    {
      ...{ documentsDir: documents, tokenizerDir, outDir: tokens, vocabSize: 257, bosId: 256 },
      ...{ encode: (text) => Uint16Array.from(text), validShare: 0.3, shardTokens: 1500, batchTokens: 200 },
    },
    context(),
  );
  return { dir, documents, tokens };
}

const faultsOf = async (dir: string): Promise<string[]> =>
  (await verify(dir, context(), [verifyCrawl])).faults.map(({ file, check }) => `${file.split('/').at(-1)} ${check}`);

function editManifest<T>(dir: string, edit: (manifest: T) => void): void {
  const manifest = JSON.parse(readFileSync(manifestPath(dir), 'utf8')) as T;
  edit(manifest);
  writeFileSync(manifestPath(dir), JSON.stringify(manifest));
}

interface TableRow {
  source: string;
  tokens: number;
  textBytes: number;
  textHash: string;
}

/** Writes the table of the first shard of a split anew, with its checksums. */
async function editTable(dir: string, split: string, edit: (rows: TableRow[]) => void): Promise<void> {
  const folder = await openTokens(dir);
  const shard = folder.manifest.shards.find((each) => each.split === split)!;
  const { source, tokens, textBytes, textHash } = (await folder.documents(shard))!;
  const rows = source.map((name, i) => ({
    ...{ source: name, tokens: tokens[i], textBytes: textBytes[i], textHash: textHash![i] },
  }));
  edit(rows);
  const writer = new TableWriter(dir, shard.table!.file);
  for (const row of rows) writer.add(row.source, row.tokens, row.textBytes, BigInt(`0x${row.textHash}`));
  const table = writer.finish();
  editManifest<TokenManifest>(dir, ({ shards }) => {
    shards.find(({ file }) => file === shard.file)!.table = table;
  });
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] ^= 1;
  writeFileSync(path, bytes);
}

describe('verify', () => {
  it('a sound run: every file, every document, every token', async () => {
    const { dir, documents, tokens } = await runFolder();
    const whole = await verify(dir, context());
    expect(whole).toMatchObject({ documents: 80, rejects: 7, faults: [], interrupted: false });
    expect(whole.files).toBeGreaterThan(6);
    expect(await verify(documents, context())).toMatchObject({ documents: 80, tokens: 0, faults: [] });
    const alone = await verify(tokens, context());
    expect(alone).toMatchObject({ documents: 0, faults: [] });
    expect(alone.tokens).toBe(whole.tokens);
  });

  const DOCUMENT_FAULTS: { name: string; change: Partial<Document>; check: string }[] = [
    { name: 'text in NFD', change: { text: 'Tiếng Việt'.normalize('NFD') }, check: 'nfc' },
    { name: 'a carriage return', change: { text: 'một\r\nhai' }, check: 'line_ends' },
    { name: 'no text', change: { text: '' }, check: 'empty' },
    { name: 'an id that stands twice', change: { id: 'd3' }, check: 'id' },
    { name: 'no id', change: { id: '' }, check: 'id' },
    { name: 'no cluster', change: { cluster: '' }, check: 'cluster' },
    {
      name: 'a wrong measurement',
      change: { measurements: document(0).measurements, text: 'ngắn' },
      check: 'measurements',
    },
  ];

  it.each(DOCUMENT_FAULTS)('finds $name', async ({ change, check }) => {
    const dir = temporaryFolder();
    writeFolder(dir, [...range(20).map((n) => document(n)), document(20, change)]);
    const { faults } = await verify(dir, context());
    expect(faults.map((fault) => fault.check)).toEqual([check]);
    expect(faults[0].file).toBe(join(dir, 'documents-00000.arrow'));
    expect(faults[0].message).not.toBe('');
  });

  it('counts repeated faults of one kind instead of listing them', async () => {
    const dir = temporaryFolder();
    writeFolder(
      dir,
      range(9).map((n) => document(n, { text: 'Tiếng Việt'.normalize('NFD') })),
    );
    expect((await verify(dir, context())).faults).toMatchObject([{ check: 'nfc', count: 9 }]);
  });

  const FILE_FAULTS: {
    name: string;
    harm: (folders: Awaited<ReturnType<typeof runFolder>>) => unknown;
    faults: string[];
  }[] = [
    {
      name: 'cut files, and goes on behind them',
      harm: ({ documents, tokens }) => {
        truncateSync(join(documents, 'documents-00001.arrow'), 700);
        truncateSync(join(tokens, 'train-00000.arrow'), 700);
      },
      faults: ['documents-00001.arrow shard', 'train-00000.arrow shard'],
    },
    {
      name: 'a bit in a header that no batch checksum covers',
      harm: ({ documents }) => flip(join(documents, 'documents-00003.arrow'), 7),
      faults: ['documents-00003.arrow checksum'],
    },
    {
      name: 'text bytes that the manifest counts otherwise',
      harm: ({ documents }) =>
        editManifest<DocumentManifest>(documents, (manifest) => manifest.documents[2].textBytes++),
      faults: ['documents-00002.arrow text_bytes'],
    },
    {
      name: 'another tokenizer beside the tokens',
      harm: ({ tokens }) => writeFileSync(join(tokens, 'tokenizer.json'), '{"other":1}'),
      faults: ['tokenizer.json checksum'],
    },
    {
      name: 'ids outside the vocabulary',
      harm: ({ tokens }) =>
        editManifest<TokenManifest>(tokens, (manifest) => Object.assign(manifest, { vocabSize: 226, bosId: 225 })),
      faults: ['train-00000.arrow vocabulary', 'train-00000.arrow bos', 'train-00000.arrow documents'],
    },
    {
      name: 'a record batch at another place',
      harm: ({ tokens }) =>
        editManifest<TokenManifest>(tokens, (manifest) => (manifest.shards[0].batches[1].offset += 8)),
      faults: ['train-00000.arrow offset'],
    },
    {
      name: 'held-out documents of other lengths',
      harm: ({ tokens }) =>
        editTable(tokens, 'valid', (rows) => {
          rows[0].tokens++;
          rows[1].tokens--;
        }),
      faults: ['valid-00000.arrow documents'],
    },
    {
      name: 'a document under another source',
      harm: ({ tokens }) => editTable(tokens, 'train', (rows) => Object.assign(rows[1], { source: 'khac.vua.test' })),
      faults: ['train-00000.arrow source'],
    },
    {
      name: 'a held-out document with the hash of another text',
      harm: ({ tokens }) =>
        editTable(tokens, 'valid', (rows) => Object.assign(rows[1], { textHash: rows[0].textHash })),
      faults: ['valid-00000.arrow text_hash'],
    },
    {
      name: 'sources that a manifest of version 2 counts otherwise',
      harm: async ({ tokens }) => {
        await asVersion2(tokens);
        editManifest<TokenManifest>(tokens, (manifest) => manifest.sources![1].train.textBytes++);
      },
      faults: ['manifest.json source'],
    },
    {
      name: 'a flipped bit in a table of documents',
      harm: ({ tokens }) => flip(join(tokens, 'train-00000.documents.feather'), 700),
      faults: ['train-00000.documents.feather checksum', 'train-00000.documents.feather shard'],
    },
    {
      name: 'counts that are gone',
      harm: ({ tokens }) => rmSync(join(tokens, readTokenManifest(tokens).counts!.file)),
      faults: [expect.stringMatching(/^counts-[0-9a-f]{16}\.txt counts$/) as never],
    },
    {
      name: 'counts of other tokens',
      harm: async ({ tokens }) => {
        const counts = (await (await openTokens(tokens)).counts())!;
        counts[97]++;
        counts[98]--;
        editManifest<TokenManifest>(tokens, (manifest) => (manifest.counts = writeCounts(tokens, counts)));
      },
      faults: [expect.stringMatching(/^counts-[0-9a-f]{16}\.txt counts$/) as never],
    },
    {
      name: 'a table that is gone',
      harm: ({ tokens }) => rmSync(join(tokens, 'valid-00000.documents.feather')),
      faults: ['valid-00000.documents.feather shard'],
    },
    {
      name: 'tokens of other documents',
      harm: ({ documents }) =>
        void writeFolder(
          documents,
          range(81).map((n) => document(n)),
        ),
      faults: ['manifest.json stale'],
    },
    {
      name: 'documents on the wrong side of the split',
      harm: ({ tokens }) =>
        editManifest<TokenManifest>(tokens, (manifest) => Object.assign(manifest, { validShare: 0.5 })),
      faults: ['train-00000.arrow split', 'valid-00000.arrow split', 'manifest.json split'],
    },
  ];

  it.each(FILE_FAULTS)('finds $name', async ({ harm, faults }) => {
    const folders = await runFolder();
    await harm(folders);
    expect(await faultsOf(folders.dir)).toEqual(expect.arrayContaining(faults));
    if (faults.length === 1) expect(await faultsOf(folders.dir)).toEqual(faults);
  });

  it('as a command: exit status 3 and one line per fault; 0 when sound', async () => {
    const { dir, documents } = await runFolder();
    const sound = context();
    expect(await verifyCommand().run({ dir }, sound)).toBe(0);
    expect(sound.out.join('')).toMatch(
      /: ok: \d+ files \(.*\), 80 documents, 7 rejects, [\d,]+ tokens\nheld out: .*\n$/,
    );
    truncateSync(join(documents, 'documents-00001.arrow'), 700);
    const heard = context();
    expect(await verifyCommand().run({ dir }, heard)).toBe(3);
    expect(heard.out.join('')).toMatch(
      /1 faults?: .*\nshard +\S+documents-00001\.arrow: 700 bytes, expected \d+: it was cut\n$/,
    );
    expect(await thrownBy(() => verifyCommand().run({ dir: temporaryFolder() }, context()))).toMatchObject({
      code: 'NO_MANIFEST',
    });
  });

  it('stops on Ctrl-C', async () => {
    const { dir } = await runFolder();
    const heard = context();
    heard.abort();
    expect(await verify(dir, heard)).toMatchObject({ interrupted: true, files: 0 });
    expect(await verifyCommand().run({ dir }, heard)).toBe(130);
  });
});

describe('verify of a crawl', () => {
  const ID = 'http://a.test/';
  const FILE = 'crawl-00000.warc.gz';

  /** A run folder with nothing but a crawl of three pages. */
  async function crawlFolder(): Promise<string> {
    const dir = temporaryFolder();
    const warc = WarcWriter.open(join(dir, 'crawl', 'warc'), 'crawl');
    const frontier = new Frontier(join(dir, 'crawl', 'state.sqlite'));
    for (const name of ['1', '2', '3']) {
      const url = ID + name;
      const body = Buffer.from(`<p>${name} ${'Nước lên. '.repeat(30)}`);
      const given = { type: 'response', url, status: 200, statusText: 'OK', headers: [], body, extra: [] } as const;
      frontier.add([{ url, kind: 'page', depth: 0, hops: 0 }], null);
      const stored = await warc.write({ ...given, fetchedAt: '2026-11-01T00:00:00Z' });
      frontier.settle(url, { state: 'done', stored });
    }
    await warc.close();
    frontier.close();
    return dir;
  }

  /** Packs the second record again with another body. */
  async function change(path: string): Promise<void> {
    const bytes = readFileSync(path);
    const starts = [0, 1, 2].reduce<number[]>((at) => [...at, at.at(-1)! + bytes.readUInt32LE(at.at(-1)! + 16)], [0]);
    const text = gunzipSync(bytes.subarray(starts[2], starts[3])).toString().replace('Nước lên', 'Nước xên');
    const member = await packMember(Buffer.from(text));
    writeFileSync(path, Buffer.concat([bytes.subarray(0, starts[2]), member, bytes.subarray(starts[3])]));
  }

  it.each<[string, (warc: string, crawl: string) => unknown, string[]]>([
    ['nothing', () => {}, []],
    ['a cut', (warc) => truncateSync(warc, 900), [`${FILE} cut`, `${FILE} warc`]],
    ['a cut where a record ends', (warc) => truncateSync(warc, 0), [`${FILE} cut`]],
    ['a file that is gone', (warc) => rmSync(warc), [`${FILE} cut`]],
    ['a flipped bit', (warc) => flip(warc, 900), [`${FILE} warc`]],
    ['a body that is not the one of the digest', change, [`${FILE} digest`]],
    [
      'a state that is no database',
      (_, crawl) => writeFileSync(join(crawl, 'state.sqlite'), 'x'.repeat(5000)),
      ['state.sqlite state'],
    ],
  ])('finds %s', async (_name, harm, faults) => {
    const dir = await crawlFolder();
    const crawl = join(dir, 'crawl');
    await harm(join(crawl, 'warc', FILE), crawl);
    expect(await faultsOf(dir)).toEqual(faults);
    expect(await faultsOf(crawl)).toEqual(faults);
    if (faults.length === 0)
      expect(await verify(dir, context(), [verifyCrawl])).toMatchObject({ records: 3, files: 2 });
  });
});

describe('stats', () => {
  it('counts documents by source and outcome, tokens by split', async () => {
    const { dir } = await runFolder();
    const { documents, tokens } = await statsOf(dir);
    expect(documents!.report).toMatchObject({ pages: 87, kept: 80, dropped: { filter: { too_short: 7 } } });
    const [first, second] = documents!.sources;
    expect([first.source, first.documents, second.source, second.documents]).toEqual([
      'bao.vua.test',
      53,
      'sotay.vua.test',
      27,
    ]);
    expect(first.syllables).toBe(53 * 0.25);
    expect(first.meanSyllables).toBe(0.25);
    expect(first.bytes + second.bytes).toBe(documents!.report.keptBytes);
    expect(tokens!.total).toMatchObject({ documents: 80, tokens: documents!.report.keptBytes + 80, bytesPerToken: 1 });
    expect(tokens!.splits.map(({ split }) => split)).toEqual(['train', 'valid']);
    expect(tokens!.splits[0].documents + tokens!.splits[1].documents).toBe(80);
    const bySource = tokens!.sources.map(({ source, train, valid }) => [source, train.documents + valid.documents]);
    expect(bySource).toEqual([
      ['bao.vua.test', 53],
      ['sotay.vua.test', 27],
    ]);
  });

  it('as a command: tables for people, one object for machines', async () => {
    const { dir, documents, tokens } = await runFolder();
    const people = context();
    expect(await statsCommand.run({ dirs: [dir], all: false }, people)).toBe(0);
    expect(people.out.join('')).toMatch(/^filter\/too_short +7 +8\.0 % {2}█▋$/m);
    expect(people.out.join('')).toMatch(/^bao\.vua\.test +53 /m);
    expect(people.out.join('')).toMatch(/^train +\d+ +\d+ .* 1\.000$/m);
    expect(people.out.join('')).toMatch(/^source +train documents .* valid text$/m);
    const machines = context(true);
    await statsCommand.run({ dirs: [documents], all: false }, machines);
    expect(JSON.parse(machines.out.join(''))).toMatchObject({ documents: { report: { kept: 80 } } });
    const onlyTokens = await statsOf(tokens);
    expect(onlyTokens.documents).toBeUndefined();
  });

  it('sums up sources behind the twentieth', async () => {
    const dir = temporaryFolder();
    writeFolder(
      dir,
      range(30).map((n) => document(n, { source: `host-${n}.vua.test` })),
    );
    const heard = context();
    await statsCommand.run({ dirs: [dir], all: false }, heard);
    expect(heard.out.join('')).toMatch(/^10 more sources +10 /m);
  });

  it('of an empty folder is an empty folder', async () => {
    const dir = temporaryFolder();
    writeFolder(dir, []);
    const heard = context();
    expect(await statsCommand.run({ dirs: [dir], all: false }, heard)).toBe(0);
    expect(heard.out.join('')).toMatch(/^0 documents kept, 0 dropped/);
  });
});
