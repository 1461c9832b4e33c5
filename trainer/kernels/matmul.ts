/**
 * Matrix product out [Z, M, N] = A · B (+ residual, or added to out) for each of Z independent pairs. Layouts by how the
 * operands lie in memory, as BLAS names them:
 *   nn: a [Z, M, K], b [Z, K, N]      nt: a [Z, M, K], b [Z, N, K]      tn: a [Z, K, M], b [Z, K, N]
 * With weights stored [O, C] as Hugging Face does: forward y = x·Wᵀ is nt, dx = dy·W is nn, dW = dyᵀ·x is tn. K of a tn
 * is its outermost axis, so Z also splits one long K into slices whose sums are added up afterwards.
 *
 * Three families, each made from a small record; which record fits which shape is measured per adapter (tune.ts):
 *   lanes     matmul-lanes.ts     drivers that compute on the CPU; `broadcast` where they have subgroups
 *   tiles     matmul-tiles.ts     GPUs: tiles in workgroup memory, f32 multiply-adds
 *   subgroup  matmul-subgroup.ts  GPUs with matrix units: f16 operands, f32 sums; where tiles divide all sides
 *             matmul-exact.ts
 */
import { type Dims, type Kernel, vec4Of } from '../gpu/kernel.ts';
import { exactWgsl } from './matmul-exact.ts';
import { type LanesTile, lanesGrid, lanesWgsl } from './matmul-lanes.ts';
import type { MatmulDims, MatmulEpilogue, MatmulProblem } from './matmul-problem.ts';
import { type SubgroupTile, subgroupNeeds, subgroupWgsl } from './matmul-subgroup.ts';
import { type TilesTile, tilesWgsl } from './matmul-tiles.ts';

export type MatmulTile = LanesTile | TilesTile | SubgroupTile;

/** `lanes 8x8x2`: kind and numbers of the record, as they stand in names and tables. */
export function tileName(tile: MatmulTile): string {
  const { kind, ...numbers } = tile;
  return `${kind}_${Object.values(numbers).join('x')}`;
}

/** Rows and columns of `out` that a workgroup owns. */
export const tileSize = (tile: MatmulTile): readonly [m: number, n: number] =>
  'vectors' in tile ? [tile.rows, 4 * tile.lanes * tile.vectors] : [tile.m, tile.n];

const RESULT: Readonly<Record<MatmulEpilogue, string>> = {
  write: 's',
  add: 'residual[at] + s',
  accumulate: 'vec4f(out[at]) + s',
  blend: 'dims.beta * vec4f(residual[at]) + dims.alpha * s',
};

/** A kernel that still knows what it computes and how: tune.ts tries other tiles on the same problem. */
export interface MatmulKernel extends Kernel {
  readonly problem: MatmulProblem;
  readonly tile: MatmulTile;
}

export const isMatmul = (kernel: Kernel): kernel is MatmulKernel => 'problem' in kernel;

/** Whether tiles on matrix units divide all sides: then they need no bounds (matmul-exact.ts). */
export const isExact = (tile: MatmulTile, { M, N, K }: MatmulDims): boolean =>
  tile.kind === 'subgroup' && M % tile.m === 0 && N % tile.n === 0 && K % tile.k === 0;

/** The kernel for these sizes. */
export const matmulOf = (problem: MatmulProblem, tile: MatmulTile, dims: MatmulDims): MatmulKernel =>
  isExact(tile, dims) ? exactMatmul(problem, tile as SubgroupTile) : matmul(problem, tile);

/** Of a problem whose sides the tile divides. */
export function exactMatmul(problem: MatmulProblem, tile: SubgroupTile): MatmulKernel {
  const general = matmul(problem, tile);
  const { m, n, k } = tile;
  const wide = (specs: Readonly<Record<string, string>> = {}): Record<string, string> =>
    Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, spec.replace(/^vec4h/, 'vec8h')]));
  return {
    ...general,
    name: `${general.name}_exact`,
    inputs: wide(general.inputs),
    ...(general.outputs && { outputs: wide(general.outputs) }),
    multiples: { M: m, N: n, K: k },
    wgsl: exactWgsl(problem, tile),
    // The last one has more rows of tiles than a band.
    cases: [
      { M: m, N: n, K: k, Z: 1 },
      { M: 2 * m, N: 3 * n, K: 3 * k, Z: 2 },
      { M: 9 * m, N: 2 * n, K: k, Z: 1 },
    ].map((dims) => ({ ...dims, ...(problem.epilogue === 'blend' && { alpha: 2.5, beta: -0.5 }) })),
  };
}

