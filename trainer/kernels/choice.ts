/**
 * Which variant of a kernel an adapter gets: sane tables by kind of adapter here, measured ones from tune.ts on top.
 * A choice is plain JSON. It decides the order of sums and so the bits of a run: checkpoints keep it.
 */
import type { AdapterFacts } from '../gpu/device.ts';
import type { Storage } from '../gpu/kernel.ts';
import type { AttentionTile } from './attention.ts';
import type { MatmulTile } from './matmul.ts';
import type { MatmulDims, MatmulLayout } from './matmul-problem.ts';

/** Head sizes that a model may have: literals in the attention kernels. */
export const HEAD_SIZES: readonly number[] = [16, 32, 64, 128];

export interface KernelChoice {
  /** By class of matmul (`matmulClass`), by `layout long` from K = LONG on, or by layout: the most exact counts. */
  readonly matmul: Readonly<Record<string, MatmulTile>>;
  /** By `storage headSize`, or by storage. */
  readonly attention: Readonly<Record<string, AttentionTile>>;
  /** Lanes that share one row of the residual stream in a norm. */
  readonly normLanes: number;
  /** Lanes that share one row of logits. */
  readonly lossLanes: number;
  /** Workgroups that keep the adapter busy: a weight's gradient with fewer tiles sums its rows in slices. */
  readonly workgroups: number;
}

export const KERNEL_CHOICES = ['embedded', 'software', 'gpu', 'naive'] as const;
export type KernelChoiceName = (typeof KERNEL_CHOICES)[number];

const lanes = (lanes: number, rows: number, vectors: number): MatmulTile => ({ kind: 'lanes', lanes, rows, vectors });
const broadcast = (lanes: number, rows: number, vectors: number, ahead?: number): MatmulTile => {
  return { kind: 'broadcast', lanes, rows, vectors, ...(ahead && { ahead }) };
};
const attends = (kind: 'lanes' | 'broadcast', lanes: number, block: number, staged = false): AttentionTile => {
  return { kind, lanes, block, staged };
};
/** One variant, and others by the size of a head, for both storages. */
const heads = (tile: AttentionTile, others: Readonly<Record<string, AttentionTile>> = {}): KernelChoice['attention'] =>
  Object.fromEntries(
    ['f32', 'f16'].flatMap((storage) => [
      [storage, tile],
      ...Object.entries(others).map(([size, other]) => [`${storage} ${size}`, other]),
    ]),
  );
const gpuTile: MatmulTile = { kind: 'tiles', m: 64, n: 64, k: 16, rows: 8, columns: 4 };

/** `naive` is the plainest form of everything, to hold the others against. Measured in trainer/LOG.md. */
const CHOICES: Readonly<Record<KernelChoiceName, KernelChoice>> = {
  // SwiftShader: subgroups of 4.
  embedded: {
    matmul: { nn: broadcast(4, 16, 1), nt: broadcast(4, 16, 1), tn: broadcast(4, 16, 1) },
    attention: heads(attends('broadcast', 4, 1)),
    normLanes: 1,
    lossLanes: 4,
    workgroups: 1,
  },
  // Mesa's lavapipe: subgroups of 8, many registers.
  software: {
    matmul: {
      ...{ nn: broadcast(8, 32, 2), nt: broadcast(8, 64, 1), tn: broadcast(8, 32, 2, 16) },
      'nn long': broadcast(8, 32, 2, 16),
    },
    attention: heads(attends('broadcast', 8, 4), { 16: attends('lanes', 8, 4), 128: attends('broadcast', 8, 1) }),
    normLanes: 1,
    lossLanes: 8,
    workgroups: 1,
  },
  gpu: {
    matmul: { nn: gpuTile, nt: gpuTile, tn: gpuTile },
    attention: heads(attends('lanes', 64, 4, true), {
      64: attends('lanes', 64, 1, true),
      128: attends('lanes', 64, 1, true),
    }),
    normLanes: 64,
    lossLanes: 128,
    workgroups: 128,
  },
  naive: {
    matmul: { nn: lanes(1, 4, 1), nt: lanes(1, 4, 1), tn: lanes(1, 4, 1) },
    attention: heads(attends('lanes', 1, 1)),
    normLanes: 1,
    lossLanes: 1,
    workgroups: 1,
  },
};
export const chooseKernels = (name: KernelChoiceName): KernelChoice => CHOICES[name];

export const hasSubgroupsOf = (
  lanes: number,
  facts: Pick<AdapterFacts, 'features' | 'subgroupMinSize' | 'subgroupMaxSize'>,
) => facts.features.includes('subgroups') && facts.subgroupMinSize === lanes && facts.subgroupMaxSize === lanes;

/** For an adapter of the kind whose subgroups are not what its broadcasts are made for. */
export const PLAIN: MatmulTile = lanes(8, 8, 2);

/** What an adapter gets unmeasured. */
export const kernelsFor = (facts: AdapterFacts): KernelChoice => fittingKernels(chooseKernels(facts.kind), facts);

/** The choice without broadcasts that this adapter's subgroups would get wrong: it may have been made for another. */
export function fittingKernels(choice: KernelChoice, facts: AdapterFacts): KernelChoice {
  const matmul = Object.entries(choice.matmul).map(([key, tile]) =>
    tile.kind !== 'broadcast' || hasSubgroupsOf(tile.lanes, facts) ? [key, tile] : [key, PLAIN],
  );
  const attention = Object.entries(choice.attention).map(([key, tile]) =>
    tile.kind !== 'broadcast' || hasSubgroupsOf(tile.lanes, facts) ? [key, tile] : [key, { ...tile, kind: 'lanes' }],
  );
  return { ...choice, matmul: Object.fromEntries(matmul), attention: Object.fromEntries(attention) };
}

/** Shapes of one class get one variant: each side rounded up to a power of two. */
export const matmulClass = (layout: MatmulLayout, from: Storage, { M, N, K }: MatmulDims): string =>
  [layout, from, ...[M, N, K].map((side) => 2 ** Math.ceil(Math.log2(side)))].join(' ');

/** From this K on nn gains by touching lines ahead; below it loses up to 5 % (LOG.md). */
const LONG = 2048;

export const matmulTile = (choice: KernelChoice, layout: MatmulLayout, from: Storage, dims: MatmulDims): MatmulTile =>
  choice.matmul[matmulClass(layout, from, dims)] ??
  (dims.K >= LONG ? choice.matmul[`${layout} long`] : undefined) ??
  choice.matmul[layout];

export const attentionTile = (choice: KernelChoice, storage: Storage, headSize: number): AttentionTile =>
  choice.attention[`${storage} ${headSize}`] ?? choice.attention[storage];

/** Slices in which a weight's gradient sums its K rows: enough to keep the adapter busy, of equal length, in \`room\`. */
export function slicesOfK(choice: KernelChoice, from: Storage, { M, N, K }: MatmulDims, room: number): number {
  const tile = matmulTile(choice, 'tn', from, { M, N, K });
  const [m, n] = 'vectors' in tile ? [tile.rows, 4 * tile.lanes * tile.vectors] : [tile.m, tile.n];
  const tiles = Math.ceil(M / m) * Math.ceil(N / n);
  for (let slices = Math.min(16, Math.floor(choice.workgroups / tiles)); slices > 1; slices--) {
    if (K % (4 * slices) === 0 && slices * M * N <= room) return slices;
  }
  return 1;
}
