/**
 * The product of matmul-subgroup.ts where tiles divide all three sides: no bounds. What that allows:
 *   loads     16 bytes at a time, eight halves, into registers while the step before is computed, then as they are into
 *             workgroup memory, at places that only grow by a constant from step to step
 *   memory    staging and the way out share one array, so that a tile may be larger and a way out has fewer barriers
 *   f32 out   goes straight from the matrices; a gradient that is added to begins with what is there
 */
import type { MatmulProblem } from './matmul-problem.ts';
import {
  budgetOf,
  PAD,
  type SubgroupTile,
  shapeA,
  shapeB,
  stagedLoop,
  subgroupMain,
  tilePlace,
} from './matmul-subgroup.ts';
import { lines, range } from './snippets.ts';

/** f32 that needs no arithmetic behind the last matrix. */
const isDirect = ({ epilogue, into }: MatmulProblem): boolean =>
  into === 'f32' && (epilogue === 'write' || epilogue === 'accumulate');

/** Staging of A and B in vec4u; rows have one more against conflicts of banks. */
function stagingOf(problem: Pick<MatmulProblem, 'layout'>, tile: SubgroupTile) {
  const [[rowsA, lengthA], [rowsB, lengthB]] = [shapeA(problem, tile), shapeB(problem, tile)];
  const [strideA, strideB] = [(lengthA + PAD) / 8, (lengthB + PAD) / 8];
  return { rowsA, lengthA, strideA, rowsB, lengthB, strideB, size: rowsA * strideA + rowsB * strideB };
}

/** Matrices of a row that leave together: as many as fit where the staging was, or in what every GPU has. */
function together(problem: Pick<MatmulProblem, 'layout'>, tile: SubgroupTile): number {
  const perRow = tile.n / tile.across / tile.N;
  const one = 4 * tile.M * tile.N * tile.down * tile.across;
  const room = budgetOf(16 * stagingOf(problem, tile).size);
  return range(perRow)
    .map((i) => perRow - i)
    .find((count) => perRow % count === 0 && (count === 1 || count * one <= room))!;
}

