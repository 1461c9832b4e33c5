/** `vua bench`: what is measured is kept, stopped or not; shares and words in its tables. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { benchStep } from '../../trainer/bench/bench.ts';
import { benchOptimizer } from '../../trainer/bench/models.ts';
import { findPytorch } from '../../trainer/bench/pytorch.ts';
import { type BenchReport, benchText, boundBy, peakOf } from '../../trainer/bench/report.ts';
import { kernelsFor } from '../../trainer/kernels/choice.ts';
import { modelConfig } from '../../trainer/model/config.ts';
import { flopsPerToken } from '../../trainer/run/flops.ts';
import { temporaryFolder } from '../support.ts';
import { sharedGpu } from './device.ts';

it('measures steps from a loader, and gives nothing when stopped before the first', async () => {
  const gpu = await sharedGpu();
  const buffers = gpu.liveBuffers;
  const config = modelConfig({ vocabSize: 61, depth: 1, width: 32, context: 16 });
  const options = {
    ...({ rows: 2, storage: 'f32', steps: 3, atLeastMs: 1, optimizer: benchOptimizer('adamw') } as const),
    kernels: kernelsFor(gpu.facts),
  };
  const stopped = { ...options, signal: AbortSignal.abort() };
  expect(await benchStep(gpu, config, stopped)).toBeUndefined();
  const step = (await benchStep(gpu, config, options))!;
  expect(step.tokens).toBe(32);
  expect(step.ms).toBeGreaterThan(0);
  expect(step.modelGflop).toBeCloseTo((flopsPerToken(config) * 32) / 1e9);
  expect(step.dataWait + step.encode).toBeLessThan(1);
  expect(step.roofline.reduce((sum, { dispatches }) => sum + dispatches, 0)).toBe(step.dispatches);
  expect(gpu.liveBuffers).toBe(buffers);

  const report: BenchReport = {
    ...{ adapter: gpu.facts, clock: 'a clock', tuned: 2, peaks: { gflops: 1e-9, gigabytesPerSecond: 1 }, matmuls: [] },
    steps: [{ model: 'demo', storage: 'f32', kernels: 'chosen', ...step }],
    peers: [
      { model: 'demo', dtype: 'bf16', compile: true, ms: 1, tokensPerSecond: step.tokensPerSecond * 2, device: 'CPU' },
      { model: 'demo', dtype: 'f32', compile: true, failed: 'status 1 | no compiler' },
    ],
  };
  const best = Math.max(...step.roofline.map(({ gflop, ms }) => (1000 * gflop) / ms));
  expect(peakOf(report, 'f32')).toBe(best); // so that no share is above 100 %
  const text = benchText(report, 3);
  expect(text).toContain('2 classes of products tuned here');
  expect(text).toMatch(/demo compile bf16 +CPU +1\.0 .* 0\.50×/);
  expect(text).toContain('did not run: status 1 | no compiler');
});

it('says what bounds a kernel, or that neither does', () => {
  expect([boundBy(0.5, 0.3), boundBy(0.1, 0.3), boundBy(0.13, 0.06)]).toEqual(['arithmetic', 'memory', 'neither']);
});

it('refuses a Python that does not run before anything is measured', async () => {
  await expect(findPytorch('/nowhere/python')).rejects.toMatchObject({
    ...{ code: 'BAD_OPTION', exitStatus: 2 },
    message: expect.stringContaining('/nowhere/python'),
  });
});

const stay = (out: string, ...given: string[]) =>
  spawnSync(process.execPath, ['--import', 'tsx', 'tests/bench/trainer/gpu-stay.ts', '--out', out, ...given], {
    encoding: 'utf8',
  });

it('a stay on a GPU refuses typos at once', () => {
  const typo = stay(join(temporaryFolder(), 'stay.json'), '--stages', 'facts,chek');
  expect([typo.status, typo.stderr]).toEqual([2, expect.stringContaining('--stages chek: allowed are facts')]);
});

it('a stay on a GPU keeps what it finds and goes on where its file ends', ({ skip }) => {
  skip(!process.env.VUA_LONG, 'set VUA_LONG: processes that compile for a stay on a GPU');
  const out = join(temporaryFolder(), 'stay.json');
  expect(stay(out, '--python', '/nowhere/python')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('/nowhere'),
  });

  const given = ['--adapter', 'embedded', '--stages', 'check', '--only', '^relu2_(for|back)ward_f32'];
  const first = stay(out, ...given);
  expect(first.status, first.stderr).toBe(0);
  const found = JSON.parse(readFileSync(out, 'utf8'));
  expect(found.facts.kind).toBe('embedded');
  expect(found.check).toEqual({ relu2_forward_f32: 'right', relu2_backward_f32: 'right' });

  const { relu2_forward_f32: _, relu2_backward_f32: __, ...check } = found.check;
  writeFileSync(out, JSON.stringify({ ...found, check, crashed: { relu2_forward_f32: 'SIGSEGV' } }));
  const next = stay(out, ...given);
  expect(next.status).toBe(1); // what crashed is not tried again, and told
  expect(next.stderr).toContain('relu2_forward_f32: SIGSEGV');
  expect(JSON.parse(readFileSync(out, 'utf8')).check).toEqual({ relu2_backward_f32: 'right' });
});
