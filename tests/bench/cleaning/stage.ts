/**
 * The whole stage beside datatrove, the same filters over the same files on the same two cores: text (filters, masks,
 * signatures) and pages (extraction as well). datatrove does one job of its four for near-duplicates; vua all of it.
 *
 *   VUA_PACK=DIR VUA_PYTHON=… node --import tsx tests/bench/cleaning/stage.ts
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { decode } from '../../../cleaning/decode/charset.ts';
import { createReporter, formatBytes, formatCount, formatTable } from '../../../crawlers/shell/reporter.ts';
import { makeTemporaryFolder } from '../../folder.ts';
import { articleBenchmark, hasPack, machine, pythonPeer, trafilaturaEvaluation, vietnamesePages } from './data.ts';
import { packDocuments } from './filters.ts';

const WORKERS = 2;
/** Articles are cut into documents of the size that the web has: once, and for a longer run at four sizes. */
const ONCE = [2_000];
const FOUR_TIMES = [2_000, 1_500, 2_500, 3_000];

/** The pack's texts as documents of a few paragraphs. */
const textDocuments = (sizes: readonly number[]): string[] => sizes.flatMap(documentsOf);

function documentsOf(characters: number): string[] {
  const documents: string[] = [];
  for (const [kind, pages] of packDocuments()) {
    if (kind === 'web') continue;
    for (const { body } of pages) {
      let document = '';
      for (const paragraph of Buffer.from(body).toString('utf8').split('\n')) {
        document += `${paragraph}\n`;
        if (document.length < characters) continue;
        documents.push(document.trim());
        document = '';
      }
      if (document.trim() !== '') documents.push(document.trim());
    }
  }
  return documents;
}

const htmlDocuments = (): string[] =>
  [...vietnamesePages(), ...articleBenchmark(), ...trafilaturaEvaluation()].map(({ body }) => decode(body).text);

/** One JSONL file for each worker of datatrove; for pages also one HTML file each, which is what vua reads. */
function writeInput(dir: string, documents: readonly string[], html: boolean): { jsonl: string; vua: string } {
  const jsonl = join(dir, 'jsonl');
  mkdirSync(jsonl, { recursive: true });
  for (let worker = 0; worker < WORKERS; worker++) {
    const lines = documents.flatMap((text, i) =>
      i % WORKERS === worker ? [JSON.stringify({ id: `d${i}`, text })] : [],
    );
    writeFileSync(join(jsonl, `part-${worker}.jsonl`), `${lines.join('\n')}\n`);
  }
  if (!html) return { jsonl, vua: jsonl };
  const pages = join(dir, 'pages');
  mkdirSync(pages);
  for (const [i, text] of documents.entries()) writeFileSync(join(pages, `d${i}.html`), text);
  return { jsonl, vua: pages };
}

let build: ReturnType<typeof installed>;

interface Cost {
  /** On the clock, and of all processors: on a shared machine the second is the steady one. */
  readonly wall: number;
  readonly cpu: number;
}

/** As it is installed: in a checkout each thread must first learn to read TypeScript. */
async function installed(): Promise<typeof import('../../../shards/documents/clean-inputs.ts')> {
  const root = new URL('../../../', import.meta.url);
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  return import(new URL('dist/shards/documents/clean-inputs.js', root).href);
}

/** The body of `vua clean`: shards, rejects and the memory of dedup are written. */
async function vua(input: string, outDir: string, threads: number): Promise<Cost> {
  const { cleanInputs } = await build;
  const silent = { write: () => true };
  const context = { signal: new AbortController().signal, report: createReporter({ json: false }, silent, silent) };
  const before = process.cpuUsage();
  const started = performance.now();
  await cleanInputs({ inputs: [input], outDir, preset: 'keep-all', threads }, context);
  const { user, system } = process.cpuUsage(before);
  return { wall: (performance.now() - started) / 1000, cpu: (user + system) / 1e6 };
}

async function compare(
  name: string,
  documents: readonly string[],
  { html, tokenizer }: { html: boolean; tokenizer: 'spaces' | 'vi' },
): Promise<void> {
  const dir = makeTemporaryFolder();
  try {
    const { jsonl, vua: input } = writeInput(dir, documents, html);
    const runs: [string, Cost][] = [];
    for (const threads of [0, WORKERS]) {
      runs.push([
        `vua, ${threads} threads beside the main one`,
        await vua(input, join(dir, `vua-${threads}`), threads),
      ]);
    }
    const job = { input: jsonl, output: join(dir, 'datatrove'), tokenizer, html, workers: WORKERS };
    const cost = pythonPeer<Cost>('stage', job);
    const label = tokenizer === 'vi' ? 'words by pyvi, as FineWeb-2' : 'words are what spaces separate';
    if (cost !== undefined) runs.push([`datatrove, ${label}`, cost]);
    const ours = runs[1][1];
    const rows = runs.map(([run, { wall, cpu }]) => [
      run,
      `${wall.toFixed(1)} s, ${cpu.toFixed(1)} s of processors`,
      `${formatCount(Math.round((documents.length * WORKERS) / cpu))} documents/s of ${WORKERS} cores`,
      `${(wall / ours.wall).toFixed(1)} × the time`,
      `${(cpu / ours.cpu).toFixed(1)} × the processors`,
    ]);
    const bytes = documents.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    process.stdout.write(
      `\n${name}: ${formatCount(documents.length)} documents, ${formatBytes(bytes)}\n${formatTable(rows)}\n`,
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

export async function stageBench(): Promise<void> {
  if (!hasPack) {
    process.stdout.write('VUA_PACK is not set: nothing to clean\n');
    return;
  }
  build = installed();
  process.stdout.write(`the whole stage, ${WORKERS} processes or threads; ${machine()}\n`);
  await compare('text', textDocuments(FOUR_TIMES), { html: false, tokenizer: 'spaces' });
  await compare('text', textDocuments(ONCE), { html: false, tokenizer: 'vi' });
  await compare('pages', htmlDocuments(), { html: true, tokenizer: 'spaces' });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await stageBench();
