/**
 * What the index behind `vua trace` costs, and that it counts text: `npm run bench:trace`.
 *
 *   npm run bench:trace                          5 million tokens, 1,000 spans
 *   npm run bench:trace -- 50000000 200          more tokens, fewer spans
 *   npm run bench:trace -- 0 1000 vua-out        of a folder that is there: counts alone
 *
 * Each span begins and ends anywhere in the documents, half of them within a word; its count is compared to that of the
 * bytes in the documents' text. Then the same over HTTP, with every request counted.
 */
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { recipeOf } from '../../../cleaning/recipe.ts';
import { readDocuments } from '../../../shards/documents/read.ts';
import { DocumentWriter } from '../../../shards/documents/write.ts';
import { DOCUMENTS } from '../../../shards/format.ts';
import { fileAnswer } from '../../../shards/inspector/files.ts';
import { writeManifest } from '../../../shards/manifest.ts';
import type { DocumentManifest } from '../../../shards/manifest-shape.ts';
import { openTrace } from '../../../shards/search/open-trace.ts';
import type { Trace } from '../../../shards/search/trace.ts';
import { Tokenizer } from '../../../tokenizer/load.ts';
import { trainTokenizer } from '../../../tokenizer/train/train-files.ts';
import { writeTokenShards } from '../../../tokenizer/write-tokens.ts';
import { makeTemporaryFolder } from '../../folder.ts';
import { document } from '../../shards/support.ts';
import { dice, sentences } from './texts.ts';

const [wanted, spans, given] = [Number(process.argv[2] ?? 5e6), Number(process.argv[3] ?? 1000), process.argv[4]];
const TOKENS_A_DOCUMENT = 420;

async function write(out: string): Promise<void> {
  const [documents, tokenizer, tokens] = ['documents', 'tokenizer', 'tokens'].map((name) => join(out, name));
  mkdirSync(documents);
  const writer = new DocumentWriter(documents, { firstIndex: 0 });
  const manifest: DocumentManifest = { ...DOCUMENTS, recipe: recipeOf({}), documents: [], rejects: [] };
  const next = sentences(5);
  for (let n = 0; n < wanted / TOKENS_A_DOCUMENT; n++) {
    writer.add(document(n, { text: Array.from({ length: 20 }, next).join(n % 2 === 0 ? ' ' : '\n\n') }));
    if (writer.isFull) manifest.documents.push(...writer.finish().documents);
  }
  manifest.documents.push(...writer.finish().documents);
  writeManifest(documents, manifest);
  await trainTokenizer({ documents: [documents], out: tokenizer, vocabSize: 8192, validShare: 0.01 });
  await writeTokenShards({ documents, tokenizer, out: tokens, validShare: 0.01 });
}

const quantile = (values: readonly number[], share: number): string =>
  values.toSorted((a, b) => a - b)[Math.floor(share * (values.length - 1))].toFixed(1);
const cpu = (since?: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1e6;
};

/** Texts of a folder's documents end to end, FF between them. */
async function wholeText(dir: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const batch of readDocuments(dir)) {
    for (let row = 0; row < batch.rows; row++) parts.push(batch.bytes('text', row), Uint8Array.of(0xff));
  }
  return Buffer.concat(parts);
}

function countIn(text: Buffer, bytes: Buffer): number {
  let count = 0;
  for (let at = text.indexOf(bytes); at >= 0; at = text.indexOf(bytes, at + 1)) count++;
  return count;
}

const isLetter = (character: string): boolean => /\p{L}|\p{M}/u.test(character);

