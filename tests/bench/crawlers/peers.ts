/**
 * `npm run bench:crawl`: the same pages of one server of this machine by `vua crawl`, Scrapy and Crawlee in one run, each
 * answer written into a WARC file; CPU seconds a page, user and system, of the crawler's process alone, and its memory when
 * a quarter, half, … of the pages were asked for.
 *
 *   VUA_SCRAPY=venv/bin/python VUA_CRAWLEE=folder npm run bench:crawl -- --pages 3000
 *
 * VUA_SCRAPY: a Python with scrapy and warcio. VUA_CRAWLEE: a folder with node_modules/crawlee. What is missing is skipped
 * by name. Linux: times are those of ended children in /proc/self/stat.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { makeTemporaryFolder } from '../../folder.ts';
import { sentenceOf } from '../../web/text.ts';

const { values } = parseArgs({ options: { pages: { type: 'string', default: '3000' } } });
const count = Number(values.pages);
const TICKS_A_SECOND = 100;

const filler = `<nav>${Array.from({ length: 60 }, (_, i) => `<a href="/muc/${i}" rel="nofollow">${sentenceOf(`menu ${i}`, 3)}</a>`).join('')}</nav>`;
const page = (n: number): string => {
  const links = [2 * n + 1, 2 * n + 2]
    .filter((next) => next < count)
    .map((next) => `<a href="/bai/${next}">xem tiếp</a>`);
  const paragraphs = Array.from({ length: 12 }, (_, i) => `<p>${sentenceOf(`${n} ${i}`, 60)}</p>`);
  return `<!doctype html><html lang="vi"><head><meta charset="utf-8"><title>Bài ${n}</title></head><body>${filler}<article>${paragraphs.join('')}</article>${links.join('')}</body></html>`;
};

const SCRAPY = `
import sys, scrapy
from io import BytesIO
from scrapy.crawler import CrawlerProcess
from warcio.warcwriter import WARCWriter
from warcio.statusandheaders import StatusAndHeaders
seed, out = sys.argv[1], sys.argv[2]
class Spider(scrapy.Spider):
    name = 'bench'
    start_urls = [seed]
    def __init__(self):
        self.writer = WARCWriter(open(out + '/scrapy.warc.gz', 'wb'), gzip=True)
    def parse(self, response):
        head = StatusAndHeaders('200 OK', [(k.decode(), v[0].decode()) for k, v in response.headers.items()], protocol='HTTP/1.1')
        self.writer.write_record(self.writer.create_warc_record(response.url, 'response', payload=BytesIO(response.body), http_headers=head))
        for href in response.xpath('//a[not(contains(@rel, "nofollow"))]/@href').getall():
            yield response.follow(href)
process = CrawlerProcess({'ROBOTSTXT_OBEY': True, 'LOG_LEVEL': 'ERROR', 'CONCURRENT_REQUESTS_PER_DOMAIN': 8, 'TELNETCONSOLE_ENABLED': False, 'JOBDIR': out + '/job'})
process.crawl(Spider)
process.start()
`;

const CRAWLEE = `
import { appendFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { CheerioCrawler, Configuration } from 'crawlee';
const [seed, out] = process.argv.slice(2);
const config = new Configuration({ storageClientOptions: { localDataDirectory: out + '/storage' }, logLevel: 'ERROR' });
const crawler = new CheerioCrawler({
  minConcurrency: 8, maxConcurrency: 8,
  async requestHandler({ request, body, response, enqueueLinks }) {
    const head = 'HTTP/1.1 200 OK\\r\\n' + Object.entries(response.headers).map(([k, v]) => k + ': ' + v).join('\\r\\n') + '\\r\\n\\r\\n';
    const block = Buffer.from(head + body);
    const fields = 'WARC/1.1\\r\\nWARC-Type: response\\r\\nWARC-Target-URI: ' + request.url + '\\r\\nWARC-Date: ' + new Date().toISOString() + '\\r\\nContent-Length: ' + block.length + '\\r\\n\\r\\n';
    appendFileSync(out + '/crawlee.warc.gz', gzipSync(Buffer.concat([Buffer.from(fields), block, Buffer.from('\\r\\n\\r\\n')])));
    await enqueueLinks({ selector: 'a[href]:not([rel~=nofollow])' });
  },
}, config);
await crawler.run([seed]);
`;

/** User and system time of the children that have ended, seconds. */
function childSeconds(): number {
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS_A_SECOND;
}

/** Resident memory of a process, MiB. */
function mebibytesOf(pid: number): number {
  const kibibytes = /VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Math.round(Number(kibibytes) / 1024);
}

async function timed(name: string, command: string, args: readonly string[], cwd?: string): Promise<number> {
  seen.clear();
  const [before, started] = [childSeconds(), performance.now()];
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  const memory: number[] = [];
  onPage = () => {
    if (seen.size % Math.ceil(count / 4) === 0) memory.push(mebibytesOf(child.pid!));
  };
  child.stderr.on('data', (text) => {
    said = `${said}${text}`.slice(-2000);
  });
  const status = await new Promise((done) => child.on('exit', done));
  const seconds = childSeconds() - before;
  const clock = (performance.now() - started) / 1000;
  console.log(
    `${name.padEnd(8)} ${seen.size} pages, exit ${status}: ${((1000 * seconds) / seen.size).toFixed(2)} ms of CPU a page, ${(seen.size / clock).toFixed(0)} pages/s by the clock, ${memory.join(', ')} MiB`,
  );
  if (seen.size !== count) console.log(said);
  return seconds / seen.size;
}

const seen = new Set<string>();
let onPage = (): void => {};
/** More are written when they are asked for. */
const bodies = Array.from({ length: Math.min(count, 20_000) }, (_, n) => Buffer.from(page(n)));
const server = createServer((request, response) => {
  const n = /^\/bai\/(\d+)$/.exec(request.url ?? '')?.[1];
  const isPage = n !== undefined && Number(n) < count;
  const body = isPage ? (bodies[Number(n)] ?? page(Number(n))) : undefined;
  if (isPage && !seen.has(n)) {
    seen.add(n);
    onPage();
  }
  response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' }).end(body);
});
await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
const { port } = server.address() as AddressInfo;
const dir = makeTemporaryFolder();
const seed = `http://127.0.0.1:${port}/bai/0`;
try {
  const { VUA_SCRAPY: python, VUA_CRAWLEE: crawlee } = process.env;
  const peers: number[] = [];
  const args = ['dist/main.js', 'crawl', '--seed', seed, '--allow-address', '127.0.0.1', '--delay-ms', '0'];
  const own = await timed('vua', process.execPath, [...args, '--max-pages', '1000000', '--out', join(dir, 'vua')]);
  if (python === undefined) console.log('scrapy   skipped: VUA_SCRAPY names no Python');
  else peers.push(await timed('scrapy', python, ['-c', SCRAPY, seed, dir]));
  if (crawlee === undefined) console.log('crawlee  skipped: VUA_CRAWLEE names no folder');
  else {
    const script = join(crawlee, 'vua-bench.mjs');
    writeFileSync(script, CRAWLEE);
    peers.push(await timed('crawlee', process.execPath, [script, seed, dir], crawlee));
    rmSync(script);
  }
  for (const file of readdirSync(dir).filter((name) => name.endsWith('.warc.gz')))
    console.log(`${file}: ${statSync(join(dir, file)).size} bytes`);
  if (peers.length > 0)
    console.log(`the better peer takes ${(Math.min(...peers) / own).toFixed(2)} times the CPU of vua`);
} finally {
  server.closeAllConnections();
  server.close();
  rmSync(dir, { recursive: true, force: true });
}