export function exactWgsl(problem: MatmulProblem, tile: SubgroupTile): string {
  const { layout, epilogue, into } = problem;
  const { m, n, k, down, across, M, N, K, lanes } = tile;
  const threads = down * across * lanes;
  const [FM, FN] = [m / down / M, n / across / N];
  const staging = stagingOf(problem, tile);
  const { strideA, strideB } = staging;
  const right = staging.rowsA * strideA;
  const batch = together(problem, tile);
  const width = (batch * N) / 4; // of a row on its way out, in vec4
  const out = isDirect(problem) ? 0 : down * across * M * width;

  const operands = [
    {
      ...{ name: 'a', at: 0, rows: staging.rowsA, length: staging.lengthA, stride: strideA },
      ...{ alongK: layout !== 'tn', first: 'first_row', total: 'dims.M' },
    },
    {
      ...{ name: 'b', at: right, rows: staging.rowsB, length: staging.lengthB, stride: strideB },
      ...{ alongK: layout === 'nt', first: 'first_column', total: 'dims.N' },
    },
  ];
  type Operand = (typeof operands)[number];
  const turns = ({ rows, length }: Operand): number[] => range(Math.ceil((rows * length) / 8 / threads));
  const guarded = ({ rows, length }: Operand, p: number, text: string): string =>
    (p + 1) * threads > (rows * length) / 8
      ? `if (lane + ${p * threads}u < ${(rows * length) / 8}u) { ${text} }`
      : text;
  const places = (operand: Operand): string => {
    const { name, rows, length, alongK, first, total, at, stride } = operand;
    const source = alongK
      ? '(FIRST + r) * (dims.K / 8u) + c'.replace('FIRST', first)
      : `r * (${total} / 8u) + ${first} / 8u + c`;
    return lines(
      turns(operand),
      (p) => `  var ${name}_from${p} = 0u;
  var ${name}_to${p} = 0u;
  {
    let i = min(lane + ${p * threads}u, ${(rows * length) / 8 - 1}u);
    let r = i / ${length / 8}u;
    let c = i % ${length / 8}u;
    ${name}_from${p} = ${name}_at + ${source};
    ${name}_to${p} = ${at}u + r * ${stride}u + c;
  }
  var ${name}${p} = vec4u();`,
    );
  };
  const load = (operand: Operand): string =>
    lines(turns(operand), (p) => {
      const { name, alongK, total } = operand;
      const step = alongK ? `${k / 8}u` : `${k}u * (${total} / 8u)`;
      return `    ${guarded(operand, p, `${name}${p} = ${name}[${name}_from${p}]; ${name}_from${p} += ${step};`)}`;
    });
  const put = (operand: Operand): string =>
    lines(turns(operand), (p) => {
      const { name } = operand;
      return `    ${guarded(operand, p, `staged[${name}_to${p}] = ${name}${p};`)}`;
    });
  const loads = operands.map(load).join('\n');
  // Offsets and strides are in elements of the array: vec4u.
  const loadLeft = (i: number, kk: number): string => {
    const [row, column] = [`(own_row + ${i * M}u)`, kk * K];
    return layout === 'tn'
      ? `subgroupMatrixLoad<subgroup_matrix_left<f16, ${K}, ${M}>, col_major>(&staged, ${column * strideA}u + ${row} / 8u, ${strideA}u)`
      : `subgroupMatrixLoad<subgroup_matrix_left<f16, ${K}, ${M}>, row_major>(&staged, ${row} * ${strideA}u + ${column / 8}u, ${strideA}u)`;
  };
  const loadRight = (j: number, kk: number): string => {
    const [column, row] = [`(own_column + ${j * N}u)`, kk * K];
    return layout === 'nt'
      ? `subgroupMatrixLoad<subgroup_matrix_right<f16, ${N}, ${K}>, col_major>(&staged, ${right}u + ${column} * ${strideB}u + ${row / 8}u, ${strideB}u)`
      : `subgroupMatrixLoad<subgroup_matrix_right<f16, ${N}, ${K}>, row_major>(&staged, ${right + row * strideB}u + ${column} / 8u, ${strideB}u)`;
  };
  const each = (text: (i: number, j: number) => string): string =>
    lines(range(FM), (i) => lines(range(FN), (j) => text(i, j)));
  const outPlace = (i: number, j: number): string => `out_at + ${i * M}u * (dims.N / 4u) + ${(j * N) / 4}u`;
  const result = `subgroup_matrix_result<f32, ${N}, ${M}>`;
  const first = (i: number, j: number): string =>
    epilogue === 'accumulate'
      ? `subgroupMatrixLoad<${result}, row_major>(&out, ${outPlace(i, j)}, dims.N / 4u)`
      : `${result}()`;
  const direct = each((i, j) => `  subgroupMatrixStore<row_major>(&out, ${outPlace(i, j)}, s${i}_${j}, dims.N / 4u);`);
  const residual = (half: 'xy' | 'zw', at: string): string =>
    into === 'f16' ? `vec4f(bitcast<vec4h>(residual[${at}].${half}))` : `residual[${at}]`;
  const value = (half: 'xy' | 'zw', at: string): string => {
    const s = `bitcast<vec4f>(staged[piece${half === 'xy' ? '' : ' + 1u'}])`;
    if (epilogue === 'add') return `residual[${at}] + ${s}`;
    return epilogue === 'blend' ? `dims.beta * ${residual(half, at)} + dims.alpha * ${s}` : s;
  };
  const stores =
    into === 'f16'
      ? `    out[at / 8u] = vec4u(bitcast<vec2u>(vec4h(${value('xy', 'at / 8u')})), bitcast<vec2u>(vec4h(${value('zw', 'at / 8u')})));`
      : `    out[at / 4u] = ${value('xy', 'at / 4u')};
    out[at / 4u + 1u] = ${value('zw', 'at / 4u + 1u')};`;
  const byScratch = `  let own_scratch = subgroup * ${M * width}u;
${lines(range(FM), (i) =>
  lines(
    range(FN / batch),
    (
      b,
    ) => `${lines(range(batch), (q) => `  subgroupMatrixStore<row_major>(&staged, own_scratch + ${(q * N) / 4}u, s${i}_${b * batch + q}, ${width}u);`)}
  workgroupBarrier();
  for (var p = own_lane; p < ${(M * width) / 2}u; p += ${lanes}u) {
    let piece = own_scratch + p * 2u;
    let row = first_row + own_row + ${i * M}u + p / ${width / 2}u;
    let at = (place.z * dims.M + row) * dims.N + first_column + own_column + ${b * batch * N}u + p % ${width / 2}u * 8u;
${stores}
  }
  workgroupBarrier();`,
  ),
)}`;
  return `
var<workgroup> staged: array<vec4u, ${Math.max(staging.size, out)}>;
${subgroupMain(tile, threads)}
${tilePlace(m, n)}
  let own_row = subgroup / ${across}u * ${m / down}u;
  let own_column = subgroup % ${across}u * ${n / across}u;
  let a_at = place.z * dims.M * (dims.K / 8u);
  let b_at = place.z * dims.N * (dims.K / 8u);
  let out_at = (place.z * dims.M + first_row + own_row) * (dims.N / 4u) + (first_column + own_column) / 4u;
${operands.map(places).join('\n')}
${each((i, j) => `  var s${i}_${j} = ${first(i, j)};`)}
  let steps = dims.K / ${k}u;
${stagedLoop(tile, { loads, puts: operands.map(put).join('\n'), loadLeft, loadRight })}
${isDirect(problem) ? direct : byScratch}
}`;
}
