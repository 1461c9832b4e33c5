/**
 * Extraction beside trafilatura and Readability + linkedom, in one run: quality by each set's own scoring, pages per
 * second of one core.   node --import tsx tests/bench/cleaning/extraction.ts [--errors|--parsers]
 */
import { load } from 'cheerio/slim';
import { decode } from '../../../cleaning/decode/charset.ts';
import { extract } from '../../../cleaning/html/extract.ts';
import { isFurnitureLine } from '../../../cleaning/html/furniture.ts';
import { parseHtml } from '../../../cleaning/html/parse.ts';
import { formatTable } from '../../../crawlers/shell/reporter.ts';
import { meanOf, rouge5, type SetPage } from '../../cleaning/extraction-set/pages.ts';
import {
  articleBenchmark,
  type Case,
  cpuSeconds,
  hasPack,
  machine,
  pythonPeer,
  readability,
  trafilaturaEvaluation,
  vietnamesePages,
} from './data.ts';
import { foldSpaces, type Score, segmentScore, shingleScore } from './scores.ts';

interface Run {
  readonly tool: string;
  readonly seconds: number;
  readonly texts: readonly string[];
}

/** Every tool gets bytes and must find out their encoding, except Readability, which takes text. */
export function runTools(cases: readonly Case[]): Run[] {
  const bodies = cases.map(({ body }) => body);
  const runs = [timed('vua', () => bodies.map((body) => extract(decode(body).text).text))];
  const read = readability();
  if (read !== undefined) {
    const pages = bodies.map((body) => decode(body).text);
    runs.push(timed('readability + linkedom', () => pages.map(read)));
  }
  type Peers = Record<'fast' | 'usual', Omit<Run, 'tool'>> & { version: string; resiliparse?: Omit<Run, 'tool'> };
  const peer = pythonPeer<Peers>(
    'extraction',
    bodies.map((body) => body.toString('base64')),
  );
  if (peer !== undefined) {
    runs.push({ tool: `trafilatura ${peer.version} fast`, ...peer.fast });
    runs.push({ tool: `trafilatura ${peer.version}`, ...peer.usual });
    if (peer.resiliparse !== undefined) runs.push({ tool: 'resiliparse', ...peer.resiliparse });
  }
  return runs;
}

function timed(tool: string, work: () => string[]): Run {
  work(); // once to warm the compiler up
  let texts: string[] = [];
  const seconds = cpuSeconds(() => {
    texts = work();
  });
  return { tool, seconds, texts };
}

function report(set: string, cases: readonly Case[], score: (texts: readonly string[]) => Score): void {
  const rows = runTools(cases).map(({ tool, seconds, texts }) => {
    const { precision, recall, f1 } = score(texts);
    return [tool, ...[precision, recall, f1].map((share) => share.toFixed(4)), (cases.length / seconds).toFixed(0)];
  });
  const head = ['', 'precision', 'recall', 'F1', 'pages/s'];
  process.stdout.write(`\n${set}, ${cases.length} pages\n${formatTable([head, ...rows])}\n`);
}

export function extractionBench(): void {
  process.stdout.write(`extraction, one core; ${machine()}\n`);
  if (hasPack) {
    const articles = articleBenchmark();
    report('Scrapinghub article benchmark', articles, (texts) =>
      shingleScore(articles.map(({ reference }, i) => [reference, texts[i]])),
    );
    const vietnamese = vietnamesePages();
    report('Vietnamese pages of the pack', vietnamese, (texts) =>
      shingleScore(vietnamese.map(({ reference }, i) => [reference, texts[i]])),
    );
    const left = vietnamese.flatMap(({ body }) => extract(decode(body).text).text.split('\n').filter(isFurnitureLine));
    process.stdout.write(`listed furniture left in them: ${left.length} lines\n`);
  } else process.stdout.write('VUA_PACK is not set: its pages are left out\n');
  const segments = trafilaturaEvaluation();
  if (segments.length === 0) process.stdout.write('VUA_TRAFILATURA is not set: its evaluation is left out\n');
  else {
    report("trafilatura's evaluation", segments, (texts) =>
      segmentScore(segments.map((page, i) => ({ ...page, text: texts[i] }))),
    );
  }
}

/** Our own set, page by page: mean F1 of runs of five words, over all and over the hard ones. */
export function extractionSetBench(halves: Readonly<Record<string, readonly SetPage[]>>): void {
  for (const [half, pages] of Object.entries(halves)) {
    const cases = pages.map(({ name, html }) => ({ name, body: Buffer.from(html) }));
    const runs = runTools(cases).map(({ tool, texts }) => ({
      tool,
      f1: pages.map((page, i) => rouge5(page, texts[i])),
    }));
    const rows = runs.map(({ tool, f1 }) => {
      const hard = f1.filter((_, i) => pages[i].hard);
      return [tool, meanOf(f1).toFixed(4), meanOf(hard).toFixed(4), String(f1.filter((one) => one < 0.8).length)];
    });
    process.stdout.write(
      `\n${half} half, ${pages.length} pages\n${formatTable([['', 'F1', 'hard ones', 'pages below 0.8'], ...rows])}\n`,
    );
    const worst = pages.map(({ name }, i) => [name, ...runs.map(({ f1 }) => f1[i].toFixed(3))]);
    process.stdout.write(`${formatTable([['', ...runs.map(({ tool }) => tool)], ...worst])}\n`);
  }
}

/** What went wrong on trafilatura's pages, to read. */
export function extractionErrors(): void {
  for (const { name, body, wanted, unwanted } of trafilaturaEvaluation()) {
    const text = foldSpaces(extract(decode(body).text).text);
    for (const segment of wanted.filter((each) => !text.includes(foldSpaces(each)))) {
      process.stdout.write(`missing\t${name}\t${segment}\n`);
    }
    for (const segment of unwanted.filter((each) => text.includes(foldSpaces(each)))) {
      process.stdout.write(`left\t${name}\t${segment}\n`);
    }
  }
}

/** Milliseconds a page: our parser, cheerio's, and all of extraction with ours. */
export function parserBench(): void {
  const work = {
    'our parser': (html: string) => parseHtml(html, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY),
    'cheerio/slim': (html: string) => load(html),
    extraction: extract,
  };
  const sets = { articles: articleBenchmark(), vietnamese: vietnamesePages(), trafilatura: trafilaturaEvaluation() };
  for (const [set, cases] of Object.entries(sets)) {
    const pages = cases.map(({ body }) => decode(body).text);
    for (const [name, parse] of Object.entries(work)) {
      for (const page of pages) parse(page);
      const seconds = cpuSeconds(() => {
        for (const page of pages) parse(page);
      });
      process.stdout.write(`${set}: ${name} ${((1000 * seconds) / pages.length).toFixed(2)} ms a page\n`);
    }
  }
}

if (process.argv[1]?.endsWith('extraction.ts')) {
  if (process.argv.includes('--errors')) extractionErrors();
  else process.argv.includes('--parsers') ? parserBench() : extractionBench();
}
