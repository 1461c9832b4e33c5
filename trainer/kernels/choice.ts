/**
 * Which variant of a kernel an adapter gets: sane tables by kind of adapter here, measured ones from tune.ts on top.
 * A choice is plain JSON. It decides the order of sums and so the bits of a run: checkpoints keep it.
 */
import { multiprocessorsOf } from '../gpu/cards.ts';
import type { AdapterFacts } from '../gpu/device.ts';
import type { Storage } from '../gpu/kernel.ts';
import type { AttentionTile } from './attention.ts';
import { HEAD_SIZES } from './head-sizes.ts';
import { type MatmulTile, tileSize } from './matmul.ts';
import { MATMUL_LAYOUTS, type MatmulDims, type MatmulLayout } from './matmul-problem.ts';
import { subgroupsOf, type TuningFacts, unmeasuredAttention, unmeasuredTiles } from './matrix-units.ts';

export interface KernelChoice {
  /** By class of matmul (`matmulClass`), by `layout long` from K = LONG on, or by layout: the most exact counts. */
  readonly matmul: Readonly<Record<string, MatmulTile>>;
  /** By `storage headSize`, or by storage. */
  readonly attention: Readonly<Record<string, AttentionTile>>;
  /** Lanes that share one row of the residual stream in a norm. */
  readonly normLanes: number;
  /** Lanes that share one row of logits. */
  readonly lossLanes: number;
  /** Workgroups that keep the adapter busy, two a multiprocessor: with fewer, tiles get smaller and gradients sliced. */
  readonly workgroups: number;
  /** By `layout storage`: of these a product that was not measured takes what costs least. */
  readonly tiles?: Readonly<Record<string, readonly MatmulTile[]>>;
  /** Bytes that a chunk of logits may take; LOGITS_BYTES where left out. */
  readonly logitsBytes?: number;
}

/** Of a CPU driver: what its caches see again. */
export const LOGITS_BYTES = 64 * 2 ** 20;

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
/** f32, and what has no matrix units. */
const gpuTile: MatmulTile = { kind: 'tiles', m: 64, n: 64, k: 16, rows: 8, columns: 4 };

const GPU_ATTENTION = attends('lanes', 64, 1, true);

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

/** What an adapter gets unmeasured: f16 on matrix units where it has them, f32 on multiply-adds. */
export function kernelsFor(facts: AdapterFacts): KernelChoice {
  const base = fittingKernels(chooseKernels(facts.kind), facts);
  if (facts.kind !== 'gpu') return base;
  return { ...base, workgroups: 2 * multiprocessorsOf(facts), ...matrixKernels(base, facts) };
}

function matrixKernels({ attention }: KernelChoice, facts: TuningFacts): Partial<KernelChoice> {
  const tiles = MATMUL_LAYOUTS.map((layout) => [`${layout} f16`, unmeasuredTiles(facts, layout)] as const).filter(
    ([, of]) => of.length > 0,
  );
  if (tiles.length === 0) return {};
  const attentions = HEAD_SIZES.flatMap((size) => {
    const tile = unmeasuredAttention(facts, size);
    return tile ? [[`f16 ${size}`, tile] as const] : [];
  });
  return { tiles: Object.fromEntries(tiles), attention: { ...attention, ...Object.fromEntries(attentions) } };
}

/** The choice without what this adapter would get wrong or lacks: it may have been made for another. */
export function fittingKernels(choice: KernelChoice, facts: AdapterFacts): KernelChoice {
  const fits = (tile: MatmulTile | AttentionTile): boolean => {
    if (tile.kind === 'broadcast') return hasSubgroupsOf(tile.lanes, facts);
    if (tile.kind !== 'subgroup') return true;
    const { M, N, K, lanes, size } = tile;
    const own = subgroupsOf(facts);
    return (
      lanes === own.lanes &&
      (size === undefined || size === own.size) &&
      facts.matrixConfigs.some((own) => own.M === M && own.N === N && own.K === K)
    );
  };
  const matmul = Object.entries(choice.matmul).map(([key, tile]) => [
    key,
    fits(tile) ? tile : tile.kind === 'subgroup' ? gpuTile : PLAIN,
  ]);
  const attention = Object.entries(choice.attention).map(([key, tile]) => [
    key,
    fits(tile) ? tile : tile.kind === 'subgroup' ? GPU_ATTENTION : { ...tile, kind: 'lanes' },
  ]);
  const tiles = Object.entries(choice.tiles ?? {}).map(([key, some]) => [key, some.filter(fits)] as const);
  return {
    ...choice,
    matmul: Object.fromEntries(matmul),
    attention: Object.fromEntries(attention),
    ...(choice.tiles && { tiles: Object.fromEntries(tiles.filter(([, some]) => some.length > 0)) }),
  };
}

