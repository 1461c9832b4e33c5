/** Where texts stand: counts of text, not of tokens, by an index that is asked by parts of its files. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checksumOf } from '../../shards/checksum.ts';
import { fileAnswer } from '../../shards/inspector/files.ts';
import { openTrace } from '../../shards/search/open-trace.ts';
import { DEPTH, SuffixSorter } from '../../shards/search/suffix-sort.ts';
import { writeTokens } from '../../shards/tokens/write.ts';
import { temporaryFolder } from '../support.ts';
import { document, writeFolder } from './support.ts';

/** 256 bytes, pieces within syllables and across their spaces; a BOS behind them. */
const PIECES = [
  ' ',
  ' n',
  'ng',
  'ông',
  ' Hà',
  ' Nội',
  ' Hà Nội',
  'iếng',
  ' Việt',
  ' và',
  'aaaa',
  '. ',
  'trường học',
  '\n\n',
  'ến',
];
const BYTES = [
  ...Array.from({ length: 256 }, (_, byte) => Buffer.of(byte)),
  ...PIECES.map((piece) => Buffer.from(piece)),
];
const BOS = BYTES.length;
const WORDS = 'Hà Nội tiếng Việt và trường học sông núi biển mùa thu đến rồi đi không người nghiêng'.split(' ');

/** Repeatable chance. */
function dice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

function textsOf(count: number): string[] {
  const roll = dice(5);
  const sentence = (): string => Array.from({ length: 3 + roll(9) }, () => WORDS[roll(WORDS.length)]).join(' ');
  const long = Array.from({ length: 60 }, sentence).join('. ');
  return [
    ...Array.from({ length: count }, () => `${sentence()}.\n\n${sentence()}`),
    ...[`${sentence()} ${long}`, `${long} hết`, `${'a'.repeat(3000)}\u0000🙂 q\u0309 مرحبا`, 'b'],
  ];
}

/** Of pieces that stand at a place one by chance: the index must not depend on how a text is cut. */
function encoder(seed: number): (text: Uint8Array) => Uint16Array {
  const roll = dice(seed);
  return (text) => {
    const ids: number[] = [];
    for (let at = 0; at < text.length; ) {
      const fitting = BYTES.flatMap((piece, id) =>
        id >= 256 && piece.equals(text.subarray(at, at + piece.length)) ? [id] : [],
      );
      const id = fitting.length > 0 && roll(4) > 0 ? fitting[roll(fitting.length)] : text[at];
      ids.push(id);
      at += BYTES[id].length;
    }
    return Uint16Array.from(ids);
  };
}

const parse = (json: Uint8Array) => ({
  fingerprint: checksumOf(json),
  ...{ vocabSize: BOS + 1, bosId: BOS, bytesOf: (id: number) => BYTES[id] },
});

async function folder(texts: readonly string[]): Promise<string> {
  const out = temporaryFolder();
  const dirs = {
    documentsDir: join(out, 'documents'),
    outDir: join(out, 'tokens'),
    tokenizerDir: join(out, 'tokenizer'),
  };
  for (const dir of Object.values(dirs)) mkdirSync(dir);
  writeFolder(
    dirs.documentsDir,
    texts.map((text, n) => document(n, { text })),
  );
  writeFileSync(join(dirs.tokenizerDir, 'tokenizer.json'), '{}');
  writeFileSync(join(dirs.tokenizerDir, 'tokenizer_config.json'), '{}');
  await writeTokens({
    ...dirs,
    encode: encoder(3),
    vocabSize: BOS + 1,
    bosId: BOS,
    validShare: 0.2,
    shardTokens: 6000,
  });
  return out;
}

function occurrencesIn(texts: readonly string[], wanted: string): number {
  let count = 0;
  for (const text of texts) for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) count++;
  return count;
}

it('counts texts as indexOf does, wherever they begin and end, by no more than six bytes a token', async () => {
  const texts = textsOf(400);
  const out = await folder(texts);
  const trace = await openTrace(out, parse);
  expect(trace.shards.length).toBeGreaterThan(3);
  const roll = dice(11);
  let within = 0;
  for (let i = 0; i < 200; i++) {
    const text = texts[roll(texts.length)];
    const from = roll(text.length);
    const wanted = text.slice(from, from + 1 + roll([5, 30, 700][i % 3]));
    if (/\p{Cs}/u.test(wanted)) continue;
    if (/\p{L}/u.test(text[from - 1] ?? ' ') && /\p{L}/u.test(wanted[0])) within++;
    expect(await trace.count(wanted), JSON.stringify(wanted)).toBe(occurrencesIn(texts, wanted));
  }
  expect(within).toBeGreaterThan(60);
  for (const none of ['', '\ud83d', 'Hà  Nội', 'zzz', '\u00ff', 'x'.repeat(5000)])
    expect(await trace.count(none)).toBe(0);
  expect(await trace.count('Ha\u0300 No\u0323\u0302i')).toBe(occurrencesIn(texts, 'Hà Nội')); // NFC of what was typed
  const side = join(out, 'tokens', 'search');
  const bytes = readdirSync(side)
    .filter((name) => name.endsWith('.suffixes'))
    .reduce((sum, name) => sum + statSync(join(side, name)).size, 0);
  expect(bytes / trace.tokens).toBeLessThan(6 + (512 * 6 * trace.shards.length) / trace.tokens);
});

