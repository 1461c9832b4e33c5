import { vec4Of } from '../gpu/kernel.ts';
import type { MatmulProblem } from './matmul-problem.ts';
import { lines, range } from './snippets.ts';

export interface SubgroupTile {
  readonly kind: 'subgroup';
  /** Tile of `out`, and steps of K in workgroup memory (a multiple of 8). */
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Subgroups that share it: `down` along m, `across` along n. */
  readonly down: number;
  readonly across: number;
  /** The configuration. */
  readonly M: number;
  readonly N: number;
  readonly K: number;
  /** Lanes of a subgroup: the adapter's largest. */
  readonly lanes: number;
  readonly size?: SubgroupSize;
}

/**
 * How a subgroup is known to have its lanes: the adapter has no other size, or the shader asks for it. Then subgroups say
 * their number; where neither holds it follows from the invocation's, and smaller subgroups multiply alike.
 */
export type SubgroupSize = 'only' | 'asked';
type Sized = Pick<SubgroupTile, 'lanes' | 'size'>;

/** What a kernel on matrix units asks of a device, and says of itself. */
export const subgroupNeeds = ({ size, lanes }: Sized) => ({
  features: [
    ...['shader-f16', 'subgroups', 'chromium-experimental-subgroup-matrix'],
    ...(size === 'asked' ? ['subgroup-size-control'] : []),
  ],
  directives: `enable f16;
enable subgroups;${size === 'asked' ? '\nenable subgroup_size_control;' : ''}
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);`,
  subgroupSize: lanes,
  isRightOnSmaller: size === undefined,
});

/** The entry point; the body knows `place` of the workgroup, `lane` in it, `subgroup`, and `own_lane` in that. */
export const subgroupMain = ({ lanes, size }: Sized, threads: number): string => {
  const asked = size === 'asked' ? ` @subgroup_size(${lanes})` : '';
  const own = size ? ', @builtin(subgroup_id) subgroup: u32, @builtin(subgroup_invocation_id) own_lane: u32' : '';
  return `@compute @workgroup_size(${threads})${asked}
fn main(@builtin(workgroup_id) place: vec3u, @builtin(local_invocation_index) lane: u32${own}) {${
    size
      ? ''
      : `
  let subgroup = lane / ${lanes}u;
  let own_lane = lane % ${lanes}u;`
  }`;
};

/** Halves of padding behind a row in workgroup memory. */
export const PAD = 8;
/** Workgroup memory that a tile may take: what every GPU driver with matrices offers. */
const BUDGET = 32 * 1024;
export const budgetOf = (staged: number): number => Math.max(BUDGET, staged);

/** Tiles of `out` that follow each other downwards. */
const BAND = 8;

/** Where a workgroup's tile begins: down a band before they go right, so that its rows of A and columns of B stay in L2. */
export const tilePlace = (m: number, n: number): string => `  let tiles_down = (dims.M + ${m - 1}u) / ${m}u;
  let tiles_across = (dims.N + ${n - 1}u) / ${n}u;
  let number = place.y * tiles_across + place.x;
  let band = number / (${BAND}u * tiles_across) * ${BAND}u;
  let in_band = number % (${BAND}u * tiles_across);
  let height = min(tiles_down - band, ${BAND}u);
  let first_row = (band + in_band % height) * ${m}u;
  let first_column = in_band / height * ${n}u;`;

/** WGSL of what is done with one staged tile; `i`, `j` number fragments, `kk` steps along K. */
interface Staging {
  readonly loads: string;
  readonly puts: string;
  readonly loadLeft: (i: number, kk: number) => string;
  readonly loadRight: (j: number, kk: number) => string;
}

/** Adds the product to s{i}_{j}, tile by tile along K; the next tile is on its way while one is multiplied. Needs `steps`. */
export function stagedLoop(
  { m, n, k, down, across, M, N, K }: SubgroupTile,
  { loads, puts, loadLeft, loadRight }: Staging,
): string {
  const [FM, FN] = [m / down / M, n / across / N];
  return `  var step = 0u;
${loads}
  loop {
${puts}
    workgroupBarrier();
    step++;
    if (step < steps) {
${loads}
    }
${lines(
  range(k / K),
  (kk) => `    {
${lines(range(FM), (i) => `    let l${i} = ${loadLeft(i, kk)};`)}
${lines(
  range(FN),
  (j) => `    let r${j} = ${loadRight(j, kk)};
${lines(range(FM), (i) => `    s${i}_${j} = subgroupMatrixMultiplyAccumulate(l${i}, r${j}, s${i}_${j});`)}`,
)}
    }`,
)}
    workgroupBarrier();
    if (step >= steps) { break; }
  }`;
}

