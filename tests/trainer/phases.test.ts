/** A run in phases: other tokens, mix, context, batch and rate; killed in each, it goes on to the bit. */
import { cpSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { checkpointsIn, openCheckpoint, stepOf } from '../../trainer/record/checkpoint.ts';
import { readCurve } from '../../trainer/record/curve.ts';
import { readEvaluation } from '../../trainer/run/history.ts';
import type { TrainingOptions } from '../../trainer/run/options.ts';
import { runTraining } from '../../trainer/run/run.ts';
import { learningRate } from '../../trainer/run/schedule.ts';
import { context, temporaryFolder } from '../support.ts';
import { sharedGpu } from './device.ts';
import { makeTokens } from './support.ts';

it('trains three phases, and resumes in each to the bit', async () => {
  const tokens = await makeTokens();
  const gpu = await sharedGpu('embedded');
  const options: TrainingOptions = {
    ...{ tokens: [tokens], weights: [], layout: 'stream', adapter: 'embedded', gpu, start: 'new', seed: 1, keep: 99 },
    ...{ out: temporaryFolder('file'), depth: 1, width: 32, context: 16, batch: 4, steps: 0, learningRate: 0.01 },
    ...{ evaluateEvery: 100, evaluateTokens: 300, checkpointEvery: 1 },
    phases: [
      { steps: 3 },
      { steps: 2, tokens: [tokens, await sameTokens(tokens)], weights: [3, 1], layout: 'packed', maskDocuments: true },
      { steps: 3, context: 24, ropeBase: 20_000, batch: 2, learningRate: 0.004, decayShare: 1 },
    ],
  };
  const { outcome, report } = await runTraining(options, context());
  expect({ outcome, step: report.step, trained: report.trainedSteps }).toEqual({
    outcome: 'written',
    step: 8,
    trained: 8,
  });
  expect(readEvaluation(options.out)!.step).toBe(8);
  const { points, heads } = readCurve(options.out);
  const rates = points.map((point) => point.learningRate);
  expect(rates.slice(0, 5)).toEqual([0.01, 0.01, 0.01, 0.01, 0.01]);
  expect(rates.slice(5).map((rate) => rate.toFixed(5))).toEqual(['0.00400', '0.00267', '0.00133']);
  expect(heads.map(({ from, tokensPerStep }) => [from, tokensPerStep])).toEqual([
    [undefined, 64],
    [5, 48],
  ]);
  expect(openCheckpoint(options.out).state.config).toMatchObject({ context: 24, ropeBase: 20_000 });

  const all = checkpointsIn(options.out);
  const figures = points.map(({ step, loss, gradNorm }) => [step, loss, gradNorm]);
  // At a border; with VUA_LONG in the middle of each phase, and at the other border.
  for (const behind of process.env.VUA_LONG ? [2, 3, 4, 5, 7] : [3]) {
    const killed = temporaryFolder();
    for (const dir of all.filter((one) => stepOf(one) <= behind))
      cpSync(dir, join(killed, dir.slice(options.out.length)), { recursive: true });
    cpSync(join(options.out, 'curve.jsonl'), join(killed, 'curve.jsonl'));
    const { report: resumed } = await runTraining({ ...options, out: killed, start: 'resume' }, context());
    expect(resumed.trainedSteps).toBe(8 - behind);
    for (const file of ['model.safetensors', 'optimizer.safetensors'])
      expect(readFileSync(join(killed, 'step-000008', file)).equals(readFileSync(join(all.at(-1)!, file)))).toBe(true);
    expect(readCurve(killed).points.map(({ step, loss, gradNorm }) => [step, loss, gradNorm])).toEqual(figures);
  }
  const again = await runTraining({ ...options, start: 'resume' }, context());
  expect(again.outcome).toBe('nothing_new');

  // What is over cannot be another phase; what is to come can.
  const [first, second, third] = options.phases!;
  const changed = (phases: TrainingOptions['phases']) =>
    runTraining({ ...options, phases, start: 'resume' }, context());
  await expect(changed([{ ...first, learningRate: 0.02 }, second, third])).rejects.toMatchObject({
    ...{ code: 'OTHER_RUN', message: expect.stringContaining('phasesBefore') },
  });
  expect(existsSync(join(options.out, 'step-000008'))).toBe(true);
  if (!process.env.VUA_LONG) return;
  for (const dir of all.filter((one) => stepOf(one) > 4)) rmSync(dir, { recursive: true });
  const shorter = await changed([first, second, { ...third, steps: 1 }]);
  expect(shorter.report.step).toBe(6);
});

/** The same texts under another path. */
async function sameTokens(tokens: string): Promise<string> {
  const folder = temporaryFolder('file');
  cpSync(tokens, folder, { recursive: true });
  return folder;
}

it('has a rate for each phase', () => {
  const schedule = { peak: 1, warmupSteps: 2, decayShare: 0.5, floor: 0, begin: 10, steps: 18 };
  expect([11, 12, 14, 15, 18].map((step) => learningRate(schedule, step))).toEqual([0.5, 1, 1, 1, 0.25]);
});
