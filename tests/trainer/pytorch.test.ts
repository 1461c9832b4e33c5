/** A checkpoint goes on in plain PyTorch and back: the losses of the next ten steps, with AdamW and with Muon. */
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { openTokens } from '../../shards/tokens/source.ts';
import type { Gpu } from '../../trainer/gpu/device.ts';
import { openLoader } from '../../trainer/loader/loader.ts';
import { openCheckpoint } from '../../trainer/record/checkpoint.ts';
import { readCurve } from '../../trainer/record/curve.ts';
import type { TrainingOptions } from '../../trainer/run/options.ts';
import { runTraining } from '../../trainer/run/run.ts';
import { context, range, temporaryFolder } from '../support.ts';
import { sharedGpu } from './device.ts';
import { makeTokens } from './support.ts';

const { VUA_PYTHON: python } = process.env;
let gpu: Gpu;
let tokens: string;
beforeAll(async () => {
  if (!python) return;
  gpu = await sharedGpu('embedded');
  tokens = await makeTokens();
}, 300_000);

it.for(['adamw', 'muon'] as const)(
  'goes on in PyTorch and back, %s',
  { timeout: 300_000 },
  async (optimizer, { skip }) => {
    if (!python) return skip('set VUA_PYTHON to a Python with torch');
    const options: TrainingOptions = {
      ...{ tokens: [tokens], weights: [], layout: 'stream', adapter: 'embedded', gpu, start: 'new', seed: 1, keep: 99 },
      ...{
        out: temporaryFolder(),
        depth: 2,
        width: 32,
        context: 16,
        batch: 4,
        steps: 14,
        learningRate: 0.004,
        optimizer,
      },
      ...{ evaluateEvery: 100, evaluateTokens: 300, checkpointEvery: 4, precision: 'f32' },
    };
    await runTraining(options, context());
    const ours = readCurve(options.out).points;

    const { dir, state } = openCheckpoint(options.out, { before: 7 });
    expect(state.step).toBe(4);
    const plan = { rows: 4, length: 16, seed: 1, paddedVocab: 0, layout: 'stream', maskDocuments: false } as const;
    const loader = openLoader([(await openTokens(tokens)).source('train')], { ...plan, state: state.loader });
    const batches: { tokens: number[][]; targets: number[][]; rate: number }[] = [];
    for (const { learningRate: rate } of ours.slice(4)) {
      const batch = await loader.next();
      const rowsOf = (ids: Uint32Array) =>
        range(4).map((row) => Array.from(ids.slice(16 * row, 16 * row + 16), (id) => id | 0));
      batches.push({ tokens: rowsOf(batch.tokens), targets: rowsOf(batch.targets), rate });
    }
    const script = join('trainer', 'export', 'pytorch.py');
    const goOn = (count: number, ...out: string[]): number[] => {
      const file = join(options.out, 'batches.json');
      writeFileSync(file, JSON.stringify(batches.slice(0, count)));
      const env = { ...process.env, OMP_NUM_THREADS: '1' }; // small matrices: threads would wait for each other
      return `${execFileSync(python, [script, dir, file, ...out], { env })}`.trim().split('\n').map(Number);
    };
    const theirs = goOn(10);
    const apart = theirs.map((loss, i) => Math.abs(loss - ours[4 + i].loss));
    expect(Math.max(...apart)).toBeLessThanOrEqual(1e-6 * Math.max(...theirs));

    // Five steps there, and the last five here again.
    const back = temporaryFolder();
    cpSync(join(options.out, 'curve.jsonl'), join(back, 'curve.jsonl'));
    goOn(5, join(back, 'step-000009'));
    rmSync(options.out, { recursive: true });
    const { report } = await runTraining({ ...options, out: back, start: 'resume' }, context());
    expect([report.step, report.trainedSteps]).toEqual([14, 5]);
    const again = readCurve(back)
      .points.slice(9)
      .map(({ loss }, i) => Math.abs(loss - ours[9 + i].loss));
    expect(Math.max(...again)).toBeLessThanOrEqual(1e-6 * Math.max(...theirs));
    console.log(
      `${optimizer}: there ${Math.max(...apart).toExponential(1)}, back ${Math.max(...again).toExponential(1)} nats apart at most`,
    );
  },
);
