/** How documents leave their shards: once a run, batches that lose nothing as they are, whole after any kill; the cost. */
import { execFile } from 'node:child_process';
import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { DedupStore } from '../../cleaning/dedup/store.ts';
import { type Page, pageOf } from '../../crawlers/page.ts';
import { cleanInputs } from '../../shards/documents/clean-inputs.ts';
import { DocumentFolder } from '../../shards/documents/folder.ts';
import { readDocuments, readShard } from '../../shards/documents/read.ts';
import { rewriteShard } from '../../shards/documents/write.ts';
import { readDocumentManifest } from '../../shards/manifest.ts';
import { verify } from '../../shards/verify/verify.ts';
import { story } from '../cleaning/support.ts';
import { record, writeAll } from '../crawlers/warc-records.ts';
import { expectLinear, expectSteady } from '../growth.ts';
import { context, IS_LONG, range, temporaryFolder } from '../support.ts';
import { document, writeFolder } from './support.ts';

const CHILD = fileURLToPath(new URL('clean-child.mjs', import.meta.url));
const url = (n: number): string => `https://b.vua.test/${n}`;
const html = (text: string): string => `<html><title>Tin</title><article><p>${text}</p></article></html>`;
const pageAt = (n: number, day: number, text: string, more: Partial<Page> = {}): Page =>
  pageOf(url(n), html(text), { fetchedAt: `2026-01-0${day}T00:00:00Z`, ...more });

async function cleaned(outDir: string, pages: readonly Page[], shardBytes = 20_000) {
  async function* stream() {
    yield* pages;
  }
  return (await cleanInputs({ pages: stream(), outDir, shardBytes, threads: 0 }, context())).report;
}

async function textsOf(dir: string): Promise<string[]> {
  const texts: string[] = [];
  for await (const batch of readDocuments(dir)) {
    for (const row of range(batch.rows)) texts.push(`${batch.string('id', row)} ${batch.string('text', row)}`);
  }
  return texts;
}

const as = (index: number) => ({ begin: () => index, shardBytes: Number.POSITIVE_INFINITY });

describe('a shard written anew', () => {
  it('keeps batches of which no row goes, byte for byte', () => {
    const dir = temporaryFolder();
    const [entry] = writeFolder(
      dir,
      range(60).map((n) => document(n)),
    ).documents;
    expect(entry.batches.length).toBeGreaterThan(4);
    const first = entry.batches[0].rows;
    const batches = readShard(dir, 'documents', entry);
    const [anew] = rewriteShard(dir, 'documents', batches, as(7), (row) =>
      row.string('id') === `d${first}` ? 'goes' : undefined,
    );
    expect(anew).toMatchObject({ file: 'documents-00007.arrow', rows: 59 });
    expect(anew.textBytes).toBe(entry.textBytes - Buffer.byteLength(document(first).text));
    const same = anew.batches.map(
      ({ checksum, rows }, i) => checksum === entry.batches[i].checksum && rows === entry.batches[i].rows,
    );
    expect(same).toEqual(entry.batches.map((_, i) => i !== 1));
    const nothing = rewriteShard(dir, 'documents', readShard(dir, 'documents', entry), as(8), () => 'goes');
    expect(nothing).toEqual([]);
  });

  it('is written once a run, however many documents leave it, and untouched ones stay', async () => {
    const dir = temporaryFolder();
    await cleaned(
      dir,
      range(60).map((n) => pageAt(n, 1, story(n))),
    );
    const before = readDocumentManifest(dir).documents.map(({ file }) => file);
    expect(before.length).toBeGreaterThan(4);
    const optedOut = { consent: { conclusion: 'no-train', statements: [] } } as const;
    const tonight = range(8).map((n) => (n % 2 ? pageAt(n, 2, story(n + 100)) : pageAt(n, 2, '', optedOut)));
    const report = await cleaned(dir, [...tonight, ...range(60).map((n) => pageAt(n + 60, 2, story(n + 60)))]);
    expect(report.left).toBe(8);
    const after = readDocumentManifest(dir);
    expect(after.documents.map(({ file }) => file).filter((file) => before.includes(file))).toEqual(before.slice(1));
    const numbers = readdirSync(dir).flatMap((name) => /^documents-(\d+)/.exec(name)?.[1] ?? []);
    expect(numbers).toHaveLength(after.documents.length);
    expect((await verify(dir, context())).faults).toEqual([]);
  });
});

