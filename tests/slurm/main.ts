/**
 * A real Slurm in this box (Debian: slurm-wlm) runs an export of tokens as an array of eight: two ranks are killed, one is
 * late; what is missing is said, the array is run again, and `vua merge` makes the bytes that one process makes. Then the
 * files of `vua init slurm` clean a corpus in the same way, pass behind pass.
 *
 *   npm run slurm      as root, on loopback; without Slurm it says what it left out, and ends well
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { cleanInputs } from '../../shards/documents/clean-inputs.ts';
import { exportTokens } from '../../shards/export/tokens/export.ts';
import { rankJobFor } from '../../shards/nights/rank-jobs.ts';
import { duplicatePool } from '../cleaning/duplicate-pool.ts';
import { makeTemporaryFolder } from '../folder.ts';
import { makeTokens } from '../shards/token-folder.ts';

const RANKS = 8;
const daemons: ChildProcess[] = [];
const work = makeTemporaryFolder();

function has(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`]);
    return true;
  } catch {
    return false;
  }
}

/** One controller and one node, without munge, cgroups and accounting. */
function startSlurm(): NodeJS.ProcessEnv {
  const host = hostname().split('.')[0];
  const conf = join(work, 'slurm.conf');
  for (const name of ['state', 'spool']) mkdirSync(join(work, name));
  writeFileSync(
    conf,
    `ClusterName=vua
SlurmctldHost=${host}(127.0.0.1)
SlurmUser=root
AuthType=auth/none
CredType=cred/none
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobRequeue=1
SlurmctldPort=16817
SlurmdPort=16818
StateSaveLocation=${work}/state
SlurmdSpoolDir=${work}/spool
SlurmctldPidFile=${work}/slurmctld.pid
SlurmdPidFile=${work}/slurmd.pid
SlurmctldLogFile=${work}/slurmctld.log
SlurmdLogFile=${work}/slurmd.log
NodeName=${host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=${host} Default=YES MaxTime=INFINITE State=UP OverSubscribe=FORCE:4
`,
  );
  const env = { ...process.env, SLURM_CONF: conf };
  daemons.push(spawn('slurmctld', ['-D', '-f', conf], { env, stdio: 'ignore' }));
  daemons.push(spawn('slurmd', ['-D', '-f', conf, '-N', host], { env, stdio: 'ignore' }));
  return env;
}

async function until(what: string, holds: () => boolean, seconds = 120): Promise<void> {
  for (let i = 0; i < 4 * seconds; i++) {
    if (holds()) return;
    await new Promise((done) => setTimeout(done, 250));
  }
  throw new Error(`${what}: not within ${seconds} s`);
}

