/**
 * What a night costs on which nothing is new, by how much is known: `npm run bench:nothing-new`.
 *
 *   npm run bench:nothing-new                     1,000,000 URLs, of which 300,000 have their capture in the archive
 *   npm run bench:nothing-new -- 100000 30000     fewer
 *
 * The folder is built first: a frontier whose URLs were asked for tonight, an archive of their answers (every tenth a page that
 * becomes a document, the others too short for one), and what a first night of `vua run --until tokens` makes of it.
 * Measured is the second.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { Frontier, STATE_FILE } from '../../../crawlers/frontier/frontier.ts';
import { RANKS, rankOf } from '../../../crawlers/frontier/revisit.ts';
import { unattended } from '../../../crawlers/shell/work.ts';
import { runCommand, runOptions } from '../../../nightly.ts';
import { makeTemporaryFolder } from '../../folder.ts';

const URLS_A_HOST = 500;
const CAPTURES_A_FILE = 50_000;
const WORDS =
  'sông núi biển trời đất người làng phố chợ đường thuyền sách trường bạn mẹ cha gió mưa nắng lúa và của là được trong khi đã'.split(
    ' ',
  );

const hostOf = (n: number): string => `bao${Math.floor(n / URLS_A_HOST)}.example.vn`;
const urlOf = (n: number): string => `https://${hostOf(n)}/muc-${n % 7}/bai-${n}.html`;
const wordsOf = (n: number, count: number): string =>
  Array.from({ length: count }, (_, i) => WORDS[((n + 1) * (i * i + 7) * 2654435761) % WORDS.length]).join(' ');

function capture(n: number): Buffer {
  const sentences = Array.from({ length: n % 10 === 0 ? 6 : 1 }, (_, i) => `Số ${n}: ${wordsOf(n * 13 + i, 12)}.`);
  const body = `HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\n\r\n<title>Bài ${n}</title><p>${sentences.join(' ')}</p>`;
  const fields = [
    ...['WARC/1.1', 'WARC-Type: response', `WARC-Target-URI: ${urlOf(n)}`, 'WARC-Date: 2026-11-01T00:00:00Z'],
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return gzipSync(`${fields.join('\r\n')}\r\n\r\n${body}\r\n\r\n`, { level: 1 });
}

/** Archive and frontier of a crawl. */
function build(crawlDir: string, urls: number, captures: number): void {
  const warcDir = join(crawlDir, 'warc');
  mkdirSync(warcDir, { recursive: true });
  const frontier = new Frontier(join(crawlDir, STATE_FILE));
  let members: Buffer[] = [];
  let end = 0;
  const fetchedAt = new Date().toISOString();
  for (let first = 0; first < urls; first += URLS_A_HOST) {
    frontier.hosts.made(hostOf(first), true);
    const numbers = Array.from({ length: Math.min(URLS_A_HOST, urls - first) }, (_, i) => first + i);
    frontier.add(
      numbers.map((n) => ({ url: urlOf(n), kind: 'page', depth: 1, hops: 0, rank: rankOf(RANKS.good, 1) })),
      0,
    );
    for (const n of numbers) {
      const number = Math.floor(n / CAPTURES_A_FILE);
      const file = `archive-${String(number).padStart(5, '0')}.warc.gz`;
      if (n < captures) end += members[members.push(capture(n)) - 1].length;
      frontier.settle(urlOf(n), {
        ...{
          state: 'done',
          status: 200,
          etag: `"${n}"`,
          fetchedAt,
          again: () => ({ nights: 7, rank: RANKS.again, quiet: 0 }),
        },
        ...(n < captures && { stored: { file, end } }),
      });
      if (members.length === CAPTURES_A_FILE || (members.length > 0 && n === captures - 1)) {
        writeFileSync(join(warcDir, file), Buffer.concat(members));
        [members, end] = [[], 0];
      }
    }
    frontier.commit();
  }
  frontier.close();
}

interface Night {
  readonly status: number | undefined;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

export async function measureNothingNew(
  urls: number,
  captures: number,
): Promise<{ first: Night; second: Night; files: number }> {
  const out = join(makeTemporaryFolder(), 'out');
  const night = async (): Promise<Night> => {
    const options = { out, until: 'tokens', model: 'never', vocabSize: 1000, allowAddress: ['127.0.0.0/8'] };
    const [begun, before] = [performance.now(), process.cpuUsage()];
    const status = await runCommand.run(runOptions.parse(options), unattended());
    const { user, system } = process.cpuUsage(before);
    return { status: status ?? 0, seconds: (performance.now() - begun) / 1000, cpuSeconds: (user + system) / 1e6 };
  };
  try {
    build(join(out, 'crawl'), urls, captures);
    const first = await night();
    return { first, second: await night(), files: readdirSync(out, { recursive: true }).length };
  } finally {
    rmSync(join(out, '..'), { recursive: true, force: true });
  }
}

if (process.argv[1]?.endsWith('bench/shards/nothing-new.ts')) {
  const [urls = 1_000_000, captures = 300_000] = process.argv.slice(2).map(Number);
  const { first, second } = await measureNothingNew(urls, captures);
  const told = ({ status, seconds, cpuSeconds }: Night): string =>
    `status ${status}, ${seconds.toFixed(2)} s, ${cpuSeconds.toFixed(2)} s of CPU`;
  console.log(`${urls.toLocaleString('en-US')} URLs, ${captures.toLocaleString('en-US')} captures`);
  console.log(`first night: ${told(first)}`);
  console.log(`nothing new: ${told(second)}`);
}
