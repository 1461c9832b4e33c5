/**
 * What cleaning costs each rank, stage by stage: synthetic documents, one in eight a copy of another file's, each rank and pass
 * a process of its own. CPU time, so that a busy machine says the same; the most memory that a rank took.
 *
 *   node --import tsx tests/bench/cleaning/ranks.ts [DOCUMENTS] [RANKS …]     default 20,000, of 1, 2 and 8 ranks
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatCount, formatTable } from '../../../crawlers/shell/reporter.ts';
import { cleanRank } from '../../../shards/ranks/clean.ts';
import { mergeDocuments } from '../../../shards/ranks/merge.ts';
import { prose, Random } from '../../cleaning/duplicate-pool.ts';
import { makeTemporaryFolder } from '../../folder.ts';

const FILES = 16;
const SYLLABLES = 120;

interface Spent {
  readonly stage: string;
  readonly seconds: number;
}

/** A process of one rank, until it waits: prints what each stage took. */
async function runRank(dir: string, index: number, of: number): Promise<void> {
  const spent: Spent[] = [];
  let [stage, since] = ['', process.cpuUsage()];
  const end = (next: string): void => {
    const { user, system } = process.cpuUsage(since);
    if (stage !== '') spent.push({ stage, seconds: (user + system) / 1e6 });
    [stage, since] = [next, process.cpuUsage()];
  };
  const report = {
    json: false,
    note: () => {},
    result: () => {},
    stage: (name: string) => {
      end(name);
      return { update: () => {}, finish: () => {} };
    },
  };
  const options = { inputs: [join(dir, 'in')], outDir: join(dir, `out${of}`), threads: 0, pieceBytes: 1 << 20 };
  const ending = await cleanRank(options, { index, of }, { signal: new AbortController().signal, report });
  end('');
  const told = { isWhole: ending === 'whole', memory: process.resourceUsage().maxRSS * 1024, spent };
  process.stdout.write(JSON.stringify(told));
}

interface Ranked {
  readonly memory: number;
  readonly kept: number;
  /** Of each stage the seconds of each rank. */
  readonly stages: ReadonlyMap<string, number[]>;
}

async function measure(dir: string, of: number): Promise<Ranked> {
  const stages = new Map<string, number[]>();
  let memory = 0;
  for (let whole = 0; whole < of; ) {
    whole = 0;
    for (let rank = 0; rank < of; rank++) {
      const args = [...process.execArgv, fileURLToPath(import.meta.url), '--rank', dir, String(rank), String(of)];
      const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
      if (status !== 0) throw new Error(stderr);
      const told = JSON.parse(stdout) as { isWhole: boolean; memory: number; spent: Spent[] };
      if (told.isWhole) whole++;
      memory = Math.max(memory, told.memory);
      for (const { stage, seconds } of told.spent) {
        const each = stages.get(stage) ?? new Array<number>(of).fill(0);
        each[rank] += seconds;
        stages.set(stage, each);
      }
    }
  }
  const { report } = await mergeDocuments(join(dir, `out${of}`));
  return { memory, kept: report.report.kept, stages };
}

function write(dir: string, documents: number): void {
  mkdirSync(join(dir, 'in'));
  const random = new Random(1);
  let copied = prose(random, SYLLABLES);
  for (let file = 0; file < FILES; file++) {
    const lines: string[] = [];
    for (let n = file; n < documents; n += FILES) {
      const isCopy = n % 8 === 7;
      const text = isCopy ? `${copied} ${prose(random, 6)}` : prose(random, SYLLABLES);
      if (n % 8 === 0) copied = text;
      lines.push(`${JSON.stringify({ id: `d${n}`, text })}\n`);
    }
    writeFileSync(join(dir, 'in', `${String(file).padStart(2, '0')}.jsonl`), lines.join(''));
  }
}

async function main(documents: number, worlds: readonly number[]): Promise<void> {
  const dir = makeTemporaryFolder();
  try {
    write(dir, documents);
    const rows = [['ranks', 'kept', 'CPU of a rank, mean', 'the most', 'of one stage', 'memory']];
    for (const of of worlds) {
      const { memory, kept, stages } = await measure(dir, of);
      const totals = Array.from({ length: of }, (_, rank) =>
        [...stages.values()].reduce((sum, each) => sum + each[rank], 0),
      );
      const mean = totals.reduce((a, b) => a + b) / of;
      const [stage, worst] = [...stages]
        .map(([name, each]) => [name, Math.max(...each) / (each.reduce((a, b) => a + b) / of)] as const)
        .filter(([name]) => stages.get(name)!.reduce((a, b) => a + b) > 0.05 * of * mean)
        .reduce((a, b) => (b[1] > a[1] ? b : a));
      const most = Math.max(...totals);
      rows.push([
        String(of),
        formatCount(kept),
        `${mean.toFixed(1)} s`,
        `${most.toFixed(1)} s`,
        `${stage}: ${worst.toFixed(2)} × mean`,
        `${Math.round(memory / 2 ** 20)} MiB`,
      ]);
      const shares = [...stages].map(([name, each]) => `${name} ${(each.reduce((a, b) => a + b) / of).toFixed(2)}`);
      console.log(`${of} ranks, seconds of a rank: ${shares.join(', ')}`);
    }
    console.log(`\n${formatCount(documents)} documents\n${formatTable(rows)}`);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const [first, ...more] = process.argv.slice(2);
if (first === '--rank') await runRank(more[0], Number(more[1]), Number(more[2]));
else await main(Number(first ?? 20_000), more.length > 0 ? more.map(Number) : [1, 2, 8]);
