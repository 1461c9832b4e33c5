/** What leaves a folder: pages that opted out under any spelling and by any channel, and older versions of pages. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { CONSENT_UNKNOWN, type Page, pageOf } from '../../crawlers/page.ts';
import type { WarcRecord } from '../../crawlers/warc/warc.ts';
import { hash64 } from '../../shards/checksum.ts';
import { cleanCommand } from '../../shards/commands/clean.ts';
import { explainCommand } from '../../shards/commands/explain.ts';
import { cleanInputs } from '../../shards/documents/clean-inputs.ts';
import { readDocumentManifest } from '../../shards/manifest.ts';
import { story } from '../cleaning/support.ts';
import { context, range, temporaryFolder, thrownBy } from '../support.ts';
import { at, capture, clean, html, night, OPTED_OUT, rejects, standing } from './captures.ts';

async function explained(dir: string, document: string): Promise<string> {
  const heard = context();
  await explainCommand.run(explainCommand.options.parse({ document, out: join(dir, 'documents') }), heard);
  return heard.out.join('');
}

describe('an opt-out reaches back', () => {
  it.each([
    ['IRI', 'https://o.vua.test/bài 1', 'https://o.vua.test/b%C3%A0i%201'],
    ['case of scheme and host', 'HTTPS://O.VUA.TEST/hai', 'https://o.vua.test/hai'],
    ['port of the scheme', 'https://o.vua.test:443/ba', 'https://o.vua.test/ba'],
    ['port of the other scheme', 'http://o.vua.test:443/ba', 'https://o.vua.test:80/ba'],
    ['fragment', 'https://o.vua.test/bốn#đầu', 'https://o.vua.test/b%E1%BB%91n'],
    ['case of escapes', 'https://o.vua.test/b%c3%a0i-5', 'https://o.vua.test/b%C3%A0i-5'],
    ['escapes of letters', 'https://o.vua.test/%74%E1ng', 'https://o.vua.test/t%e1ng'],
    ['scheme', 'http://o.vua.test/bay', 'https://o.vua.test/bay'],
    ['tracking', 'https://o.vua.test/tám?utm_source=fb&id=8', 'https://o.vua.test/t%C3%A1m?id=8&fbclid=x'],
    ['IDN', 'https://báo.vua.test/chín', 'https://xn--bo-mia.vua.test/ch%C3%ADn'],
    ['root', 'https://o.vua.test', 'https://O.vua.test./?'],
  ])('under another spelling of the URL: %s', async (_, written, said) => {
    const dir = temporaryFolder();
    await night(dir, [capture(written, 1, story(1)), capture('https://o.vua.test/khac', 1, story(2))]);
    expect(await explained(dir, said)).toContain('kept (documents-00000.arrow)');
    await night(dir, [capture(said, 2, story(1), { body: html(story(1), OPTED_OUT) })]);
    expect(Object.keys(await standing(dir))).toEqual(['https://o.vua.test/khac']);
    expect((await rejects(dir)).map(({ reason, text }) => reason + text)).toEqual(['no_train', 'opted_out_later']);
    // An older page of the URL, in a third spelling, is refused.
    await night(dir, [capture(`${written}#x`, 1, story(3))]);
    expect(Object.keys(await standing(dir))).toEqual(['https://o.vua.test/khac']);
  });

  it('in a folder that the version before wrote', async () => {
    const dir = temporaryFolder();
    await night(dir, [
      ...range(3).map((n) => capture(`https://O.vua.test:443/${n}#x`, 1, story(n))),
      capture('https://o.vua.test/rut', 3, story(9), { body: html(story(9), OPTED_OUT) }),
      capture('https://o.vua.test/ngan', 1, 'Ngắn thôi.'),
    ]);
    asVersionBefore(join(dir, 'documents', 'dedup.sqlite'));
    await night(dir, [
      capture('https://o.vua.test/1', 2, story(1), { body: html(story(1), OPTED_OUT) }),
      capture('https://o.vua.test/ngan?utm_source=x', 2, '', { body: html('', OPTED_OUT) }),
      capture('https://O.vua.test/rut', 2, story(8)), // opted out before, in another spelling
      capture('https://o.vua.test/2', 2, `${story(2)} Đã sửa.`),
    ]);
    expect(await standing(dir)).toEqual({
      'https://O.vua.test:443/0#x': story(0),
      'https://o.vua.test/2': `${story(2)} Đã sửa.`,
    });
    expect((await rejects(dir)).filter(({ text }) => /Ngắn/.test(text))).toEqual([]);
    expect((await clean(dir, [join(dir, 'warc')])).status).toBe(99);
  });

  it('with the files of a site in an archive of another program, for what was fetched before and a day after', async () => {
    const dir = temporaryFolder();
    const urls = range(4).map((n) => `https://o.vua.test/tin/${n}`);
    const rules = (day: number, body: string, name = 'robots.txt') =>
      capture(`http://o.vua.test:80/${name}`, day, '', {
        headers: [['Content-Type', 'text/plain']],
        body: Buffer.from(body),
      });
    await night(dir, [
      ...urls.map((url, n) => capture(url, n + 1, story(n))),
      capture('https://o.vua.test/khac', 1, story(9)),
      rules(2, 'User-agent: *\nDisallow: /khac\nContent-Usage: /tin train-ai=n'),
    ]);
    expect(Object.keys(await standing(dir))).toEqual([urls[3], 'https://o.vua.test/khac']);
    expect(await explained(dir, 'https://o.vua.test/khac')).toMatch(/^kept, forbidden since run 1 /);
    await night(dir, [rules(5, ''), rules(4, 'User-Agent: *\nDisallow: /', 'ai.txt'), capture(urls[0], 6, story(0))]);
    expect(Object.keys(await standing(dir))).toEqual([urls[0]]);
    expect((await clean(dir, [join(dir, 'warc')])).status).toBe(99);
  });

  it('with a 304, whose record has no body', async () => {
    const dir = temporaryFolder();
    await night(
      dir,
      range(3).map((n) => capture(`https://o.vua.test/${n}`, 1, story(n))),
    );
    const revisit = { type: 'revisit', status: 304, body: new Uint8Array() } as const;
    const { said } = await night(dir, [
      capture('https://o.vua.test/0', 2, '', { ...revisit, headers: [['X-Robots-Tag', 'noai']] }),
      capture('https://O.vua.test:443/1', 2, '', { ...revisit, headers: [], extra: [['Vua-Consent', 'no-train']] }),
      capture('https://o.vua.test/2', 2, '', { ...revisit, headers: [['ETag', '"1"']] }),
    ]);
    expect(said).toMatch(/^left: superseded or opted out +2$/m);
    expect(Object.keys(await standing(dir))).toEqual(['https://o.vua.test/2']);
    expect((await clean(dir, [join(dir, 'warc')])).status).toBe(99);
    // Silence of a 304 takes nothing back; a later page does.
    await night(dir, [capture('https://o.vua.test/0', 3, '', { ...revisit, headers: [] })]);
    expect(Object.keys(await standing(dir))).toEqual(['https://o.vua.test/2']);
    await night(dir, [capture('https://o.vua.test/0', 4, story(0))]);
    expect(Object.keys(await standing(dir)).sort()).toEqual(['https://o.vua.test/0', 'https://o.vua.test/2']);
  });
});

describe('a later version', () => {
  const url = 'https://b.vua.test/bai';
  const ID = hash64(url).toString(16).padStart(16, '0');
  const corrected = `${story(1, 30)} Đính chính: không phải hôm qua.`;

  it('takes the place of the one before: corrected, rewritten, without a text, and back again', async () => {
    const dir = temporaryFolder();
    await night(dir, [capture(url, 1, story(1, 30)), capture('https://b.vua.test/khac', 1, story(2))]);
    const [id] = Object.keys(await standing(dir, 'id'));
    await night(dir, [capture(url.toUpperCase().replace('BAI', 'bai'), 2, corrected)]);
    expect(await standing(dir, 'id')).toMatchObject({ [id]: corrected });
    await night(dir, [capture(url, 3, story(5))]);
    expect(await standing(dir, 'id')).toMatchObject({ [id]: story(5) });
    expect(await explained(dir, url)).toMatch(
      /superseded by a later fetch of \S+ \(2026-01-02T00:00:00\.000Z\)[\s\S]*superseded by a later fetch of \S+ \(2026-01-03T00:00:00\.000Z\)/,
    );
    expect((await rejects(dir)).map(({ reason, text }) => [reason, text])).toEqual([
      ['superseded', story(1, 30)],
      ['superseded', corrected],
    ]);
    await night(dir, [capture(url, 4, 'Bài này không còn nữa.')]);
    expect(Object.keys(await standing(dir))).toEqual(['https://b.vua.test/khac']);
    await night(dir, [capture(url, 5, story(1, 30))]);
    expect(await standing(dir, 'id')).toMatchObject({ [id]: story(1, 30) });
    const { status } = await clean(dir, [join(dir, 'warc')]);
    expect(status).toBe(99);
    expect(readDocumentManifest(join(dir, 'documents')).documents.reduce((sum, { rows }) => sum + rows, 0)).toBe(2);
  });

  it('is none when only furniture changed, nor when it cannot be read, nor when it was fetched earlier', async () => {
    const dir = temporaryFolder();
    await night(dir, [capture(url, 5, story(1))]);
    await night(dir, [
      capture(url, 6, story(1), { body: html(story(1), '<meta name="x" content="6">') }),
      capture(url, 7, '', { body: Buffer.from('') }),
      capture(url, 4, story(4)),
    ]);
    expect(await standing(dir)).toEqual({ [url]: story(1) });
    expect((await rejects(dir)).map(({ reason }) => reason)).toEqual(['exact_duplicate', 'empty', 'superseded']);
    // The page of the first night again: what stands is that of its text, and nothing is dropped as its copy.
    await night(dir, [capture(url, 8, story(1)), capture(url, 9, story(9))]);
    expect(await standing(dir)).toEqual({ [url]: story(9) });
    expect((await clean(dir, [join(dir, 'warc')])).status).toBe(99);
  });

  it('is the one that a revisit says to hold, where the clock was set back', async () => {
    const page = (day: number, text: string, head = '') => capture(url, day, text, { body: html(text, head) });
    const same = (day: number, of: number, ...headers: [string, string][]) =>
      capture(url, day, '', {
        ...{ type: 'revisit', status: 304, body: new Uint8Array(), headers },
        refersTo: { date: at(of) },
      });
    const [old, news] = [story(1), story(2)];
    // In the order in which it happened; days are what the clock said. After each night: what must stand.
    const lives: (readonly [WarcRecord, string | undefined])[][] = [
      [
        [page(1, old), old],
        [same(5, 1), old],
        [page(3, news), old], // as far as the clock goes
        [same(4, 3), old],
        [same(6, 3), news],
        [same(7, 3), news],
        [page(2, story(3)), news],
        [page(8, old), old],
      ],
      // The same text again, at another time: revisits name the later one.
      [
        [page(1, old), old],
        [same(6, 1), old],
        [page(3, news), old],
        [page(4, old), old],
        [same(7, 4), old],
        [page(5, news), old],
        [same(8, 5), news],
      ],
      // An opt-out, and the end of one.
      [
        [page(1, old), old],
        [same(5, 1), old],
        [page(2, old, OPTED_OUT), old],
        [same(6, 2), undefined],
        [page(3, old), undefined],
        [same(4, 3), undefined],
        [same(7, 3), old],
        [same(8, 3, ['X-Robots-Tag', 'noai']), undefined],
        [same(9, 3), undefined], // silence of a 304 takes nothing back
      ],
    ];
    for (const [n, life] of lives.entries()) {
      const [nights, whole] = [temporaryFolder(), temporaryFolder()];
      for (const [one, text] of life) {
        await night(nights, [one]);
        expect(await standing(nights, 'id'), `${one.type} of ${one.fetchedAt}`).toEqual(
          text === undefined ? {} : { [ID]: text },
        );
      }
      await night(
        whole,
        life.map(([one]) => one),
        ...(n < 2 ? ['dedupOrder=stable'] : []),
      );
      expect(await standing(whole, 'id')).toEqual(await standing(nights, 'id'));
    }
  });

  it('lets copies of the text that it replaced stand for themselves', async () => {
    const dir = temporaryFolder();
    const copy = 'https://c.vua.test/ban-sao';
    await night(dir, [capture(url, 1, story(1)), capture(copy, 1, story(1))]);
    expect(Object.keys(await standing(dir))).toEqual([url]);
    await night(dir, [capture(url, 2, story(2))]);
    expect(await standing(dir)).toEqual({ [url]: story(2), [copy]: story(1) });
  });

  it('gives in seven nights what it gives in one', async () => {
    const [one, seven] = [temporaryFolder(), temporaryFolder()];
    const nights = range(7).map((n) => [
      ...range(6).map((i) => capture(`https://b.vua.test/${n}-${i}`, n + 1, story(10 * n + i, 30))),
      ...(n === 0 ? [] : [capture(`https://b.vua.test/${n - 1}-0`, n + 1, `${story(10 * n - 10, 30)} Sửa lại.`)]),
      ...(n < 2 ? [] : [capture(`https://b.vua.test/${n - 2}-0`, n + 1, story(500 + n, 30))]),
      ...(n === 0 ? [] : [capture(`https://b.vua.test/${n - 1}-1`, n + 1, '', { body: html('x', OPTED_OUT) })]),
    ]);
    for (const records of nights) await night(seven, records);
    await night(one, nights.flat());
    expect(await standing(seven, 'id')).toEqual(await standing(one, 'id'));
    expect(Object.keys(await standing(one))).toHaveLength(36);
    const sorted = async (dir: string) => (await rejects(dir)).map((row) => JSON.stringify(row)).sort();
    expect(await sorted(seven)).toEqual(await sorted(one));
  });

  it('of one moment is none: both stay', async () => {
    const out = temporaryFolder();
    const pages = range(3).map(
      (n): Page => ({ ...pageOf(url, html(story(n))), fetchedAt: at(1), consent: CONSENT_UNKNOWN }),
    );
    async function* stream() {
      yield* pages;
    }
    const { report } = await cleanInputs({ pages: stream(), outDir: join(out, 'documents') }, context());
    expect(report).toMatchObject({ kept: 3, left: 0 });
    expect(Object.keys(await standing(out, 'id')).map((id) => id.replace(/^\w+/, ''))).toEqual(['', '~2', '~3']);
  });
});

describe('a row of a file', () => {
  const line = (row: object): string => `${JSON.stringify(row)}\n`;
  const write = (path: string, rows: readonly object[]): void => writeFileSync(path, rows.map(line).join(''));

  it('is replaced by the row of its id in a later run, and marked when it is gone', async () => {
    const dir = temporaryFolder();
    const [path, other] = [join(dir, 'a.jsonl'), join(dir, 'b.jsonl')];
    write(
      path,
      range(4).map((n) => ({ id: n, text: story(n) })),
    );
    write(other, [{ id: 0, text: story(20) }]);
    const { noted } = await clean(dir, [path, other]);
    expect(noted).toContain('1 documents have an id that another has (first 0)');
    expect(Object.keys(await standing(dir, 'id')).sort()).toEqual(['0', '0~2', '1', '2', '3']);
    expect((await clean(dir, [path, other])).status).toBe(99);

    write(path, [{ id: 0, text: `${story(0)} Sửa.` }, ...range(2).map((n) => ({ id: n + 1, text: story(n + 1) }))]);
    const { said } = await clean(dir, [path, other]);
    expect(said).toMatch(/^marked: gone +1$/m);
    expect(await standing(dir, 'id')).toEqual({
      '0': `${story(0)} Sửa.`,
      '0~2': story(20),
      ...Object.fromEntries(range(3).map((n) => [n + 1, story(n + 1)])),
    });
    expect(await explained(dir, '3')).toMatch(/^kept, gone since run 2 /);
    expect(await explained(dir, '0')).toMatch(/superseded by a later run that read file:[^ ]*\/a\.jsonl#0 \(run 2\)/);
    expect((await clean(dir, [path, other])).status).toBe(99);
    await clean(dir, [path, other], ['dropVanished=0']);
    expect(Object.keys(await standing(dir, 'id')).sort()).toEqual(['0', '0~2', '1', '2']);
    write(
      path,
      range(4).map((n) => ({ id: n, text: story(n) })),
    ); // the first again
    await clean(dir, [path, other]);
    expect(await standing(dir, 'id')).toMatchObject({ '0': story(0), '3': story(3) });
  });

  it('has no version in its own run: equal ids are two documents, in every later run too', async () => {
    const dir = temporaryFolder();
    const path = join(dir, 'a.jsonl');
    write(path, [{ id: 'x', text: story(1) }, { id: 'x', text: story(2) }, { text: story(3) }, { text: story(4) }]);
    await clean(dir, [path]);
    const texts = async () => Object.values(await standing(dir, 'id')).sort();
    expect(await texts()).toEqual(
      range(4)
        .map((n) => story(n + 1))
        .sort(),
    );
    write(path, [{ id: 'x', text: story(5) }, { id: 'x', text: story(2) }, { text: story(6) }, { text: story(3) }]);
    await clean(dir, [path], ['dropVanished=0']);
    expect(await texts()).toEqual([5, 2, 6, 3].map((n) => story(n)).sort());
    expect((await clean(dir, [path], ['dropVanished=0'])).status).toBe(99);
  });

  it('belongs to its source by name, whatever the path', async () => {
    const dir = temporaryFolder();
    const dump = (month: string, text: string): string => {
      const path = join(dir, `${month}.jsonl`);
      write(path, [{ id: 1, url: 'https://vi.wikipedia.org/wiki/X', text }]);
      return path;
    };
    await clean(dir, [dump('january', story(1))], ['source=wiki']);
    await clean(dir, [dump('june', story(2))], ['source=wiki']);
    expect(await standing(dir, 'id')).toEqual({ 1: story(2) });
  });

  it('is a file of its own where the file is the document', async () => {
    const dir = temporaryFolder();
    const folder = join(dir, 'notes');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.txt'), story(1));
    writeFileSync(join(folder, 'b.txt'), story(2));
    await clean(dir, [folder]);
    writeFileSync(join(folder, 'a.txt'), `${story(1)} Thêm.`);
    rmSync(join(folder, 'b.txt'));
    const { said } = await clean(dir, [folder]);
    expect(said).toMatch(/^marked: gone +1$/m);
    expect(await standing(dir)).toEqual({ 'file:notes/a.txt': `${story(1)} Thêm.`, 'file:notes/b.txt': story(2) });
  });

  it('brings its consent, or a list does', async () => {
    const dir = temporaryFolder();
    const path = join(dir, 'a.jsonl');
    const rows = range(6).map((n) => ({ id: `r${n}`, url: `https://r.vua.test/${n}`, text: story(n) }));
    write(path, rows);
    await clean(dir, [path], ['consentField=rights']);
    expect(Object.keys(await standing(dir, 'id'))).toHaveLength(6);
    const said = [true, false, 'no-index', ['tdm-reservation: 1'], 'noai', null];
    write(
      path,
      rows.map((row, n) => ({ ...row, rights: said[n] })),
    );
    await clean(dir, [path], ['consentField=rights']);
    expect(Object.keys(await standing(dir, 'id')).sort()).toEqual(['r0', 'r5']);
    expect((await rejects(dir)).filter(({ url, text }) => text !== '' && !url.endsWith('/0'))).toEqual([]);

    const list = join(dir, 'out.txt');
    writeFileSync(list, '# asked for in writing\nr.vua.test:443/0#x\nr5\n');
    const heard = context();
    const options = { input: [path], out: join(dir, 'documents'), workers: 0, consentField: 'rights', optOut: [list] };
    await cleanCommand.run(cleanCommand.options.parse(options), heard);
    expect(await standing(dir)).toEqual({});
    write(
      path,
      rows.map((row, n) => ({ ...row, text: story(n + 30) })),
    ); // listed ones stay out
    await clean(dir, [path]);
    expect(Object.keys(await standing(dir, 'id')).sort()).toEqual(['r1', 'r2', 'r3', 'r4']);

    write(path, [{ ...rows[1], rights: 'perhaps' }]);
    const error = await thrownBy(() => clean(dir, [path], ['consentField=rights']));
    expect(error).toMatchObject({ code: 'BAD_JSON_LINE', message: expect.stringContaining('"rights" is "perhaps"') });
  });
});

/** The store of a folder as the version before left it: URLs as they were written, nothing of versions. */
function asVersionBefore(path: string): void {
  const store = new Database(path);
  const signed = (text: string): bigint => BigInt.asIntN(64, hash64(text));
  const written = new Map(range(3).map((n) => [signed(`//o.vua.test/${n}`), signed(`https://O.vua.test:443/${n}#x`)]));
  const rows = store.prepare('SELECT number, id, cluster, copies, url, key FROM documents').safeIntegers().all() as {
    url: bigint;
  }[];
  const rejected = store.prepare('SELECT shard FROM rejects').pluck().all() as number[];
  const [optOut] = store.prepare('SELECT fetched_at FROM opt_outs').pluck().all() as string[];
  store.exec(`
    DROP TABLE documents; DROP TABLE versions; DROP TABLE silenced; DELETE FROM rejects; DELETE FROM opt_outs;
    CREATE TABLE documents (
      number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, cluster INTEGER NOT NULL, copies INTEGER NOT NULL,
      url INTEGER NOT NULL, key INTEGER NOT NULL, is_deleted INTEGER NOT NULL DEFAULT 0);
    CREATE INDEX documents_url ON documents (url);
    UPDATE meta SET value = '2' WHERE name = 'format'; DELETE FROM meta WHERE name = 'run'`);
  const add = store.prepare('INSERT INTO documents VALUES (@number, @id, @cluster, @copies, @url, @key, 0)');
  for (const row of rows) add.run({ ...row, url: written.get(row.url) });
  store.prepare('INSERT INTO rejects VALUES (?, ?)').run(signed('https://o.vua.test/ngan'), rejected[0]);
  store.prepare('INSERT INTO opt_outs VALUES (?, ?)').run(signed('https://o.vua.test/rut'), optOut);
  store.close();
}