export function matmul(problem: MatmulProblem, tile: MatmulTile): MatmulKernel {
  const { layout, epilogue, from, into } = problem;
  const [A, O] = [vec4Of(from), vec4Of(into)];
  const readsResidual = epilogue === 'add' || epilogue === 'blend';
  // Every family ends in `store`: four sums of a row into memory, `column` in vec4.
  const store = `
fn store(z: u32, row: u32, column: u32, s: vec4f) {
  if (row >= dims.M || column >= dims.N / 4u) { return; }
  let at = (z * dims.M + row) * (dims.N / 4u) + column;
  out[at] = ${O}(${RESULT[epilogue]});
}`;
  const grid =
    'vectors' in tile
      ? lanesGrid(tile)
      : ({ M, N, Z }: Dims): [number, number, number] => [Math.ceil(N / tile.n), Math.ceil(M / tile.m), Z];
  const wgsl =
    'vectors' in tile
      ? lanesWgsl(problem, tile)
      : tile.kind === 'tiles'
        ? tilesWgsl(problem, tile)
        : subgroupWgsl(problem, tile);
  return {
    problem,
    tile,
    name: `matmul_${layout}_${epilogue}_${from}_${into}_${tileName(tile)}`,
    inputs: {
      a: layout === 'tn' ? `${A} Z K M` : `${A} Z M K`,
      b: layout === 'nt' ? `${A} Z N K` : `${A} Z K N`,
      ...(readsResidual && { residual: epilogue === 'add' ? 'vec4f Z M N' : `${O} Z M N` }),
    },
    ...(epilogue === 'accumulate' ? { updates: { out: `${O} Z M N` } } : { outputs: { out: `${O} Z M N` } }),
    ...(epilogue === 'blend' && { scalars: { alpha: 'f32', beta: 'f32' } as const }),
    ...(tile.kind === 'subgroup' && subgroupNeeds(tile)),
    ...(tile.kind === 'broadcast' && {
      features: ['subgroups'],
      directives: 'enable subgroups;',
      subgroupSize: tile.lanes,
    }),
    multiples: { K: 4, N: 4, ...(layout === 'tn' && { M: 4 }) },
    flops: ({ M, N, K, Z }) => 2 * Z * M * N * K,
    grid,
    wgsl: store + wgsl,
    reference({ a, b, residual, out }, { M, N, K, Z, alpha = 1, beta = 1 }) {
      for (let at = 0; at < Z * M * N; at++) {
        const [z, m, n] = [Math.floor(at / (M * N)), Math.floor(at / N) % M, at % N];
        let sum = 0;
        for (let k = 0; k < K; k++) {
          const left = layout === 'tn' ? a[(z * K + k) * M + m] : a[(z * M + m) * K + k];
          sum += left * (layout === 'nt' ? b[(z * N + n) * K + k] : b[(z * K + k) * N + n]);
        }
        const before = readsResidual ? beta * residual[at] : epilogue === 'accumulate' ? out[at] : 0;
        out[at] = before + alpha * sum;
      }
    },
    cases: [
      { M: 4, N: 4, K: 4, Z: 1 },
      { M: layout === 'tn' ? 12 : 7, N: 20, K: 12, Z: 3 },
      { M: layout === 'tn' ? 36 : 33, N: 132, K: 68, Z: 1 },
      { M: 20, N: 8, K: 516, Z: 1 },
    ].map((dims) => ({ ...dims, ...(epilogue === 'blend' && { alpha: 2.5, beta: -0.5 }) })),
  };
}