/** Shapes of one class get one variant: each side rounded up to a power of two. */
export const matmulClass = (layout: MatmulLayout, from: Storage, { M, N, K }: MatmulDims): string =>
  [layout, from, ...[M, N, K].map((side) => 2 ** Math.ceil(Math.log2(side)))].join(' ');

/** From this K on nn gains by touching lines ahead; below it loses up to 5 % (LOG.md). */
const LONG = 2048;

/**
 * The measured class; else the nearest measured one of its layout and storage; else the cheapest of the unmeasured tiles;
 * else the default of the layout.
 */
export function matmulTile(choice: KernelChoice, layout: MatmulLayout, from: Storage, dims: MatmulDims): MatmulTile {
  const { matmul, tiles } = choice;
  const key = matmulClass(layout, from, dims);
  if (matmul[key]) return matmul[key];
  const near = nearestClass(matmul, key);
  if (near) return matmul[near];
  const some = tiles?.[`${layout} ${from}`];
  if (some)
    return cheapest(
      choice,
      some.map((tile) => ({ tile, dims })),
    ).tile;
  return (dims.K >= LONG ? matmul[`${layout} long`] : undefined) ?? matmul[layout];
}

/** By the powers of two between their sides; the first of several. */
function nearestClass(matmul: KernelChoice['matmul'], key: string): string | undefined {
  const [layout, from, ...sides] = key.split(' ');
  let [nearest, least] = [undefined as string | undefined, Number.POSITIVE_INFINITY];
  for (const other of Object.keys(matmul)) {
    const [itsLayout, itsFrom, ...its] = other.split(' ');
    if (itsLayout !== layout || itsFrom !== from || its.length !== sides.length) continue;
    const far = sides.reduce((sum, side, i) => sum + Math.abs(Math.log2(Number(side) / Number(its[i]))), 0);
    if (far < least) [nearest, least] = [other, far];
  }
  return nearest;
}

interface Option {
  readonly tile: MatmulTile;
  readonly dims: MatmulDims;
}

const groupsOf = ({ tile, dims: { M, N, Z = 1 } }: Option): number => {
  const [m, n] = tileSize(tile);
  return Math.ceil(M / m) * Math.ceil(N / n) * Z;
};

/** Of those that keep the adapter busy the one that costs least; where none does, the one with the most workgroups. */
function cheapest<Some extends Option>(choice: KernelChoice, options: readonly Some[]): Some {
  const busy = options.filter((option) => groupsOf(option) >= choice.workgroups);
  const rank = busy.length > 0 ? (option: Some) => costOf(choice, option) : (option: Some) => -groupsOf(option);
  const candidates = busy.length > 0 ? busy : options;
  return candidates.reduce((best, option) => (rank(option) < rank(best) ? option : best));
}

/** Workgroups wait for L2 where a tile is small: at this ratio of its area to its sides half the time. */
const HALF_INTENSITY = 16;
/** A tile that ends within `out` needs no bounds, and its loads are wider. */
const INEXACT = 1.1;
/** Multiply-adds of a multiprocessor in the time of a byte. */
const MULTIPLIES_A_BYTE = 0.2;

/** Multiply-adds of the multiprocessor that has most to do, and what adding up the slices costs in that currency. */
function costOf({ workgroups }: KernelChoice, option: Option): number {
  const { tile, dims } = option;
  const { M, N, K, Z = 1 } = dims;
  const [m, n] = tileSize(tile);
  const rounds = Math.ceil(groupsOf(option) / (workgroups / 2));
  const intensity = (m * n) / (m + n);
  const exact = M % m === 0 && N % n === 0 && (!('k' in tile) || K % tile.k === 0);
  const own = rounds * m * n * K * (1 + HALF_INTENSITY / intensity) * (exact ? 1 : INEXACT);
  return own + (Z > 1 ? MULTIPLIES_A_BYTE * 8 * Z * M * N : 0);
}

export const attentionTile = (choice: KernelChoice, storage: Storage, headSize: number): AttentionTile =>
  choice.attention[`${storage} ${headSize}`] ?? choice.attention[storage];

const MOST_SLICES = 32;

/**
 * Slices in which a weight's gradient sums its K rows: enough to keep the adapter busy, of equal length, in `room`
 * elements; each with the tile of its own class.
 */
export function slicesOfK(choice: KernelChoice, from: Storage, { M, N, K }: MatmulDims, room: number): number {
  if (choice.workgroups === 1) return 1;
  const options: Option[] = [];
  for (let Z = 1; Z <= MOST_SLICES; Z++) {
    if (Z > 1 && (K % (4 * Z) !== 0 || Z * M * N > room)) continue;
    const dims = { M, N, K: K / Z, Z };
    options.push({ tile: matmulTile(choice, 'tn', from, dims), dims });
  }
  return cheapest(choice, options).dims.Z!;
}