/** Rows and length of an operand's tile as it lies in memory. */
export const shapeA = ({ layout }: Pick<MatmulProblem, 'layout'>, { m, k }: SubgroupTile): [number, number] =>
  layout === 'tn' ? [k, m] : [m, k];
export const shapeB = ({ layout }: Pick<MatmulProblem, 'layout'>, { n, k }: SubgroupTile): [number, number] =>
  layout === 'nt' ? [n, k] : [k, n];
const stagedBytes = (problem: Pick<MatmulProblem, 'layout'>, tile: SubgroupTile): number =>
  [shapeA(problem, tile), shapeB(problem, tile)].reduce((sum, [rows, length]) => sum + 2 * rows * (length + PAD), 0);

/** Matrices that a subgroup writes out together: as many as the memory left allows. */
function together(problem: Pick<MatmulProblem, 'layout'>, tile: SubgroupTile): number {
  const perRow = tile.n / tile.across / tile.N;
  const one = 4 * tile.M * tile.N * tile.down * tile.across;
  const room = BUDGET - stagedBytes(problem, tile);
  return range(perRow)
    .map((i) => perRow - i)
    .find((count) => perRow % count === 0 && (count === 1 || count * one <= room))!;
}

/** Bytes of workgroup memory. */
export const subgroupBytes = (problem: Pick<MatmulProblem, 'layout'>, tile: SubgroupTile): number =>
  stagedBytes(problem, tile) + 4 * tile.M * tile.N * tile.down * tile.across * together(problem, tile);

