/** The JSON of `vua inspect` beside `vua stats`, `--what-if` and `vua explain`, and who is refused. */
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readDocuments } from '../../shards/documents/read.ts';
import { explain } from '../../shards/explain/explain.ts';
import { whatIf } from '../../shards/explain/what-if.ts';
import { labelsPath } from '../../shards/inspector/labels.ts';
import { type RunningServer, startServer } from '../../shards/inspector/server.ts';
import { documentViews } from '../../shards/inspector/views.ts';
import { statsOf } from '../../shards/stats.ts';
import { Tokenizer } from '../../tokenizer/load.ts';
import { HEAD, inspected } from './corpus.ts';

let root: string;
let sample: string;
let server: RunningServer;
const api = async (path: string) => (await fetch(`${server.address}/api/${path}`)).json();
beforeAll(async () => {
  ({ root, sample, server } = await inspected());
});
afterAll(async () => {
  await server.close();
});

describe('its JSON', () => {
  it('says what vua stats says', async () => {
    const { documents } = await statsOf(sample);
    const { kept, dropped, textBytes, flow, selection } = await api('overview?corpus=sample');
    const byReason = Object.fromEntries(
      flow.map(({ stage, reasons }: { stage: string; reasons: { reason: string; documents: number }[] }) => [
        stage,
        Object.fromEntries(reasons.map(({ reason, documents }) => [reason, documents])),
      ]),
    );
    expect({ kept, textBytes, dropped: byReason }).toEqual({
      kept: documents?.report.kept,
      textBytes: documents?.report.keptBytes,
      dropped: documents?.report.dropped,
    });
    expect(dropped).toBeGreaterThan(3);
    const sources = selection.facets.source.words.map(({ word, documents, bytes }: Record<string, unknown>) => [
      word,
      documents,
      bytes,
    ]);
    expect(sources.sort()).toEqual(
      documents?.sources.map(({ source, documents, bytes }) => [source, documents, bytes]).sort(),
    );
    expect(selection.syllables).toBe(documents?.sources.reduce((sum, { syllables }) => sum + syllables, 0));
  });

  it('shows the page as it was fetched: elements without attributes, what was left out marked', async () => {
    const { documents } = await api('documents?corpus=archived&kind=rejects');
    const asked = `corpus=archived&id=${encodeURIComponent(documents[0].id)}`;
    const { children, isCut } = await api(`original?${asked}`);
    expect(isCut).toBe(false);
    const flat: { tag: string; box?: string; reason?: string; keys: string[] }[] = [];
    const walk = (node: { tag: string; children: []; box?: string; reason?: string } | string): string => {
      if (typeof node === 'string') return node;
      flat.push({ ...node, keys: Object.keys(node) });
      return node.children.map(walk).join('');
    };
    const text = children.map(walk).join('');
    expect(text).toContain('Chuyện thứ 8 của xóm.');
    expect(text).toContain('a  <script>window.broken = true</script>\n  b');
    expect(JSON.stringify(children)).not.toMatch(/x\.test|onclick|onerror|javascript:/);
    expect(flat.filter(({ tag }) => tag === 'tr')).toHaveLength(1);
    expect(flat.find(({ tag }) => tag === 'img')).toMatchObject({ children: ['chiếc xuồng'] });
    for (const { keys } of flat)
      expect(keys.every((key) => ['tag', 'children', 'box', 'reason'].includes(key))).toBe(true);
    const { leftOut } = await api(`left-out?${asked}`);
    const marks = flat.filter(({ reason }) => reason !== undefined).map(({ box, reason }) => ({ box, reason }));
    expect(marks).toEqual(leftOut.map(({ box, reason }: Record<string, string>) => ({ box, reason })));
    expect(marks.map(({ box }) => box)).toContain('footer.footer');
  });

  it('counts in every bar of a histogram what a click on it finds', async () => {
    const { histograms } = await api('histograms?corpus=sample');
    expect(histograms.length).toBeGreaterThan(50);
    for (const name of ['diacritic_ratio']) {
      const { edges, all, count } = histograms.find(({ measurement }: { measurement: string }) => measurement === name);
      expect(all.reduce((a: number, b: number) => a + b, 0)).toBe(count);
      for (let i = 0; i < all.length; i++) {
        if (all[i] === 0) continue;
        const range = `${edges[i]}..${i === all.length - 1 ? '' : edges[i + 1]}`;
        expect((await api(`documents?corpus=sample&limit=1&${name}=${range}`)).total, `${name} ${range}`).toBe(all[i]);
      }
    }
  });

  it.each([['too_short=90'], ['too_short=0', 'not_vietnamese=0.2'], ['no_diacritics=0.95'], ['short_lines=0.3']])(
    'moves thresholds as --what-if does: %s',
    async (...moved) => {
      const thresholds = Object.fromEntries(
        moved.map((each) => each.split('=')).map(([name, value]) => [name, Number(value)]),
      );
      const { lost, gained, lostBytes, gainedBytes, kept, unmeasured } = await whatIf(
        sample,
        thresholds,
        new AbortController().signal,
      );
      const found = await api(`what-if?corpus=sample&${moved.map((each) => `threshold=${each}`).join('&')}`);
      expect(found).toMatchObject({ kept, lostBy: lost, gainedBy: gained, lostBytes, gainedBytes, unmeasured });
    },
  );

  it('shows a document as vua explain does, and what repeats it', async () => {
    const { documents } = await api('documents?corpus=sample&kind=rejects&stage=near&stage=exact');
    const [{ id }] = documents;
    const [expected] = await explain(sample, id, new AbortController().signal);
    const [found] = (await api(`document?corpus=sample&id=${encodeURIComponent(id)}`)).found;
    expect(found).toMatchObject(JSON.parse(JSON.stringify(expected)));
    const [{ id: other }] = found.repeats;
    expect(other).toBe(expected.said.other);
    const [original] = (await api(`document?corpus=sample&id=${encodeURIComponent(other)}`)).found;
    expect(original.repeatedBy.map(({ id }: { id: string }) => id)).toContain(id);
  });

  it('finds with and without diacritics, and draws the same sample from the same seed', async () => {
    const of = async (q: string): Promise<number> =>
      (await api(`documents?corpus=sample&q=${encodeURIComponent(q)}`)).total;
    const [loose, exact, marked, phrase] = [
      await of('viet nam'),
      await of('Việt Nam'),
      await of('Vịet Nảm'),
      await of('"Việt Nam"'),
    ];
    expect([loose >= exact, exact >= phrase, phrase > 0, marked === 0]).toEqual([true, true, true, true]);
    expect([
      await of('*'),
      await of('\u{1F642}'),
      await of('.*+?^$()|[]\\'),
      await of('việt nam '.repeat(1200)),
    ]).toEqual([...[0, 0, 0], exact]);
    expect(await of('Việt Nam'.normalize('NFD'))).toBe(exact);
    const draw = async (query: string): Promise<string[]> =>
      (await api(`documents?corpus=sample&${query}`)).documents.map(({ id }: { id: string }) => id);
    const ten = await draw('sample=10&seed=4');
    expect(new Set(ten).size).toBe(10);
    expect(await draw('sample=5&seed=4')).toEqual(ten.slice(0, 5));
    expect(await draw('sample=10&seed=5')).not.toEqual(ten);
    const all = (await api('documents?corpus=sample&order=-syllables&limit=200')).documents.map(
      ({ syllables }: { syllables: number }) => syllables,
    );
    expect(all).toEqual([...all].sort((a, b) => b - a));
    const paged = await draw('order=-syllables&offset=7&limit=5');
    expect(paged).toEqual((await draw('order=-syllables&limit=200')).slice(7, 12));
  });

  it('keeps labels beside the folder, and nothing else', async () => {
    const id = (await api('documents?corpus=sample&limit=1')).documents[0].id;
    const post = (body: unknown, headers: Record<string, string> = { origin: server.address }) =>
      fetch(`${server.address}/api/label`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...headers },
      });
    expect((await post({ corpus: 'sample', id, label: 'good' })).status).toBe(200);
    expect((await post({ corpus: 'sample', id, label: 'good' }, {})).status).toBe(403);
    expect((await post({ corpus: 'sample', id, label: 'good' }, { origin: 'http://elsewhere.example' })).status).toBe(
      403,
    );
    expect((await post({ corpus: 'sample', id: 'absent', label: 'good' })).status).toBe(404);
    const { labelled, outcome, rules } = await api('labels?corpus=sample');
    expect({ labelled, outcome }).toEqual({
      labelled: 1,
      outcome: { goodPass: 1, goodFail: 0, badPass: 0, badFail: 0 },
    });
    expect(rules.find(({ reason }: { reason: string }) => reason === 'too_short')).toMatchObject({
      goodPass: 1,
      goodFail: 0,
    });
    expect(readFileSync(labelsPath(root), 'utf8').trim().split('\n').length).toBe(1);
    expect((await post({ corpus: 'sample', id, label: 'none' })).status).toBe(200);
    expect((await api('labels?corpus=sample')).labelled).toBe(0);
    expect(existsSync(join(root, 'labels.jsonl'))).toBe(false);
  });

  it.each([
    ['document?id=absent', 404, 'UNKNOWN_DOCUMENT'],
    ['overview?corpus=../..', 404, 'NO_SNAPSHOT'],
    ['documents?limit=1e9', 400, 'BAD_OPTION'],
    ['documents?nonsense=1', 400, 'BAD_OPTION'],
    ['documents?syllables=x..y', 400, 'BAD_OPTION'],
    ['documents?syllables=0x10..', 400, 'BAD_OPTION'],
    ['documents?order=nonsense', 400, 'BAD_OPTION'],
    ['what-if?threshold=nonsense%3D1', 400, 'BAD_THRESHOLD'],
    ['diff?from=sample&to=/etc', 404, 'NO_SNAPSHOT'],
    ['absent', 404, 'BAD_INPUT'],
    ['label', 405, 'BAD_INPUT'],
  ])('refuses %s', async (path, status, code) => {
    const answer = await fetch(`${server.address}/api/${path}`);
    expect([answer.status, (await answer.json()).error.code]).toEqual([status, code]);
  });

  it('lists its endpoints with what each takes', async () => {
    const { endpoints, views } = await api('');
    const paths = endpoints.map(({ path }: { path: string }) => path);
    expect(paths).toEqual(expect.arrayContaining(['/api/overview', '/api/documents', '/api/what-if', '/api/label']));
    expect(
      endpoints.every(({ about, query }: { about: string; query: object }) => about !== '' && query !== undefined),
    ).toBe(true);
    expect(views.map(({ name }: { name: string }) => name)).toEqual([
      'overview',
      'documents',
      'rejects',
      'nights',
      'sql',
      'tokenizer',
      'trace',
      'training',
      'ask',
      'cards',
      'quiz',
    ]);
  });
});

