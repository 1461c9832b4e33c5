/**
 * A night on which documents came: is a model that goes on from the one in force as good as a new one, at a share of its
 * steps? Held-out bits per byte of both, on the same text.
 *
 *   node --import tsx tests/bench/trainer/continue.ts --documents DIR --tokenizer DIR      two or three minutes on two idle cores
 *     [--more 200] [--steps 90] [--width 32] [--context 64] [--batch 16] [--rate-shares 1 --rate-shares 0.5]
 *
 * Ends with 1 where no model that went on is as good as the new one.
 */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createReporter } from '../../../crawlers/shell/reporter.ts';
import { readDocuments } from '../../../shards/documents/read.ts';
import { openGpu } from '../../../trainer/gpu/adapter.ts';
import type { TrainingOptions } from '../../../trainer/run/options.ts';
import { runTraining } from '../../../trainer/run/run.ts';
import { makeTemporaryFolder } from '../../folder.ts';

const { values } = parseArgs({
  options: {
    documents: { type: 'string' },
    tokenizer: { type: 'string' },
    more: { type: 'string', default: '200' },
    steps: { type: 'string', default: '90' },
    width: { type: 'string', default: '32' },
    context: { type: 'string', default: '64' },
    batch: { type: 'string', default: '16' },
    'rate-shares': { type: 'string', multiple: true, default: ['1', '0.5'] },
  },
});
const folder = makeTemporaryFolder();
const signal = new AbortController().signal;
const quiet = createReporter({ json: false }, { write: () => true }, { write: () => true });

async function tokensOf(name: string, lines: readonly string[]): Promise<string> {
  const [jsonl, documents, tokens] = ['jsonl', 'documents', 'tokens'].map((kind) => join(folder, `${name}.${kind}`));
  writeFileSync(jsonl, lines.join('\n'));
  const vua = (...args: string[]) =>
    execFileSync(process.execPath, ['--import', 'tsx', 'main.ts', ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
  vua('clean', '--input', jsonl, '--out', documents, '--preset', 'keep-all', '--workers', '1', '--log-json');
  vua('tokens', '--documents', documents, '--tokenizer', values.tokenizer!, '--out', tokens, '--valid-share', '0.05');
  return tokens;
}

const lines: string[] = [];
for await (const batch of readDocuments(values.documents!, signal)) {
  for (let row = 0; row < batch.rows; row++) {
    const [text, url, source] = (['text', 'url', 'source'] as const).map((name) => batch.string(name, row));
    lines.push(JSON.stringify({ id: `${lines.length}`, url, source, text }));
  }
}
const few = await tokensOf('few', lines.slice(0, lines.length - Number(values.more)));
const all = await tokensOf('all', lines);
const gpu = await openGpu('embedded');
const steps = Number(values.steps);
const options: TrainingOptions = {
  ...{ tokens: [few], weights: [], layout: 'stream', adapter: 'embedded', gpu, start: 'new', seed: 1 },
  ...{
    out: join(folder, 'first'),
    depth: 2,
    width: Number(values.width),
    context: Number(values.context),
    batch: Number(values.batch),
    steps,
    learningRate: 0,
  },
  ...{ evaluateEvery: steps, evaluateTokens: 16_384, finalTokens: 16_384, checkpointEvery: steps },
};
const work = { report: quiet, signal };
const bits = async (change: Partial<TrainingOptions>): Promise<number> =>
  (await runTraining({ ...options, ...change }, work)).report.heldOutBitsPerByte;
console.log(`${lines.length} documents, ${values.more} of them new; ${steps} steps`);
console.log(`in force, on its own held-out text: ${(await bits({})).toFixed(4)}`);
const anew = await bits({ tokens: [all], out: join(folder, 'anew') });
console.log(`a new model: ${anew.toFixed(4)}`);
let lowest = Number.POSITIVE_INFINITY;
const third = Math.ceil(steps / 3);
const peak = 0.03 * Math.sqrt(64 / Number(values.width));
for (const share of values['rate-shares']!) {
  const change = {
    tokens: [all],
    out: join(folder, `on-${share}`),
    initFrom: join(folder, 'first'),
    depth: 0,
    width: 0,
  };
  const found = await bits({ ...change, steps: third, evaluateEvery: third, learningRate: peak * Number(share) });
  lowest = Math.min(lowest, found);
  console.log(`gone on from it, ${third} steps, rate × ${share}: ${found.toFixed(4)}`);
}
gpu.destroy();
rmSync(folder, { recursive: true });
process.exit(lowest <= anew ? 0 : 1);