export function subgroupWgsl(problem: MatmulProblem, tile: SubgroupTile): string {
  const { layout, from } = problem;
  const { m, n, k, down, across, M, N, K, lanes } = tile;
  const threads = down * across * lanes;
  const [FM, FN] = [m / down / M, n / across / N];
  const V = vec4Of(from);
  const [rowsA, lengthA] = shapeA(problem, tile);
  const [rowsB, lengthB] = shapeB(problem, tile);
  const batch = together(problem, tile);

  // Staging by pairs of vec4: 16 bytes of f16. A row of the tile that lies along K is full of zeros behind K.
  interface Operand {
    readonly name: 'a' | 'b';
    readonly shared: string;
    readonly rows: number;
    readonly length: number;
    readonly alongK: boolean;
    readonly first: string;
    readonly total: string;
  }
  const operands: Operand[] = [
    {
      name: 'a',
      shared: 'left',
      rows: rowsA,
      length: lengthA,
      alongK: layout !== 'tn',
      first: 'first_row',
      total: 'dims.M',
    },
    {
      name: 'b',
      shared: 'right',
      rows: rowsB,
      length: lengthB,
      alongK: layout === 'nt',
      first: 'first_column',
      total: 'dims.N',
    },
  ];
  const turns = ({ rows, length }: Operand): number[] => range(Math.ceil((rows * length) / 8 / threads));
  const open = ({ rows, length }: Operand, p: number): string => {
    const count = (rows * length) / 8;
    return `    { let i = lane + ${p * threads}u;
    let r = i / ${length / 8}u;
    let c = i % ${length / 8}u * 2u;
${(p + 1) * threads > count ? `    if (i < ${count}u) {` : '    {'}`;
  };
  const load = (operand: Operand): string =>
    lines(turns(operand), (p) => {
      const { name, alongK, first, total } = operand;
      const [row, column, width, inside] = alongK
        ? [
            `min(${first} + r, ${total} - 1u)`,
            (q: number) => `min(step * ${k / 4}u + c + ${q}u, dims.K / 4u - 1u)`,
            'dims.K / 4u',
            (q: number) => `step * ${k / 4}u + c + ${q}u < dims.K / 4u`,
          ]
        : [
            `min(step * ${k}u + r, dims.K - 1u)`,
            (q: number) => `min(${first} / 4u + c + ${q}u, ${total} / 4u - 1u)`,
            `${total} / 4u`,
            () => `step * ${k}u + r < dims.K`,
          ];
      return `${open(operand, p)}
    let row = ${name}_at + ${row} * (${width});
${lines([0, 1], (q) => `    ${name}${p}_${q} = select(${V}(), ${name}[row + ${column(q)}], ${inside(q)});`)}
    }}`;
    });
  const put = (operand: Operand): string =>
    lines(turns(operand), (p) => {
      const { name, shared, length } = operand;
      return `${open(operand, p)}
${lines([0, 1], (q) => `    ${shared}[r * ${(length + PAD) / 4}u + c + ${q}u] = vec4h(${name}${p}_${q});`)}
    }}`;
    });
  const loads = operands.map(load).join('\n');
  const [strideA, strideB] = [(lengthA + PAD) / 4, (lengthB + PAD) / 4];
  // Offsets and strides are in elements of the array: vec4h.
  const loadLeft = (i: number, kk: number): string => {
    const [row, column] = [`(own_row + ${i * M}u)`, `${kk * K}u`];
    return layout === 'tn'
      ? `subgroupMatrixLoad<subgroup_matrix_left<f16, ${K}, ${M}>, col_major>(&left, ${column} * ${strideA}u + ${row} / 4u, ${strideA}u)`
      : `subgroupMatrixLoad<subgroup_matrix_left<f16, ${K}, ${M}>, row_major>(&left, ${row} * ${strideA}u + ${column} / 4u, ${strideA}u)`;
  };
  const loadRight = (j: number, kk: number): string => {
    const [column, row] = [`(own_column + ${j * N}u)`, `${kk * K}u`];
    return layout === 'nt'
      ? `subgroupMatrixLoad<subgroup_matrix_right<f16, ${N}, ${K}>, col_major>(&right, ${column} * ${strideB}u + ${row} / 4u, ${strideB}u)`
      : `subgroupMatrixLoad<subgroup_matrix_right<f16, ${N}, ${K}>, row_major>(&right, ${row} * ${strideB}u + ${column} / 4u, ${strideB}u)`;
  };
  const each = (text: (i: number, j: number) => string): string =>
    lines(range(FM), (i) => lines(range(FN), (j) => text(i, j)));
  const width = (batch * N) / 4; // of a row in scratch, in vec4
  return `
var<workgroup> left: array<vec4h, ${rowsA * strideA}>;
var<workgroup> right: array<vec4h, ${rowsB * strideB}>;
var<workgroup> scratch: array<vec4f, ${down * across * M * width}>;
${subgroupMain(tile, threads)}
${tilePlace(m, n)}
  let own_row = subgroup / ${across}u * ${m / down}u;
  let own_column = subgroup % ${across}u * ${n / across}u;
  let a_at = place.z * dims.M * dims.K / 4u;
  let b_at = place.z * dims.N * dims.K / 4u;
${operands.map((operand) => lines(turns(operand), (p) => `  var ${operand.name}${p}_0 = ${V}();\n  var ${operand.name}${p}_1 = ${V}();`)).join('\n')}
${each((i, j) => `  var s${i}_${j} = subgroup_matrix_result<f32, ${N}, ${M}>();`)}
  let steps = (dims.K + ${k - 1}u) / ${k}u;
${stagedLoop(tile, { loads, puts: operands.map(put).join('\n'), loadLeft, loadRight })}
  let own_scratch = subgroup * ${M * width}u;
${lines(range(FM), (i) =>
  lines(
    range(FN / batch),
    (
      b,
    ) => `${lines(range(batch), (q) => `  subgroupMatrixStore<row_major>(&scratch, own_scratch + ${(q * N) / 4}u, s${i}_${b * batch + q}, ${width}u);`)}
  workgroupBarrier();
  for (var p = own_lane; p < ${M * width}u; p += ${lanes}u) {
    store(place.z, first_row + own_row + ${i * M}u + p / ${width}u, (first_column + own_column) / 4u + ${(b * batch * N) / 4}u + p % ${width}u, scratch[own_scratch + p]);
  }
  workgroupBarrier();`,
  ),
)}
}`;
}
