/**
 * Dumps of MediaWiki to clean text, MB of XML a second of one core: `node --import tsx tests/bench/crawlers/wiki.ts [MB]`.
 * Articles are made up, with the markup that those of Wikipedia have: boxes, references, links, tables, lists, formulas. The
 * dump is read several times: at first the code is compiled as it runs, what a dump of gigabytes gives is the best of the rest.
 */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openInput } from '../../../crawlers/sources/index.ts';
import { makeTemporaryFolder } from '../../folder.ts';
import { sentenceOf } from '../../web/text.ts';

const cite = (n: number): string =>
  `&lt;ref name=&quot;a${n}&quot;&gt;{{chú thích web|url=https://example.org/${n}|tiêu đề=${sentenceOf(`cite ${n}`, 8)}|ngày=2026-01-0${n % 9}}}&lt;/ref&gt;`;

function linked(name: string): string {
  const words = sentenceOf(name, 60).split(' ');
  return words
    .map((word, i) => (i % 9 === 4 ? `[[${word} ${words[i - 1]}|${word}]]` : i % 23 === 11 ? `'''${word}'''` : word))
    .join(' ');
}

function article(n: number): string {
  const box = `{{Hộp thông tin đơn vị\n| tên = Xã ${n}\n${Array.from({ length: 15 }, (_, i) => `| mục ${i} = [[${sentenceOf(`${n} box ${i}`, 3)}]] {{formatnum:${n * i}}}`).join('\n')}\n}}\n`;
  const section = (i: number): string =>
    `== Mục ${i} ==\n${linked(`${n} ${i} a`)}${cite(n + i)} ${linked(`${n} ${i} b`)}&amp;nbsp;km²${cite(n + i + 1)}\n\n* ${linked(`${n} ${i} c`)}\n* [[Tập tin:Anh ${i}.jpg|nhỏ|phải|${linked(`${n} ${i} d`)}]]\n`;
  const table = `{| class=&quot;wikitable&quot;\n! Năm !! Dân số\n${Array.from({ length: 12 }, (_, i) => `|-\n| style=&quot;text-align:right&quot; | ${1990 + i} || ${n * 17 + i}`).join('\n')}\n|}\n`;
  const text = `${box}'''Xã ${n}''' ${linked(`${n}`)}${cite(n)}\n\n${[1, 2, 3, 4, 5].map(section).join('\n')}${table}\n== Tham khảo ==\n{{tham khảo|2}}\n[[Thể loại:Xã]]`;
  return `<page><title>Xã ${n}</title><ns>0</ns><id>${n}</id><revision><id>${n}</id><timestamp>2026-01-01T00:00:00Z</timestamp><model>wikitext</model><format>text/x-wiki</format><text bytes="1" xml:space="preserve">${text}</text></revision></page>\n`;
}

const ROUNDS = 6;
const megabytes = Number(process.argv[2] ?? 20);
const dir = makeTemporaryFolder();
try {
  const path = join(dir, 'dump.xml');
  const distinct = Array.from({ length: 200 }, (_, n) => article(n));
  const bytes = distinct.reduce((sum, one) => sum + Buffer.byteLength(one), 0);
  const times = Math.max(1, Math.round((megabytes * 1e6) / bytes));
  const head = '<mediawiki><siteinfo><dbname>viwiki</dbname><base>https://vi.wikipedia.org/wiki/X</base></siteinfo>\n';
  writeFileSync(path, `${head}${distinct.join('').repeat(times)}</mediawiki>`);
  const total = (bytes * times) / 1e6;
  const rates: number[] = [];
  let [pages, kept] = [0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    const before = process.cpuUsage();
    [pages, kept] = [0, 0];
    for await (const { body } of openInput(path)) {
      pages++;
      kept += body.length;
    }
    const { user, system } = process.cpuUsage(before);
    rates.push((1e6 * total) / (user + system));
  }
  const [first, ...rest] = rates.map((rate) => rate.toFixed(1));
  console.log(
    `${total.toFixed(1)} MB, ${pages} articles, ${(kept / 1e6).toFixed(1)} MB of text, MB/s of a core: ${first} at first, then ${rest.join(', ')}`,
  );
} finally {
  rmSync(dir, { recursive: true, force: true });
}
