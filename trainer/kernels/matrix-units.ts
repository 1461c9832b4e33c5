/** Tiles on matrix units that an adapter's limits allow, likely ones first: what is tried, and what stands unmeasured. */
import type { AdapterFacts, MatrixConfig } from '../gpu/device.ts';
import { type AttentionSubgroup, attentionSubgroupBytes } from './attention-subgroup.ts';
import type { MatmulLayout } from './matmul-problem.ts';
import { type SubgroupSize, type SubgroupTile, subgroupBytes } from './matmul-subgroup.ts';

/** What an adapter must tell: AdapterFacts, or the facts of a GPU that is not here. */
export type TuningFacts = Pick<
  AdapterFacts,
  'kind' | 'features' | 'limits' | 'subgroupMinSize' | 'subgroupMaxSize' | 'matrixConfigs'
>;

export const hasMatrices = ({ features, matrixConfigs }: Pick<AdapterFacts, 'features' | 'matrixConfigs'>): boolean =>
  matrixConfigs.length > 0 &&
  ['shader-f16', 'chromium-experimental-subgroup-matrix'].every((feature) => features.includes(feature));

/** Lanes of a subgroup, and how they are had. */
export function subgroupsOf({ features, subgroupMinSize, subgroupMaxSize: lanes }: SubgroupFacts): {
  readonly lanes: number;
  readonly size?: SubgroupSize;
} {
  if (subgroupMinSize === lanes) return { lanes, size: 'only' };
  return features.includes('subgroup-size-control') ? { lanes, size: 'asked' } : { lanes };
}
type SubgroupFacts = Pick<AdapterFacts, 'features' | 'subgroupMinSize' | 'subgroupMaxSize'>;

/** m, n, k, down, across. */
type Numbers = readonly [number, number, number, number, number];
export const TRIED: readonly Numbers[] = [
  [128, 128, 32, 4, 2],
  [128, 128, 32, 2, 2],
  [128, 128, 64, 4, 2],
  [256, 128, 32, 4, 2],
  [128, 64, 32, 4, 2],
  [128, 64, 32, 2, 2],
  [64, 128, 32, 2, 4],
  [64, 64, 32, 2, 2],
  [64, 64, 64, 2, 2],
  [64, 32, 32, 2, 1],
  [32, 32, 32, 1, 1],
];
/** Of what no measurement has chosen: one of each size. */
const UNMEASURED: readonly Numbers[] = [
  [128, 128, 32, 4, 2],
  [128, 64, 32, 2, 2],
  [64, 64, 32, 2, 2],
  [64, 32, 32, 2, 1],
  [32, 32, 32, 1, 1],
];
/** Matrices of sums that a subgroup keeps in registers, where nothing is measured. */
const MOST_SUMS = 16;

export function matrixTiles(facts: TuningFacts, layout: MatmulLayout, numbers = TRIED): SubgroupTile[] {
  if (!hasMatrices(facts)) return [];
  const { maxComputeWorkgroupStorageSize: bytes, maxComputeInvocationsPerWorkgroup: invocations } = facts.limits;
  return facts.matrixConfigs
    .flatMap(({ M, N, K }) =>
      numbers.map(([m, n, k, down, across]): SubgroupTile => {
        return { kind: 'subgroup', m, n, k, down, across, M, N, K, ...subgroupsOf(facts) };
      }),
    )
    .filter(
      ({ m, n, k, down, across, M, N, K, lanes }) =>
        m % (down * M) === 0 && n % (across * N) === 0 && k % K === 0 && down * across * lanes <= invocations,
    )
    .filter((tile) => subgroupBytes({ layout }, tile) <= bytes);
}

/** The configuration that multiplies most at once, first. */
const largestFirst = ({ matrixConfigs, ...facts }: TuningFacts): TuningFacts => {
  const size = ({ M, N, K }: MatrixConfig): number => M * N * K;
  return { ...facts, matrixConfigs: matrixConfigs.toSorted((a, b) => size(b) - size(a)).slice(0, 1) };
};

/** One of each size, the largest first. */
export const unmeasuredTiles = (facts: TuningFacts, layout: MatmulLayout): SubgroupTile[] =>
  matrixTiles(largestFirst(facts), layout, UNMEASURED).filter(
    ({ m, n, down, across, M, N }) => (m / down / M) * (n / across / N) <= MOST_SUMS,
  );

/** down, across, blocks. */
const ATTENTIONS: readonly (readonly [number, number, number?])[] = [
  [4, 64],
  [4, 32],
  [8, 32],
  [8, 64],
  [2, 64],
  [2, 32],
  [2, 64, 2],
  [4, 32, 2],
];

export function matrixAttentions(facts: TuningFacts, headSize: number): AttentionSubgroup[] {
  if (!hasMatrices(facts)) return [];
  const { maxComputeWorkgroupStorageSize: bytes, maxComputeInvocationsPerWorkgroup: invocations } = facts.limits;
  return facts.matrixConfigs
    .filter(({ M, N, K }) => headSize % N === 0 && headSize % K === 0)
    .flatMap(({ M, N, K }) =>
      ATTENTIONS.map(([down, across, blocks]): AttentionSubgroup => {
        return { kind: 'subgroup', down, across, M, N, K, ...subgroupsOf(facts), ...(blocks && { blocks }) };
      }),
    )
    .filter(({ M, lanes, blocks = 1 }) => lanes % (M * blocks) === 0)
    .filter((tile) => attentionSubgroupBytes(headSize, tile) <= bytes && tile.down * tile.lanes <= invocations);
}

export const unmeasuredAttention = (facts: TuningFacts, headSize: number): AttentionSubgroup | undefined =>
  matrixAttentions(largestFirst(facts), headSize)[0];