it('tells where: document, place and what stands around; marks the longest stretches', async () => {
  const texts = textsOf(60);
  const trace = await openTrace(await folder(texts), parse);
  const hashes = new Map(texts.map((text) => [checksumOf(Buffer.from(text)), text]));
  for (const wanted of ['ội', 'Nội', 'trường học', 'iếng V', 'b', 'aaaa']) {
    const count = occurrencesIn(texts, wanted);
    const found = await trace.occurrences(wanted, 40);
    expect(found, wanted).toHaveLength(Math.min(40, count));
    for (const { textHash, offset, before, after } of found) {
      const text = hashes.get(textHash)!;
      const place = Buffer.from(text).subarray(0, offset).toString().length;
      expect(text.slice(place - before.length, place + wanted.length + after.length)).toBe(before + wanted + after);
    }
    expect(new Set(found.map(({ textHash, offset }) => `${textHash} ${offset}`)).size).toBe(found.length);
  }
  const [first, long] = [texts[3], texts[60]];
  const asked = `Chưa ai viết câu này. ${long} Rồi thôi! ${first}`;
  const marked = (await trace.matches(asked, 6)).map(({ start, end, count }) => [asked.slice(start, end), count]);
  expect(marked).toContainEqual([long, 1]);
  expect(marked).toContainEqual([first, occurrencesIn(texts, first)]);
  for (const [text, count] of marked) expect(count).toBe(occurrencesIn(texts, text as string));
});

it('is asked over HTTP by a few ranges', async () => {
  const texts = textsOf(300);
  const out = await folder(texts);
  const here = await openTrace(out, parse);
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    const answer = fileAnswer(
      join(out, new URL(request.url!, 'http://x').pathname),
      'application/octet-stream',
      request,
    );
    response.writeHead(answer?.status ?? 404, answer?.headers);
    if (answer?.body === undefined) response.end();
    else (answer.body as NodeJS.ReadableStream).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/tokens`;
  try {
    const there = await openTrace(url, parse);
    for (const wanted of [texts[7].slice(3, 40), texts[8].slice(0, 30), 'trường học sông']) {
      requests = 0;
      expect(await there.count(wanted)).toBe(await here.count(wanted));
      expect(requests / there.shards.length, wanted).toBeLessThan(40);
    }
    rmSync(join(out, 'tokens', 'search'), { recursive: true });
    await expect(openTrace(url, parse)).rejects.toMatchObject({ code: 'NO_INDEX', exitStatus: 2 });
  } finally {
    server.close();
  }
});

it('makes anew what is lost or damaged, and of new shards alone', async () => {
  const texts = textsOf(60);
  const out = await folder(texts);
  const side = join(out, 'tokens', 'search');
  await openTrace(out, parse);
  const names = readdirSync(side);
  const times = (): number[] => names.map((name) => statSync(join(side, name)).mtimeMs);
  const before = times();
  await openTrace(out, parse);
  expect(times()).toEqual(before);
  const sample = names.find((name) => name.endsWith('.samples'))!;
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('no index at all, but long enough'),
    readFileSync(join(side, sample)).fill(0, 20, 40),
  ]) {
    writeFileSync(join(side, sample), bytes);
    expect(await (await openTrace(out, parse)).count('Nội')).toBe(occurrencesIn(texts, 'Nội'));
  }
  rmSync(join(side, names.find((name) => name.endsWith('.suffixes'))!));
  expect(await (await openTrace(out, parse)).count('Nội')).toBe(occurrencesIn(texts, 'Nội'));
});

it('sorts by the bytes, and bears a text that repeats itself', () => {
  const roll = dice(2);
  const text = Buffer.concat([
    Buffer.from(Array.from({ length: 3000 }, () => 97 + roll(2))),
    Buffer.alloc(40_000, 98),
    Buffer.alloc(DEPTH, 0xff),
  ]);
  const suffixes = Uint32Array.from({ length: text.length - DEPTH }, (_, at) => at);
  new SuffixSorter(text, suffixes).sort(0, suffixes.length, 0);
  const of = (at: number): Buffer => text.subarray(suffixes[at], suffixes[at] + DEPTH);
  expect(new Set(suffixes).size).toBe(suffixes.length);
  for (let at = 1; at < suffixes.length; at++) if (Buffer.compare(of(at - 1), of(at)) > 0) expect.fail(`${at}`);
});
