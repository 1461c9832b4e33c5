/**
 * Engines that train elsewhere read what `vua export tokens` writes, each with its own reader, and every token and
 * document is compared: two vocabularies, 600 documents.
 *
 *   bash tests/interop/venv.sh && npm run interop [-- megatron mds …]
 *
 * Without that Python it says what it left out, and ends well.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { TOKEN_FORMATS, type TokenFormat } from '../../shards/export/formats.ts';
import { exportTokens } from '../../shards/export/tokens/export.ts';
import { makeTemporaryFolder } from '../folder.ts';
import { makeTokens } from '../shards/token-folder.ts';

const VENV = process.env.VUA_INTEROP ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'vua', 'interop');
const PYTHON = join(VENV, 'base', 'bin', 'python');
/** Rows of a fixed length beside documents as rows. */
const CONTEXTS: Readonly<Partial<Record<TokenFormat, readonly number[]>>> = {
  mds: [0, 512],
  parquet: [0, 512],
  datasets: [0, 512],
};

const wanted = process.argv.slice(2);
const formats = TOKEN_FORMATS.filter((format) => wanted.length === 0 || wanted.includes(format));
if (!existsSync(PYTHON)) {
  console.log(`left out: ${formats.join(', ')}: no ${PYTHON} (bash tests/interop/venv.sh makes it)`);
  process.exit(0);
}

const work = makeTemporaryFolder();
let failed = 0;
try {
  for (const vocabSize of [8192, 100_000]) {
    const made = await makeTokens(join(work, String(vocabSize)), {
      ...{ count: 600, vocabSize, longest: 300_000, batchTokens: 1 << 15, shardTokens: 50_000 },
    });
    const expected = join(work, `expected-${vocabSize}`);
    mkdirSync(expected);
    for (const [split, documents] of Object.entries(made.documents)) {
      const framed = documents.map((tokens) => [...tokens, made.endId]);
      writeFileSync(join(expected, `${split}.tokens.u32`), Uint32Array.from(framed.flat()));
      writeFileSync(
        join(expected, `${split}.lengths.u32`),
        Uint32Array.from(framed, ({ length }) => length),
      );
    }
    for (const to of formats) {
      for (const context of CONTEXTS[to] ?? [undefined]) {
        const out = join(work, `${to}-${vocabSize}-${context}`);
        await exportTokens({ dir: made.dir, out, to, endId: made.endId, context });
        failed += read(to, out, expected, context ?? 0);
      }
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
failed += checkJob();
console.log(failed === 0 ? 'all equal' : `${failed} not equal`);
process.exitCode = failed === 0 ? 0 : 1;

/** The Job of trainer/ENGINES.md against the schema of Kubernetes. @returns 1 where it does not fit */
function checkJob(): number {
  const page = readFileSync(join(import.meta.dirname, '../../trainer/ENGINES.md'), 'utf8');
  const [, job] = /```yaml\n(apiVersion: batch[\s\S]*?)```/.exec(page)!;
  const checked = spawnSync(join(VENV, 'base', 'bin', 'kubernetes-validate'), ['-'], { input: job });
  console.log(`Job: ${checked.stderr.toString().trim() || checked.stdout.toString().trim()}`);
  return checked.status === 0 ? 0 : 1;
}

/** @returns 1 where it is not what was written */
function read(to: TokenFormat, out: string, expected: string, context: number): number {
  const script = join(import.meta.dirname, 'readers.py');
  const env = { ...process.env, HF_HUB_OFFLINE: '1', TMPDIR: work, HOME: work };
  const path = to === 'mds' ? { PYTHONPATH: join(VENV, 'streaming') } : {};
  try {
    const said = execFileSync(PYTHON, ['-W', 'ignore', script, to, out, expected, String(context)], {
      env: { ...env, ...path },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    console.log(said.toString().trim());
    return 0;
  } catch (error) {
    const { stderr } = error as { stderr: Buffer };
    console.log(`${to}: ${stderr.toString().trim().split('\n').slice(-4).join('\n  ')}`);
    return 1;
  }
}