describe('views of rooms to the right', () => {
  /** Its index is made when it is first asked for. */
  async function whenMade(path: string) {
    for (;;) {
      const answer = await api(path);
      if (!answer.isMaking) return answer;
    }
  }

  it('cuts a text into the pieces that the tokenizer makes, and reads what sources cost', async () => {
    const { tokenizers } = await api('tokenizers');
    const tokenizer = await Tokenizer.load(join(root, 'tokenizer'));
    expect(tokenizers).toEqual([
      { path: 'tokenizer', vocabSize: tokenizer.vocabSize, fingerprint: tokenizer.fingerprint },
    ]);
    const text = 'Nước mắm Phú Quốc 🐟 <b>\n';
    const { pieces } = await api(`pieces?text=${encodeURIComponent(text)}`);
    expect(pieces.map(({ id }: { id: number }) => id)).toEqual([...tokenizer.encode(text)]);
    const bytes = pieces.map(({ text, hex }: { text: string | null; hex?: string }) =>
      text === null ? Buffer.from(hex!, 'hex') : Buffer.from(text),
    );
    expect(Buffer.concat(bytes).toString()).toBe(text);
    const { sources } = await api('fertility?corpus=sample');
    const [first] = sources;
    expect([first.documents > 10, first.bytes / first.tokens > 1.5, first.tokens / first.syllables > 1]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('counts a text in the documents, however it was cut, and leads to them', async () => {
    const texts: { id: string; text: string }[] = [];
    for await (const batch of readDocuments(sample))
      for (let row = 0; row < batch.rows; row++)
        texts.push({ id: batch.string('id', row), text: batch.string('text', row) });
    for (const wanted of ['người', 'ạt tự nhiên', texts[3].text.slice(40, 90), 'không đâu có cả']) {
      const holding = texts.filter(({ text }) => text.includes(wanted)).map(({ id }) => id);
      const count = texts.reduce((sum, { text }) => sum + text.split(wanted).length - 1, 0);
      const traced = await whenMade(`trace?corpus=sample&text=${encodeURIComponent(wanted)}`);
      expect(traced.count, wanted).toBe(count);
      for (const { document } of traced.occurrences) expect(holding).toContain(document.id);
    }
    const { matches, text } = await whenMade(
      `stretches?corpus=sample&text=${encodeURIComponent(`xyz ${texts[5].text.slice(0, 200)}`)}`,
    );
    expect(text.slice(matches[0].start, matches[0].end).length).toBeGreaterThan(150);
    expect((await fetch(`${server.address}/api/trace?corpus=hostile&text=a`)).status).toBe(400); // tokens beside it are of others
  });

  it('thins a long curve and keeps every evaluation of it', async () => {
    const { runs } = await api('runs');
    expect(runs).toMatchObject([{ run: 'run/model', steps: 4000, parameters: 1000, isLive: true }]);
    const { points, head } = await api('curve?run=run/model');
    expect(head).toEqual(HEAD);
    expect(points.length).toBeLessThan(1600);
    expect(
      points.filter((point: object) => 'heldOutBitsPerByte' in point).map(({ step }: { step: number }) => step),
    ).toEqual([1, 1000, 1999, 2998, 3997]);
    expect((await api('curve?run=run/model&after=3990')).points.map(({ step }: { step: number }) => step).at(0)).toBe(
      3991,
    );
    expect((await fetch(`${server.address}/api/curve?run=../../etc`)).status).toBe(404);
  });
});

/** As it is written: `fetch` would set Host itself. */
const statusOf = (
  to: RunningServer,
  path: string,
  headers: Record<string, string>,
): Promise<[number, string[] | undefined]> =>
  new Promise((resolve, reject) => {
    const asked = request(`${to.address}/`, { path, headers }, (response) => {
      response.resume();
      resolve([response.statusCode!, response.headers['set-cookie']]);
    });
    asked.on('error', reject).end();
  });

it('answers no page from elsewhere, and beyond this machine nobody without the token', async () => {
  for (const [headers, status] of [
    [{}, 200],
    [{ host: 'rebound.example' }, 403],
    [{ host: '127.0.0.1.example.com' }, 403],
    [{ origin: 'http://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }, 403],
    [{ 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' }, 200],
  ] as const) {
    expect(
      (await statusOf(server, '/api/corpora', headers as Record<string, string>))[0],
      JSON.stringify(headers),
    ).toBe(status);
  }
  const token = 'abcdefghijklmnop';
  const open = await startServer({ dir: root, host: '127.0.0.1', port: 0, token, views: documentViews, pages: {} });
  const ask = (path: string, headers = {}) => statusOf(open, path, headers);
  expect(await ask('/api/corpora')).toEqual([401, undefined]);
  expect(await ask('/api/corpora?token=abcdefghijklmnoq')).toEqual([401, undefined]);
  const [status, cookies] = await ask(`/overview?token=${token}&q=x`);
  expect([status, cookies?.[0]]).toEqual([302, expect.stringMatching(/HttpOnly; SameSite=Strict/)]);
  expect((await ask('/api/corpora', { cookie: cookies![0].split(';')[0] }))[0]).toBe(200);
  expect((await ask('/api/corpora', { authorization: `Bearer ${token}` }))[0]).toBe(200);
  await open.close();
});