async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const run = (program: string, args: string[], more = {}): string => {
    try {
      return execFileSync(program, args, {
        env: { ...env, ...more },
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    } catch (error) {
      const { status, stderr } = error as { status: number; stderr: string };
      return `${status} ${stderr}`;
    }
  };
  await until('a node that is idle', () => /idle/.test(run('sinfo', ['-h', '-o', '%T'])));
  const made = await makeTokens(work, { count: 900, shardTokens: 2000 });
  const alone = join(work, 'alone');
  const options = { dir: made.dir, to: 'megatron', endId: made.endId, partTokens: 1 } as const;
  const whole = await exportTokens({ ...options, out: alone });
  const out = join(work, 'ranks');
  const rank = join(work, 'rank.mjs');
  const root = resolve(import.meta.dirname, '../..');
  writeFileSync(
    rank,
    `import { exportParts } from ${JSON.stringify(join(root, 'dist/shards/export/tokens/export.js'))};
import { rankOf } from ${JSON.stringify(join(root, 'dist/crawlers/shell/work.js'))};
import { existsSync, writeFileSync } from 'node:fs';
const rank = rankOf();
const first = ${JSON.stringify(join(work, 'began-'))} + rank.index;
const isFirst = !existsSync(first);
writeFileSync(first, '');
let told = 0;
const stage = () => ({ finish() {}, update() {
  if (isFirst && (rank.index === 2 || rank.index === 5) && ++told === 3) process.kill(process.pid, 'SIGKILL');
  if (rank.index === 7) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
} });
const report = { json: false, stage, note() {}, result() {} };
await exportParts({ ...${JSON.stringify(options)}, out: ${JSON.stringify(out)} }, rank, { signal: new AbortController().signal, report });
`,
  );
  const script = join(work, 'job.sh');
  writeFileSync(script, `#!/bin/sh\nexec ${process.execPath} ${rank}\n`);
  chmodSync(script, 0o755);
  const array = async (): Promise<void> => {
    const log = join(work, 'job-%a.log');
    const said = run('sbatch', ['--parsable', `--array=0-${RANKS - 1}`, '-o', log, script]);
    if (!/^\d+/.test(said)) throw new Error(`sbatch: ${said}`);
    await until('the end of the array', () => run('squeue', ['-h']).trim() === '', 240);
  };
  const merge = (): string => run(process.execPath, [join(root, 'dist/main.js'), 'merge', out]);
  await array();
  const first = merge();
  console.log(`two ranks killed: ${first.split('\n').find((line) => line.includes('parts')) ?? first}`);
  if (!/^75 /.test(first) || !/INCOMPLETE/.test(first)) throw new Error(`merge of a part: ${first}`);
  await array();
  merge();
  const manifest = JSON.parse(readFileSync(join(out, 'manifest.json'), 'utf8'));
  const parts = whole.report!.splits.train!.length + whole.report!.splits.valid!.length;
  if (!isDeepStrictEqual(manifest, JSON.parse(readFileSync(join(alone, 'manifest.json'), 'utf8'))))
    throw new Error('other bytes');
  console.log(`${RANKS} ranks, ${parts} parts, run again: the bytes of one process`);
  await cleanTogether(run, root);
}

const POOL = 20;

/** What `vua init slurm` writes cleans a corpus with copies: the same ranks killed and late, each pass behind the other. */
async function cleanTogether(run: (program: string, args: string[]) => string, root: string): Promise<void> {
  const folder = join(work, 'corpus');
  mkdirSync(join(folder, 'in'), { recursive: true });
  const documents = duplicatePool(POOL).documents.map(({ id, text }) => `${JSON.stringify({ id, text })}\n`);
  for (let file = 0; file < 5; file++) {
    const own = documents.filter((_, i) => i % 5 === file);
    writeFileSync(join(folder, 'in', `${file}.jsonl`), own.join(''));
  }
  const alone = join(work, 'clean-alone');
  const inputs = [join(folder, 'in')];
  await cleanInputs({ inputs, outDir: alone, dedupOrder: 'stable', shardBytes: 400_000 });
  const trouble = join(work, 'trouble.mjs');
  writeFileSync(
    trouble,
    `import { existsSync, writeFileSync } from 'node:fs';
const rank = process.env.SLURM_ARRAY_TASK_ID;
const first = ${JSON.stringify(join(work, 'cleaned-'))} + rank;
if ((rank === '2' || rank === '5') && !existsSync(first)) setTimeout(() => process.kill(process.pid, 'SIGKILL'), 400);
if (rank !== undefined) writeFileSync(first, '');
const wait = new Int32Array(new SharedArrayBuffer(4));
if (rank === '7') setInterval(() => Atomics.wait(wait, 0, 0, 90), 10).unref();
`,
  );
  const line = ['clean', '--input', 'in', '--out', 'documents', '--shard-bytes', '400000', '--workers', '0'];
  const program = [process.execPath, '--import', trouble, join(root, 'dist/main.js')];
  const { files } = rankJobFor.slurm({ program, line, ranks: RANKS, folder });
  for (const [name, text] of Object.entries(files))
    writeFileSync(join(folder, name), text.replace('-ge 12', '-ge 4').replace('sleep 5', 'sleep 1'));
  const sbatch = (...args: string[]): string => run('sbatch', ['--parsable', '-D', folder, ...args]).trim();
  const pass = sbatch(join(folder, 'vua-ranks.sh'));
  sbatch(`--dependency=afterany:${pass}`, join(folder, 'vua-next.sh'));
  const out = join(folder, 'documents');
  await until('documents', () => existsSync(join(out, 'manifest.json')) || run('squeue', ['-h']).trim() === '', 600);
  const said = readFileSync(join(folder, 'vua-next.log'), 'utf8');
  if (!existsSync(join(out, 'manifest.json'))) throw new Error(`no documents: ${said}`);
  const filesIn = (dir: string): string[] => readdirSync(dir).filter((name) => /\.(arrow|json|tsv)$/.test(name));
  const same = (name: string): boolean => readFileSync(join(out, name)).equals(readFileSync(join(alone, name)));
  if (filesIn(out).join() !== filesIn(alone).join() || !filesIn(out).every(same)) throw new Error('other documents');
  const waited = said.match(/INCOMPLETE/g)?.length ?? 0;
  console.log(
    `${RANKS} ranks cleaned ${documents.length} pages, two killed, one late, ${waited} more passes: the bytes of one process`,
  );
}

if (!['slurmctld', 'slurmd', 'sbatch'].every(has)) {
  console.log('left out: no Slurm here (apt-get install slurm-wlm)');
} else {
  try {
    await main(startSlurm());
  } catch (error) {
    console.log(String(error));
    process.exitCode = 1;
  } finally {
    for (const daemon of daemons.reverse()) daemon.kill();
    await new Promise((done) => setTimeout(done, 1000));
    if (process.exitCode === undefined) rmSync(work, { recursive: true, force: true });
    else console.log(`logs: ${work}`);
  }
}
