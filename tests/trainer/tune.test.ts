/** Kernel choices: looked up by class, measured, kept on disk, and never needed to start. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MATMUL_SIZES } from '../../trainer/bench/models.ts';
import { probeKernels, probeMatrix, usesFaulty } from '../../trainer/bench/probe.ts';
import { cubes, productsOf, type TuneResult, tuneAttention, tuneMatmuls } from '../../trainer/bench/tune.ts';
import type { TuneFindings } from '../../trainer/bench/tune-apart.ts';
import { nullDevice } from '../../trainer/gpu/adapter.ts';
import { nodeCommand, runApart } from '../../trainer/gpu/apart.ts';
import { dryFacts } from '../../trainer/gpu/cards.ts';
import type { Gpu } from '../../trainer/gpu/device.ts';
import { keepIn, runLeavingOut } from '../../trainer/gpu/findings.ts';
import { shaderFault } from '../../trainer/gpu/program.ts';
import { matmulCandidates, NVIDIA_FACTS } from '../../trainer/kernels/candidates.ts';
import {
  attentionTile,
  chooseKernels,
  fittingKernels,
  type KernelChoice,
  kernelsFor,
  matmulClass,
  matmulTile,
  slicesOfK,
} from '../../trainer/kernels/choice.ts';
import { type MatmulTile, tileName } from '../../trainer/kernels/matmul.ts';
import { MATMUL_LAYOUTS } from '../../trainer/kernels/matmul-problem.ts';
import { loadChoice, saveChoice, saveProbed, tunePath } from '../../trainer/kernels/tuned.ts';
import { modelConfig } from '../../trainer/model/config.ts';
import { Trainer } from '../../trainer/model/trainer.ts';
import { temporaryFolder } from '../support.ts';
import { sharedGpu } from './device.ts';

const folder = temporaryFolder('file');
const cache = process.env.XDG_CACHE_HOME;
let gpu: Gpu;
beforeAll(async () => {
  gpu = await sharedGpu(); // before the cache moves: it may hold the embedded driver
  process.env.XDG_CACHE_HOME = folder;
});
afterAll(() => {
  if (cache === undefined) delete process.env.XDG_CACHE_HOME;
  else process.env.XDG_CACHE_HOME = cache;
});

const tile: MatmulTile = { kind: 'lanes', lanes: 4, rows: 4, vectors: 1 };
const dims = { M: 200, N: 64, K: 100 };

it('takes the most exact entry', () => {
  const base = chooseKernels('embedded');
  expect(matmulTile(base, 'nt', 'f32', dims)).toBe(base.matmul.nt);
  expect(matmulClass('nt', 'f32', dims)).toBe('nt f32 256 64 128');
  const choice = { ...base, matmul: { ...base.matmul, 'nt f32 256 64 128': tile } };
  expect(matmulTile(choice, 'nt', 'f32', dims)).toBe(tile);
  expect(matmulTile(choice, 'nt', 'f16', dims)).toBe(base.matmul.nt);
  expect(attentionTile(chooseKernels('software'), 'f32', 64)).not.toEqual(
    attentionTile(chooseKernels('software'), 'f32', 16),
  );
});

it('sums a long gradient in equal slices until every multiprocessor has its share, within the room', () => {
  const choice: KernelChoice = { ...chooseKernels('gpu'), workgroups: 128 };
  const slices = (side: number, K: number, room: number): number =>
    slicesOfK(choice, 'f16', { M: side, N: side, K }, room);
  // 144 tiles of 64×64 on 64 multiprocessors: three rounds for two and a quarter. In four slices nine for nine.
  expect(slices(768, 16384, 2 ** 23)).toBe(4);
  expect(slices(2048, 16384, 2 ** 23)).toBe(1);
  expect(slices(256, 16384, 2 ** 23)).toBe(8);
  expect(slices(256, 16384, 2 ** 18)).toBe(4);
  expect(slices(256, 4 * 7, 2 ** 23)).toBe(7);
  expect(slicesOfK(chooseKernels('software'), 'f32', { M: 256, N: 256, K: 16384 }, 2 ** 23)).toBe(1);
});

it('a class that was not measured takes the nearest that was, of its layout and storage; slices look up their own', () => {
  const base = kernelsFor(dryFacts('h200'));
  const [large, small] = [128, 32].map(
    (side): MatmulTile => ({ kind: 'tiles', m: side, n: side, k: 16, rows: 8, columns: 8 }),
  );
  const choice = {
    ...base,
    matmul: { ...base.matmul, 'tn f16 1024 1024 65536': large, 'tn f16 1024 1024 8192': small },
  };
  const tile = (K: number, from: 'f32' | 'f16' = 'f16') => matmulTile(choice, 'tn', from, { M: 768, N: 768, K });
  expect([tile(65536), tile(2 ** 17), tile(16384), tile(64)]).toEqual([large, large, small, small]);
  expect(tile(65536, 'f32')).toBe(base.matmul.tn);
  expect(matmulTile(choice, 'nn', 'f16', { M: 768, N: 768, K: 65536 })).toMatchObject({ kind: 'subgroup' });
  // Of the whole K the large tile, of K / 8 the small one: 576 workgroups a slice.
  const Z = slicesOfK(choice, 'f16', { M: 768, N: 768, K: 65536 }, 2 ** 24);
  expect(Z * (tile(65536 / Z) === small ? 576 : 36)).toBeGreaterThanOrEqual(choice.workgroups);
});

it('offers matrix units for f16 only, within the limits of the adapter', () => {
  const kinds = (from: 'f32' | 'f16', facts = NVIDIA_FACTS): Set<string> =>
    new Set(matmulCandidates(facts, 'nt', from).map(({ kind }) => kind));
  expect(kinds('f16')).toEqual(new Set(['subgroup', 'tiles']));
  expect(kinds('f32')).toEqual(new Set(['tiles']));
  expect(kinds('f16', { ...NVIDIA_FACTS, matrixConfigs: [] })).toEqual(new Set(['tiles']));
  const small = { ...NVIDIA_FACTS, limits: { ...NVIDIA_FACTS.limits, maxComputeWorkgroupStorageSize: 8192 } };
  expect(matmulCandidates(small, 'nt', 'f16').length).toBeLessThan(matmulCandidates(NVIDIA_FACTS, 'nt', 'f16').length);
});

it('kernels that a run took along from another adapter lose the broadcasts that this one would get wrong', () => {
  const elsewhere = { ...gpu.facts, subgroupMinSize: 4, subgroupMaxSize: 4 };
  for (const name of ['embedded', 'software'] as const) {
    const lanes = Object.values(fittingKernels(chooseKernels(name), elsewhere).matmul).map((tile) =>
      tile.kind === 'broadcast' ? tile.lanes : 4,
    );
    expect(new Set(lanes)).toEqual(new Set([4]));
  }
  const none = fittingKernels(chooseKernels('embedded'), { ...gpu.facts, features: [] });
  const tiles = [...Object.values(none.matmul), ...Object.values(none.attention)];
  expect(tiles.some(({ kind }) => kind === 'broadcast')).toBe(false);
});

it('measures a step, keeps what was fastest, and trains with it', async () => {
  expect(loadChoice(gpu.facts)).toEqual({ choice: kernelsFor(gpu.facts), tuned: 0 });
  const config = modelConfig({ vocabSize: 61, depth: 1, width: 32, context: 16 });
  const optimizer = { beta1: 0.9, beta2: 0.95, eps: 1e-8, weightDecay: 0, clip: 1, muonRatio: 1 };
  const options = { rows: 2, optimizer: { ...optimizer, matrices: 'adamw' as const } };
  const base = kernelsFor(gpu.facts);
  const trainer = new Trainer(gpu, config, { ...options, kernels: base });
  const steps = trainer.programSteps.forward
    .filter(({ kernel }) => kernel.name.startsWith('matmul_nt_add'))
    .slice(0, 1);
  trainer.release();
  const results: TuneResult[] = [];
  const excludes = ({ kind, ...numbers }: { kind: string }): string | undefined =>
    kind === 'subgroup' || ('rows' in numbers && Number(numbers.rows) > 16) ? 'excluded' : undefined;
  const measuring = { storage: 'f32', excludes, atLeastMs: 1, rounds: 1 } as const;
  const tried: string[] = [];
  const listening = {
    ...measuring,
    onTry: (key: string, tile: string) => tried.push(`${key}: ${tile}`),
    onResult: (result: TuneResult) => results.push(result),
  };
  const products = productsOf(steps);
  const matmuls = await tuneMatmuls(gpu, base, products, listening);
  const choice = await tuneAttention(gpu, matmuls, config, 2, listening);
  expect(tried[0]).toBe(`nt f32 32 32 32: ${tileName(base.matmul.nt)}`);
  expect(await tuneMatmuls(gpu, choice, products, { ...measuring, skips: () => true })).toEqual(choice);
  const stop = new AbortController();
  const stopping = { ...listening, signal: stop.signal, onTry: () => stop.abort() };
  expect(await tuneMatmuls(gpu, base, products, stopping)).toEqual(base); // a class in the middle is not kept
  expect(results.map(({ key }) => key)).toEqual(['nt f32 32 32 32', 'attention f32 16']);
  for (const { gflops, defaultGflops, faults } of results) {
    expect(gflops).toBeGreaterThanOrEqual(defaultGflops);
    expect(faults.filter((fault) => !fault.endsWith(': excluded'))).toEqual([]);
  }
  saveChoice(gpu.facts, choice);
  const kept = loadChoice(gpu.facts);
  expect(kept).toEqual({ choice, tuned: 1 });

  const tuned = await Trainer.create(gpu, config, { ...options, kernels: kept.choice });
  tuned.arena.initialise(config, 1);
  const tokens = Uint32Array.from({ length: 32 }, (_, i) => (i * 7) % 61);
  tuned.step([{ tokens, targets: tokens, counted: 32 }], 0.01);
  expect((await tuned.figures(1))[0].loss).toBeGreaterThan(3);
  tuned.release();
});

it('tunes the very cubes that the bench measures, the largest first', () => {
  const found = cubes(MATMUL_SIZES.gpu, 'f16');
  expect(found[0].dims).toEqual({ M: 4096, N: 4096, K: 4096 });
  const keys = found.map(({ problem, dims }) => matmulClass(problem.layout, problem.from, dims));
  const measured = MATMUL_SIZES.gpu.flatMap((size) =>
    MATMUL_LAYOUTS.map((layout) => matmulClass(layout, 'f16', { M: size, N: size, K: size })),
  );
  expect(keys.toSorted()).toEqual(measured.toSorted());
});

it('tells how a process of its own ended, and leaves out only what failed in it', async () => {
  const script = (text: string, timeoutMs = 600_000) => runApart([...nodeCommand(), '-e', text], { timeoutMs });
  const lines: string[] = [];
  const listening = { timeoutMs: 600_000, quietMs: 300_000, onLine: (line: string) => lines.push(line) };
  expect(await runApart([...nodeCommand(), '-e', 'console.log(1)'], listening)).toEqual({});
  expect(lines).toEqual(['1']);
  expect((await script('console.error("driver says no"); process.exit(3)')).fault).toBe('status 3 | driver says no');
  expect((await script('process.kill(process.pid, "SIGSEGV")')).fault).toContain('SIGSEGV');
  expect((await script('setInterval(() => {}, 1)', 300)).fault).toBe('stopped after 0.3 s');
  const faulty = usesFaulty([{ config: '16x8x16', fault: 'SIGSEGV' }, { config: '16x16x16' }]);
  const tiles = matmulCandidates(NVIDIA_FACTS, 'nt', 'f16');
  expect(
    new Set(tiles.filter(faulty).map((tile) => tile.kind === 'subgroup' && [tile.M, tile.N, tile.K].join())),
  ).toEqual(new Set(['16,8,16']));
});

it('goes on without a variant that took its process with it, and names it', async () => {
  const file = join(folder, 'findings.json');
  const found: TuneFindings = {};
  const told: (string | undefined)[] = [];
  const command = [...nodeCommand(), '--import', 'tsx', 'tests/trainer/tune-child.ts', file];
  const fault = await runLeavingOut(command, found, keepIn(file, found), {
    timeoutMs: 600_000,
    onFault: (fault, trying) => told.push(fault.split(' | ')[0], trying),
  });
  expect([fault, told]).toEqual([undefined, ['SIGSEGV', 'nt f32 8 8 8: lanes_8x8x1']]);
  expect(Object.keys(found.tuned!)).toEqual(['nt f32 8 8 8', 'nt f32 8 64 8']);
  for (const { tile, faults } of Object.values(found.tuned!)) {
    expect(tile).toBe('lanes_8x8x2');
    expect(faults).toContainEqual(expect.stringMatching(/^lanes_8x8x1: SIGSEGV/));
  }
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(found);
});

it('probes with kernels that compile at the matrix sizes of NVIDIA, and refuses sizes that are not there', async () => {
  const device = await nullDevice();
  for (const { M, N, K } of NVIDIA_FACTS.matrixConfigs) {
    const kernels = probeKernels(`${M}x${N}x${K}`, NVIDIA_FACTS);
    expect(kernels.length).toBe(6);
    for (const kernel of kernels) expect(await shaderFault(device, kernel)).toBeUndefined();
  }
  device.destroy();
  await expect(probeMatrix(gpu, '5x5x5')).rejects.toMatchObject({ code: 'BAD_OPTION', exitStatus: 2 });
});

it('takes matrix units only where a probe found them right, and keeps what it found beside the choices', () => {
  const facts = dryFacts('h200');
  const configs = (): unknown[] =>
    (loadChoice(facts).choice.tiles?.['nt f16'] ?? []).map(
      (tile) => tile.kind === 'subgroup' && [tile.M, tile.N, tile.K],
    );
  expect(configs()).toEqual([]); // never tried here
  saveProbed(facts, [{ config: '16x16x16', fault: 'SIGSEGV' }, { config: '16x8x16' }]);
  expect(configs()[0]).toEqual([16, 8, 16]);
  const { choice } = loadChoice(facts);
  saveChoice(facts, { ...choice, matmul: { ...choice.matmul, 'nt f16 8 8 8': tile } });
  expect(loadChoice(facts)).toMatchObject({ tuned: 1, probed: [{ fault: 'SIGSEGV' }, { config: '16x8x16' }] });
  saveProbed(facts, [{ config: '16x16x16' }]);
  expect(configs()[0]).toEqual([16, 16, 16]);
  expect(loadChoice(facts).choice.matmul['nt f16 8 8 8']).toEqual(tile);
});

it('treats a damaged or foreign file as none', () => {
  const path = tunePath(gpu.facts);
  const whole = readFileSync(path, 'utf8');
  for (const text of [
    '{',
    '{}',
    whole.replace(/"version": \d+/, '"version": 0'),
    whole.replace(gpu.facts.name, 'other'),
  ]) {
    writeFileSync(path, text);
    expect(loadChoice(gpu.facts)).toEqual({ choice: kernelsFor(gpu.facts), tuned: 0 });
  }
});
