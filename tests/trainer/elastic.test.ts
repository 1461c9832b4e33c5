/** Training together: leases, payloads, rounds with workers that come late, die and are replaced, a director that is killed. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { trainCommand } from '../../trainer/commands/train.ts';
import { giveBack, share, speedsFor, take } from '../../trainer/elastic/leases.ts';
import { average, largestNorm, nesterov } from '../../trainer/elastic/outer.ts';
import { decode, encode, payloadBytes, seal, unseal } from '../../trainer/elastic/payload.ts';
import { folderTransport } from '../../trainer/elastic/transport.ts';
import type { Gpu } from '../../trainer/gpu/device.ts';
import { normal } from '../../trainer/gpu/random.ts';
import type { Trainer } from '../../trainer/model/trainer.ts';
import { readCurve } from '../../trainer/record/curve.ts';
import { joinTraining } from '../../trainer/run/join.ts';
import type { TrainingOptions } from '../../trainer/run/options.ts';
import { runTraining } from '../../trainer/run/run.ts';
import { BATCH, makeTrainer, ROWS, trainTogether } from '../elastic/together.ts';
import { context, range, temporaryFolder, thrownBy } from '../support.ts';
import { sharedGpu } from './device.ts';
import { makeTokens } from './support.ts';

it('leases every row once, those that came back first', () => {
  const begun = take({ next: 0, free: [] }, 10);
  expect(begun).toEqual({ taken: [{ from: 0, rows: 10 }], pool: { next: 10, free: [] } });
  const back = giveBack(begun.pool, [
    { from: 6, rows: 2 },
    { from: 2, rows: 2 },
  ]);
  expect(take(back, 7)).toEqual({
    taken: [
      { from: 2, rows: 2 },
      { from: 6, rows: 2 },
      { from: 10, rows: 3 },
    ],
    pool: { next: 13, free: [] },
  });
  expect(take(back, 1).pool.free).toEqual([
    { from: 3, rows: 1 },
    { from: 6, rows: 2 },
  ]);
});

it('shares by speed, and moves no share for what is only noise', () => {
  expect(share(8, [1, 1])).toEqual([4, 4]);
  expect(share(8, [3, 1])).toEqual([6, 2]);
  expect(share(10, [1, 1, 1])).toEqual([4, 3, 3]);
  expect(share(2, [1, 5, 3])).toEqual([0, 1, 1]);
  for (const units of range(40)) {
    const shares = share(units, [0.1, 7, 2, 1]);
    expect(shares.reduce((a, b) => a + b, 0)).toBe(units);
  }
  expect(speedsFor(['a', 'b'], { a: 1, b: 1 }, { a: 100, b: 110 })).toEqual({ a: 1, b: 1 });
  const { a, b } = speedsFor(['a', 'b'], { a: 1, b: 1 }, { a: 300, b: 100 });
  expect(a / b).toBe(3);
  expect(speedsFor(['a', 'c'], { a: 1, b: 1 }, { a: 300 })).toEqual({ a: 1, c: 1 });
});

it.each([
  ['f16', 2 ** -11],
  ['int8', 1 / 127],
] as const)('sends %s, and later what rounding left out', (payload, precision) => {
  const values = normal(1, 1000, 1).map((value, i) => value * 10 ** -(i >> 8)); // blocks of other magnitudes
  const left = new Float32Array(1000);
  const sum = new Float64Array(1000);
  for (let round = 0; round < 20; round++) {
    const arrived = decode(encode(values, payload, left), 1000, payload);
    for (const [i, value] of arrived.entries()) sum[i] += value;
  }
  for (const block of range(4)) {
    const of = range(1000).filter((i) => i >> 8 === block);
    const largest = Math.max(...of.map((i) => Math.abs(values[i])));
    for (const i of of) expect(Math.abs(sum[i] - 20 * values[i])).toBeLessThan(1.5 * precision * largest);
  }
  expect(encode(values, payload).length).toBe(payloadBytes(1000, payload));
});

it('refuses what was cut, has rotted or is no number', async () => {
  const sealed = seal({ worker: 'a' }, encode(new Float32Array([1, 2, 3]), 'f16'));
  expect(unseal<{ worker: string }>(sealed, 'x').facts.worker).toBe('a');
  const rotten = sealed.slice();
  rotten[sealed.length - 1] ^= 1;
  for (const bytes of [rotten, sealed.slice(0, -1), sealed.slice(0, 3), new Uint8Array(0)])
    expect((await thrownBy(() => unseal(bytes, 'x'))).code).toBe('BAD_INPUT');
  expect((await thrownBy(() => encode(new Float32Array([1, Number.NaN]), 'int8'))).code).toBe('NAN_LOSS');
  expect((await thrownBy(() => decode(new Uint8Array(11), 3, 'f16'))).code).toBe('BAD_INPUT');
});

it('takes the outer step as PyTorch does, weighs by rows, clips what moved too far', () => {
  // torch.optim.SGD(lr=0.5, momentum=0.9, nesterov=True), gradients 1 and 2: 1 → 0.05 → -2.255
  const momentum = new Float32Array(1);
  const steps = [1, 2].map((gradient) => nesterov(Float32Array.of(gradient), momentum, 0.5, 0.9)[0]);
  expect(1 - steps[0]).toBeCloseTo(0.05, 6);
  expect(1 - steps[0] - steps[1]).toBeCloseTo(-2.255, 6);
  const parts = [
    { delta: Float32Array.of(1), rows: 3, norm: 1 },
    { delta: Float32Array.of(100), rows: 1, norm: 100 },
  ];
  expect(average(parts, largestNorm(3, [1, 1, 2]))[0]).toBeCloseTo(0.75 + 3 / 4, 6);
  expect(largestNorm(3, [1])).toBe(Number.POSITIVE_INFINITY);
});

let gpu: Gpu;
let trainers: Trainer[];
beforeAll(async () => {
  gpu = await sharedGpu('embedded');
  trainers = [await makeTrainer(gpu), await makeTrainer(gpu)];
});

it('comes to the same bits with the same workers, though the director was killed', async () => {
  const how = { workers: 2, steps: 6, innerSteps: 2, trainers };
  const whole = await trainTogether(gpu, how);
  const killed = await trainTogether(gpu, { ...how, restarts: 1, transport: folderTransport(temporaryFolder()) });
  expect(whole.rounds.map(({ parts }) => parts.map(({ worker, rows }) => [worker, rows]))).toEqual(
    range(3).map(() => [
      ['w0', BATCH],
      ['w1', BATCH],
    ]),
  );
  expect(killed.rounds.length).toBe(3);
  expect(Buffer.from(killed.weights.buffer).equals(Buffer.from(whole.weights.buffer))).toBe(true);
  expect(whole.rounds[0].bytes.up).toBeLessThan(2 * (2.1 * whole.weights.length + 400));
});

it('trains every row once, whoever comes late and dies', async () => {
  const late = await trainTogether(gpu, {
    ...{ workers: 2, steps: 8, innerSteps: 2, trainers, payload: 'int8' },
    ...{ comes: { 1: 1 }, dies: { 1: 2 } },
  });
  expect(late.notes).toEqual(['round 3: nothing from w1: its rows are leased again']);
  const trained = late.rounds.flatMap(({ plan, parts }) => {
    const took = parts.map(({ worker }) => worker);
    return plan.leases
      .filter(({ worker }) => took.includes(worker))
      .flatMap(({ from, rows }) => range(rows).map((i) => from + i));
  });
  expect(trained.sort((a, b) => a - b)).toEqual(range(8 * BATCH));
  expect(late.rounds.map(({ parts }) => parts.length)).toEqual([1, 2, 1, 1, 1]);
  expect(late.rounds.every(({ plan }) => plan.leases.every(({ rows }) => rows % ROWS === 0))).toBe(true);
});

it('is a run like another: `vua train --join` directs, helps, resumes, and refuses other tokens', async () => {
  const [tokens, others, out, place] = [await makeTokens(), await makeTokens(40), temporaryFolder(), temporaryFolder()];
  const given = {
    ...{ tokens: [tokens], out, join: place, depth: 1, width: 32, context: 16, batch: 6, microBatch: 2, warmup: 1 },
    ...{
      innerSteps: 2,
      workers: 1,
      minWorkers: 2,
      even: true,
      evaluateEvery: 4,
      evaluateTokens: 500,
      checkpointEvery: 2,
    },
    ...{ layout: 'packed', maskDocuments: true },
  };
  const options = trainCommand.options.parse({ ...given, steps: 6 }) as unknown as TrainingOptions;
  const direct = (steps: number, start: 'new' | 'resume', heard = context()) =>
    runTraining({ ...options, steps, start, gpu }, heard);
  const help = (more: object = {}, heard = context()) =>
    joinTraining({ join: place, tokens: [], adapter: 'embedded', workerName: 'helper', gpu, ...more }, heard);
  const first = context();
  const helping = help();
  const stopping = direct(6, 'new', first);
  const watch = setInterval(() => {
    if (readdirSync(out).includes('step-000002')) first.abort();
  }, 5);
  expect((await stopping).outcome).toBe('interrupted');
  clearInterval(watch);
  expect((await thrownBy(() => help({ tokens: [others] }))).code).toBe('OTHER_TOKENS');
  expect(
    (await thrownBy(() => runTraining({ ...options, out: temporaryFolder(), start: 'new', gpu }, context()))).code,
  ).toBe('OTHER_RUN');
  expect((await direct(6, 'resume')).report.step).toBe(6);
  expect((await helping).report.rounds).toBe(3);
  expect(readCurve(out).points.map(({ step }) => step)).toEqual([2, 4, 6]);
  const rounds = readFileSync(join(out, 'rounds.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(
    rounds.map(({ round, workers }) => [
      round,
      workers.map((one: { worker: string; rows: number }) => [one.worker, one.rows]),
    ]),
  ).toEqual(
    range(3).map((i) => [
      i + 1,
      [
        ['0', 6],
        ['helper', 6],
      ],
    ]),
  );
});
