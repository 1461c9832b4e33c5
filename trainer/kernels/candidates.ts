/** The variants that tune.ts tries on an adapter: those that fit its limits, likely ones first. */
import { dryFacts } from '../gpu/cards.ts';
import type { Kernel, Storage } from '../gpu/kernel.ts';
import { type AttentionTile, attention } from './attention.ts';
import { hasSubgroupsOf } from './choice.ts';
import { HEAD_SIZES } from './head-sizes.ts';
import { matmulProblems } from './index.ts';
import { exactMatmul, type MatmulTile, matmul } from './matmul.ts';
import type { LanesTile } from './matmul-lanes.ts';
import type { MatmulLayout } from './matmul-problem.ts';
import { type TilesTile, tilesBytes, tilesThreads } from './matmul-tiles.ts';
import { hasMatrices, matrixAttentions, matrixTiles, type TuningFacts } from './matrix-units.ts';

/** NVIDIA's from Turing on, as Dawn lists them: for compiling where no such GPU is. */
export const NVIDIA_FACTS: TuningFacts = dryFacts('h200');

/** rows, vectors, steps ahead. */
const BROADCASTS: readonly (readonly [number, number, number?])[] = [
  [32, 2],
  [32, 2, 16],
  [64, 1],
  [64, 1, 16],
  [32, 1],
  [16, 2],
  [16, 1],
  [8, 2],
  [8, 1],
];

/** lanes, rows, vectors. */
const LANES: readonly (readonly [number, number, number])[] = [
  [8, 32, 1],
  [8, 16, 2],
  [8, 8, 2],
  [8, 8, 1],
  [4, 8, 2],
];

const TILES = [
  [64, 64, 16, 8, 4],
  [64, 64, 16, 4, 4],
  [64, 64, 16, 8, 8],
  [128, 64, 16, 8, 8],
  [64, 128, 16, 8, 8],
  [128, 128, 8, 8, 8],
  [128, 128, 16, 8, 8],
  [128, 128, 32, 8, 8],
  [32, 32, 16, 4, 4],
  [32, 64, 32, 4, 8],
] as const;

export function matmulCandidates(facts: TuningFacts, layout: MatmulLayout, from: Storage): MatmulTile[] {
  if (facts.kind !== 'gpu') {
    const size = facts.subgroupMaxSize;
    const broadcasts = BROADCASTS.filter(
      ([rows, , ahead]) => hasSubgroupsOf(size, facts) && rows % size === 0 && (layout !== 'nt' || !ahead),
    ).map(([rows, vectors, ahead]): LanesTile => {
      return { kind: 'broadcast', lanes: size, rows, vectors, ...(ahead && { ahead }) };
    });
    const plain = LANES.map(([lanes, rows, vectors]): LanesTile => ({ kind: 'lanes', lanes, rows, vectors }));
    // More sums than that take SwiftShader seconds to compile.
    return [...broadcasts, ...plain].filter(({ rows, vectors }) => facts.kind !== 'embedded' || rows * vectors <= 16);
  }
  const { maxComputeWorkgroupStorageSize: bytes, maxComputeInvocationsPerWorkgroup: invocations } = facts.limits;
  const tiles = TILES.map(([m, n, k, rows, columns]): TilesTile => ({ kind: 'tiles', m, n, k, rows, columns })).filter(
    (tile) => tilesBytes(tile) <= bytes && tilesThreads(tile) <= invocations,
  );
  // f32 operands would lose their range in f16.
  if (from === 'f32' || !hasMatrices(facts)) return tiles;
  return [...matrixTiles(facts, layout), ...tiles.slice(0, 3)];
}

export function attentionCandidates(facts: TuningFacts, storage: Storage, headSize: number): AttentionTile[] {
  const lanes = (lanes: number, block: number): AttentionTile => ({
    ...{ kind: 'lanes', lanes, block },
    staged: facts.kind === 'gpu',
  });
  if (facts.kind !== 'gpu') {
    const size = facts.subgroupMaxSize;
    const blocks = facts.kind === 'embedded' ? [1, 2] : [4, 2, 1];
    const kinds = hasSubgroupsOf(size, facts) ? (['broadcast', 'lanes'] as const) : (['lanes'] as const);
    return kinds.flatMap((kind) => blocks.map((block) => ({ kind, lanes: size, block, staged: false })));
  }
  const plain = [lanes(64, 1), lanes(64, 4), lanes(128, 1), lanes(32, 2)];
  if (storage === 'f32' || !hasMatrices(facts)) return plain;
  return [...matrixAttentions(facts, headSize), ...plain];
}

/** All kernels that tuning would try on an NVIDIA GPU. */
export function gpuKernels(storage: Storage, facts: TuningFacts = NVIDIA_FACTS): Kernel[] {
  return [
    ...matmulProblems(storage).flatMap((problem) =>
      matmulCandidates(facts, problem.layout, storage).flatMap((tile) => [
        matmul(problem, tile),
        ...(tile.kind === 'subgroup' ? [exactMatmul(problem, tile)] : []),
      ]),
    ),
    ...HEAD_SIZES.flatMap((size) =>
      attentionCandidates(facts, storage, size).flatMap((tile) => Object.values(attention(size, storage, tile))),
    ),
  ];
}