describe('a run in which documents leave, stopped at a commit', () => {
  const warc = (): Promise<string> => {
    const bodies = (n: number, day: number, text: string, head = '') =>
      record(0, {
        url: url(n),
        fetchedAt: `2026-01-0${day}T00:00:00Z`,
        body: Buffer.from(`<html><head>${head}</head><body><p>${text}</p></body></html>`),
      });
    const dir = join(temporaryFolder(), 'warc');
    return writeAll(dir, [
      ...range(12).map((n) => bodies(n, 1, story(n))),
      ...range(3).map((n) => bodies(n * 4, 2, `${story(n * 4)} Sửa lại chỗ sai.`)),
      bodies(1, 2, '', '<meta name="robots" content="noai">'),
      ...range(3).map((n) => bodies(n + 50, 2, story(n + 50))),
    ]).then(() => dir);
  };
  const clean = (input: string, outDir: string) =>
    cleanInputs({ inputs: [input], outDir, shardBytes: 6000, threads: 0 }, context());
  const commit = DedupStore.prototype.commit;
  afterEach(() => {
    DedupStore.prototype.commit = commit;
  });

  it('any of them (with VUA_LONG; else every other), before and after it: the next run gives what an undisturbed one gives', async () => {
    const input = await warc();
    const undisturbed = join(temporaryFolder(), 'documents');
    await clean(input, undisturbed);
    const expected = await textsOf(undisturbed);
    expect(expected).toHaveLength(14);
    let stops = 0;
    for (const isAfter of [false, true]) {
      for (let at = 1; ; at += IS_LONG ? 1 : 2) {
        let commits = 0;
        DedupStore.prototype.commit = function (manifestJson) {
          const isNow = ++commits === at;
          if (isNow && !isAfter) throw new Error('stopped');
          commit.call(this, manifestJson);
          if (isNow) throw new Error('stopped');
        };
        const out = join(temporaryFolder(), 'documents');
        const stopped = await clean(input, out).then(
          () => false,
          () => true,
        );
        DedupStore.prototype.commit = commit;
        if (!stopped) break;
        stops++;
        await clean(input, out);
        expect((await textsOf(out)).sort()).toEqual([...expected].sort());
        expect((await verify(out, context())).faults).toEqual([]);
        expect((await clean(input, out)).outcome).toBe('nothing_new');
      }
    }
    expect(stops).toBeGreaterThan(IS_LONG ? 6 : 3);
  });

  it('by kill -9', async ({ skip }) => {
    skip(!IS_LONG, 'set VUA_LONG: five processes; clean.test.ts kills, and here a commit throws');
    const input = await warc();
    const run = (out: string, moment: string, count: number): Promise<string | null | undefined> =>
      new Promise((resolve) => {
        execFile(process.execPath, [CHILD, input, out, moment, String(count), '0'], (error) =>
          resolve(error?.signal ?? null),
        );
      });
    const [undisturbed, out] = [temporaryFolder(), temporaryFolder()].map((dir) => join(dir, 'documents'));
    expect(await run(undisturbed, 'never', 0)).toBe(null);
    expect(await run(out, 'page', 14)).toBe('SIGKILL');
    expect(await run(out, 'before-commit', 2)).toBe('SIGKILL');
    expect(await run(out, 'never', 0)).toBe(null);
    expect((await textsOf(out)).sort()).toEqual((await textsOf(undisturbed)).sort());
    expect((await verify(out, context())).faults).toEqual([]);
  });
});

it('costs twice as much where twice as many leave twice as many documents', async () => {
  const folders = new Map<number, string>();
  for (const n of [50, 200]) {
    const dir = temporaryFolder();
    await cleaned(
      dir,
      range(n).map((each) => pageAt(each, 1, story(each, 4))),
      100_000,
    );
    folders.set(n, dir);
  }
  await expectLinear(
    (n) => n,
    async (n) => {
      const dir = join(temporaryFolder(), 'documents');
      cpSync(folders.get(n)!, dir, { recursive: true });
      const { left } = await cleaned(
        dir,
        range(n / 4).map((each) => pageAt(each * 4, 2, story(each + 5000, 4))),
        100_000,
      );
      expect(left).toBeGreaterThan(n / 5);
    },
    { from: 50 },
  );
});

describe('the cost of what leaves', () => {
  const refusal = (n: number): Page =>
    pageAt(n, 2, story(n), { consent: { conclusion: 'no-train', statements: ['x'] } });

  it('is that of its shards, however many there are', () => {
    let next = 0;
    return expectSteady(
      async (n) => {
        const dir = temporaryFolder();
        await cleaned(
          dir,
          range(n).map((i) => pageAt(i, 1, story(i))),
        );
        return dir;
      },
      (dir) => cleaned(dir, [refusal(next++)]),
      { from: 60 },
    );
  });

  it('a shard that is larger than one should be becomes several', () => {
    const dir = temporaryFolder();
    const [entry] = writeFolder(
      dir,
      range(60).map((n) => document(n)),
    ).documents;
    const begun: [number, string][] = [];
    const begin = (id: string): number => begun.push([begun.length + 5, id]) + 4;
    const batches = readShard(dir, 'documents', entry);
    const pieces = rewriteShard(dir, 'documents', batches, { begin, shardBytes: entry.bytes / 4 }, (row) =>
      row.string('id') === 'd0' ? 'goes' : undefined,
    );
    expect(pieces.length).toBeGreaterThan(2);
    expect(pieces.map(({ file }) => file)).toEqual(begun.map(([index]) => `documents-0000${index}.arrow`));
    const ids = pieces.map((piece) =>
      [...readShard(dir, 'documents', piece)].flatMap((batch) =>
        range(batch.rows).map((row) => batch.string('id', row)),
      ),
    );
    expect(ids.flat()).toEqual(range(59).map((n) => `d${n + 1}`));
    expect(ids.map(([first]) => first)).toEqual(begun.map(([, id]) => id));
  });
});

describe('a manifest', () => {
  it('is not written anew for each shard', () =>
    expectLinear(
      (n) => n,
      (n) => {
        const folder = DocumentFolder.open(temporaryFolder(), {});
        const batches = range(8).map((at) => ({ rows: 10, checksum: '0'.repeat(16), offset: at }));
        for (const i of range(n)) {
          const shard = { file: `documents-${String(i).padStart(5, '0')}.arrow`, rows: 80, bytes: 1, textBytes: 1 };
          folder.commit({ documents: [{ ...shard, checksum: '0'.repeat(16), batches }], rejects: [] });
        }
        folder.close();
      },
      { from: 50, most: 2.6 },
    ));
});
