/**
 * The table of filters with what each row drops of the pack, row by row (a document that two rows would drop counts for
 * both).   VUA_PACK=DIR node --import tsx tests/bench/cleaning/filters.ts [--spread]
 * Below it, what the whole of cleaning keeps of each kind under both presets.
 * `--spread` prints the 1st, 50th and 99th percentile of every measurement on good text instead.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import xxhash from 'xxhash-wasm';
import { clean } from '../../../cleaning/clean.ts';
import { openDedupStore } from '../../../cleaning/dedup/store.ts';
import { MEASUREMENTS, type Measurements } from '../../../cleaning/document.ts';
import { answer, workSettings } from '../../../cleaning/engine/work.ts';
import { passes } from '../../../cleaning/filters/filter.ts';
import { TABLE } from '../../../cleaning/filters/index.ts';
import { CONSENT_UNKNOWN, type Page } from '../../../crawlers/page.ts';
import { formatTable } from '../../../crawlers/shell/reporter.ts';
import { hasPack, pack, readPack, vietnamesePages } from './data.ts';

export const pageOf = (body: string | Uint8Array, type = 'text/plain; charset=utf-8', url = 'file:bench'): Page => ({
  url,
  source: 'bench',
  fetchedAt: '2026-11-01T00:00:00Z',
  status: 200,
  headers: { 'content-type': type },
  body: typeof body === 'string' ? Buffer.from(body) : body,
  truncated: false,
  consent: CONSENT_UNKNOWN,
});

const filesBelow = (dir: string, ending: RegExp): string[] =>
  readdirSync(join(pack, dir)).flatMap((name) => {
    const path = join(dir, name);
    if (statSync(join(pack, path)).isDirectory()) return filesBelow(path, ending);
    return ending.test(name) ? [path] : [];
  });
const jsonlTexts = (path: string): string[] =>
  readPack(path)
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { text: string }).text);

/** The pack's documents by kind; all but the last kind are good. */
export function packDocuments(): Map<string, Page[]> {
  const text = (texts: readonly string[]): Page[] => texts.map((each, i) => pageOf(each, undefined, `file:bench#${i}`));
  const files = (dir: string, ending: RegExp): Page[] =>
    filesBelow(dir, ending).map((path, i) => {
      const type = path.endsWith('.md') ? 'text/markdown; charset=utf-8' : undefined;
      return pageOf(readPack(path), type, `file:bench#${i}`);
    });
  const verses = readPack('text/truyen_kieu_poem.txt').split('\n');
  return new Map([
    ['wiki', text(jsonlTexts('text/viwiki.jsonl'))],
    ['law', text([...jsonlTexts('text/law_2010.jsonl'), ...jsonlTexts('text/law_1945.jsonl')])],
    ['prose', files('text/lit_namcao', /\.(?:md|txt|org|tex)$/)],
    [
      'verse',
      text(
        Array.from({ length: Math.floor(verses.length / 40) }, (_, n) => verses.slice(n * 40, n * 40 + 40).join('\n')),
      ),
    ],
    ['web', vietnamesePages().map(({ body, name }) => pageOf(body, 'text/html', `file:${name}`))],
    ['machine', files('text/alchemy_vi_machine_translated', /\.(?:txt|md)$/)],
  ]);
}

async function measured(): Promise<Map<string, Measurements[]>> {
  const hash = await xxhash();
  const settings = workSettings({
    preset: 'keep-all',
    thresholds: {},
    personalData: 'off',
    tones: 'keep',
    paragraphs: 'keep',
    contamination: [],
    scorers: [],
  });
  const kinds = new Map<string, Measurements[]>();
  for (const [kind, pages] of packDocuments()) {
    const answers = pages.map((page) => answer(page, settings, hash));
    kinds.set(
      kind,
      answers.flatMap((each) => ('refused' in each ? [] : [each.assessment.measurements])),
    );
  }
  return kinds;
}

/** One row for each rule, in Markdown: what is published, and for both presets the figure with the share it drops. */
function printTable(kinds: ReadonlyMap<string, readonly Measurements[]>): void {
  const good = [...kinds].filter(([kind]) => kind !== 'machine').flatMap(([, documents]) => documents);
  const machine = kinds.get('machine')!;
  const rows = TABLE.map(({ filter, published, recommended, fineweb2 }) => {
    const dropped = (documents: readonly Measurements[], threshold: number): string => {
      const count = documents.filter((each) => !passes(filter, each[filter.measurement], threshold)).length;
      return count === 0 ? '0' : `${((100 * count) / documents.length).toFixed(1)} %`;
    };
    const cell = (threshold: number | undefined): string =>
      threshold === undefined ? '' : `${threshold}: ${dropped(good, threshold)}, ${dropped(machine, threshold)}`;
    const name = `\`${filter.reason}\``;
    return [name, `\`${filter.measurement}\` ${filter.needs}`, published, cell(fineweb2), cell(recommended)];
  });
  const head = ['reason', 'measurement', 'published', '`fineweb2`', '`recommended`'];
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  const sizes = [...kinds].map(([kind, documents]) => `${kind} ${documents.length}`).join(', ');
  process.stdout.write(
    `${sizes}; cells: figure: share of good documents dropped, of machine-translated ones\n${lines.join('\n')}\n`,
  );
}

function printSpread(kinds: ReadonlyMap<string, readonly Measurements[]>): void {
  const names = MEASUREMENTS.filter((name) => !/^(?:repaired|masked)_/.test(name));
  const rows = names.map((name) => [
    name,
    ...[...kinds.values()].map((documents) => {
      const values = documents.map((each) => each[name]).sort((a, b) => a - b);
      return [0.01, 0.5, 0.99].map((q) => Number(values[Math.floor(q * (values.length - 1))].toPrecision(2))).join(' ');
    }),
  ]);
  process.stdout.write(`${formatTable([['', ...kinds.keys()], ...rows])}\n`);
}

/** The whole of cleaning, deduplication included. */
async function printKept(): Promise<void> {
  async function* pages(): AsyncGenerator<Page> {
    for (const [kind, of] of packDocuments()) for (const page of of) yield { ...page, source: kind };
  }
  for (const preset of ['recommended', 'fineweb2'] as const) {
    const store = openDedupStore(':memory:');
    const counts = new Map<string, { kept: number; all: number }>();
    for await (const { kept, dropped } of clean(pages(), { preset, store })) {
      const { source } = (kept ?? dropped)!;
      const count = counts.get(source) ?? { kept: 0, all: 0 };
      counts.set(source, { kept: count.kept + (kept === undefined ? 0 : 1), all: count.all + 1 });
    }
    store.close();
    const shares = [...counts].map(([kind, { kept, all }]) => `${kind} ${((100 * kept) / all).toFixed(1)} %`);
    process.stdout.write(`kept by ${preset}: ${shares.join(', ')}\n`);
  }
}

export async function filtersBench(): Promise<void> {
  if (!hasPack) process.stdout.write('VUA_PACK is not set: nothing to measure\n');
  else {
    const kinds = await measured();
    process.argv.includes('--spread') ? printSpread(kinds) : printTable(kinds);
    await printKept();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await filtersBench();