/** Spans of 1 to 300 characters, within one document. */
function* spansOf(text: Buffer): Generator<{ span: string; isWithin: boolean }> {
  const roll = dice(17);
  for (let n = 0, within = 0; n < spans; ) {
    const at = roll(text.length - 2000);
    const decoded = text
      .subarray(at, at + 1500)
      .toString('utf8')
      .replace(/^\ufffd+/, '')
      .split('\ufffd')[0];
    const from = roll(Math.max(1, Math.min(40, decoded.length)));
    const span = decoded.slice(from, from + 1 + roll([6, 30, 100, 300][n % 4]));
    const isWithin = from > 0 && isLetter(decoded[from - 1]) && isLetter(span[0] ?? ' ');
    if (span === '' || /\p{Cs}/u.test(span) || span.normalize('NFC') !== span) continue;
    if (isWithin ? within > n / 2 : n - within > n / 2 + 1) continue;
    within += isWithin ? 1 : 0;
    n++;
    yield { span, isWithin };
  }
}

async function compare(trace: Trace, text: Buffer): Promise<string[]> {
  const [times, clocks]: [number[], number[]] = [[], []];
  const asked: string[] = [];
  let [within, wrong] = [0, 0];
  for (const { span, isWithin } of spansOf(text)) {
    const [before, clock] = [process.cpuUsage(), performance.now()];
    const count = await trace.count(span);
    times.push(1000 * cpu(before));
    clocks.push(performance.now() - clock);
    asked.push(span);
    if (isWithin) within++;
    const expected = countIn(text, Buffer.from(span));
    if (count === expected) continue;
    wrong++;
    console.log(`WRONG ${JSON.stringify(span)}: ${count}, expected ${expected}`);
  }
  console.log(`${asked.length} spans, ${within} begin within a word: ${wrong} counts differ`);
  console.log(
    `CPU ms a span: median ${quantile(times, 0.5)}, p95 ${quantile(times, 0.95)}, most ${quantile(times, 1)}`,
  );
  console.log(`ms a span: median ${quantile(clocks, 0.5)}, p95 ${quantile(clocks, 0.95)}, most ${quantile(clocks, 1)}`);
  if (wrong > 0) process.exitCode = 1;
  return asked;
}

async function overHttp(out: string, asked: readonly string[]): Promise<void> {
  let requests = 0;
  const server = createServer((request, response) => {
    requests++;
    const path = join(out, new URL(request.url!, 'http://localhost').pathname);
    const answer = fileAnswer(path, 'application/octet-stream', request);
    response.writeHead(answer?.status ?? 404, answer?.headers);
    if (answer?.body === undefined) response.end();
    else (answer.body as NodeJS.ReadableStream).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const trace = await openTrace(`http://127.0.0.1:${(server.address() as AddressInfo).port}/tokens`, Tokenizer.parse);
  console.log(`over HTTP: opened by ${requests} requests, ${trace.shards.length} shards`);
  const each: number[] = [];
  for (const span of asked) {
    requests = 0;
    await trace.count(span);
    each.push(requests);
  }
  console.log(`requests a span: median ${quantile(each, 0.5)}, p95 ${quantile(each, 0.95)}, most ${quantile(each, 1)}`);
  server.close();
}

const out = given ?? makeTemporaryFolder();
try {
  if (given === undefined) await write(out);
  const [before, clock] = [process.cpuUsage(), performance.now()];
  const trace = await openTrace(out, Tokenizer.parse);
  const seconds = (performance.now() - clock) / 1000;
  const rate = (each: number): string => (trace.tokens / each / 1e6).toFixed(2);
  if (given === undefined) {
    const side = join(out, 'tokens', 'search');
    const bytes = readdirSync(side).reduce((sum, name) => sum + statSync(join(side, name)).size, 0);
    console.log(
      `${(trace.tokens / 1e6).toFixed(1)} M tokens, ${(bytes / trace.tokens).toFixed(3)} bytes of index a token`,
    );
    console.log(`made: ${rate(cpu(before))} M tokens a second of CPU, ${rate(seconds)} M a second of the clock`);
    console.log(`memory: ${(process.resourceUsage().maxRSS / 1e3).toFixed(0)} MB at most`);
  }
  const text = await wholeText(join(out, 'documents'));
  const asked = await compare(trace, text);
  if (given === undefined) await overHttp(out, asked.slice(0, 100));
  trace.close();
} finally {
  if (given === undefined) rmSync(out, { recursive: true, force: true });
}
