/**
 * Matmul for drivers that compute on the CPU. A workgroup of `lanes` lanes owns `rows` rows and lanes·vectors·4 columns:
 * rows of A are the same for all lanes, lanes own neighbouring vec4 columns of B, the block of sums stays in registers or
 * on the stack, K goes four at a time. No workgroup memory: on a CPU it is only more memory. A sum takes its four products
 * in a row, so that one that does not fit a register is loaded and stored once for four.
 *
 * How A comes to all lanes: `lanes` loads it as scalars, each behind a check of its bounds. `broadcast`, where a workgroup
 * is one subgroup, has each lane load its share as vectors and hand it to the others.
 */
import type { Dims } from '../gpu/kernel.ts';
import type { MatmulLayout, MatmulProblem } from './matmul-problem.ts';
import { lines, range } from './snippets.ts';

export interface LanesTile {
  readonly kind: 'lanes' | 'broadcast';
  /** Lanes of a workgroup; of `broadcast` those of every subgroup of the adapter. */
  readonly lanes: number;
  /** Rows of the block, a multiple of 4; of `broadcast` of `lanes`. */
  readonly rows: number;
  /** vec4 columns that a lane owns. */
  readonly vectors: number;
  /** Steps of K, in vec4, whose lines of memory are touched together before they are used; none where left out. */
  readonly ahead?: number;
}

export const lanesGrid =
  ({ lanes, rows, vectors }: LanesTile) =>
  ({ M, N, Z }: Dims): [number, number, number] => [Math.ceil(M / rows), Math.ceil(N / 4 / lanes / vectors), Z];

const LANE = 'xyzw';

/** A in four steps of K: what is loaded first, what before the sums of row `r`, and its factor in one of the steps. */
interface LeftOperand {
  readonly load: string;
  row(r: number): string;
  element(r: number, step: number): string;
}

/** Four rows of a step (tn) or four steps of a row (nn, nt) as one vec4, the same for all lanes. */
function scalarsOfA(layout: MatmulLayout, rows: number): LeftOperand {
  const fours = (step: number, r: number): string =>
    `    let a${step}_${r} = vec4f(a[a_at + (k * 4u + ${step}u) * (dims.M / 4u) + min(row / 4u + ${r}u, dims.M / 4u - 1u)]);`;
  const steps = (r: number): string =>
    `    let a${r} = vec4f(a[a_at + min(row + ${r}u, dims.M - 1u) * (dims.K / 4u) + k]);`;
  return {
    load:
      layout === 'tn'
        ? lines(range(4), (step) => lines(range(rows / 4), (r) => fours(step, r)))
        : lines(range(rows), steps),
    row: () => '',
    element: (r, step) => (layout === 'tn' ? `a${step}_${Math.floor(r / 4)}.${LANE[r % 4]}` : `a${r}.${LANE[step]}`),
  };
}

/**
 * nn, nt: share s of lane l is row s·lanes + l, four steps. tn: lane l has step l % 4 of the (l / 4)-th of lanes/4 stretches
 * of rows, four rows a share.
 */
function sharesOfA(layout: MatmulLayout, lanes: number, rows: number): LeftOperand {
  const shares = rows / lanes;
  const at = (s: number): string =>
    layout === 'tn'
      ? `a_at + (k * 4u + lane % 4u) * (dims.M / 4u) + min(row / 4u + lane / 4u * ${shares}u + ${s}u, dims.M / 4u - 1u)`
      : `a_at + min(row + ${s * lanes}u + lane, dims.M - 1u) * (dims.K / 4u) + k`;
  return {
    load: lines(range(shares), (s) => `    let share${s} = vec4f(a[${at(s)}]);`),
    row(r) {
      if (layout !== 'tn') return `    let a${r} = subgroupBroadcast(share${Math.floor(r / lanes)}, ${r % lanes}u);\n`;
      const four = Math.floor(r / 4);
      const first = 4 * Math.floor(four / shares);
      const steps = range(4).map((s) => `subgroupBroadcast(share${four % shares}.${LANE[r % 4]}, ${first + s}u)`);
      return `    let a${r} = vec4f(${steps.join(', ')});\n`;
    },
    element: (r, step) => `a${r}.${LANE[step]}`,
  };
}

/**
 * Operands whose steps of K lie apart (A of tn, B of nn and tn) come from other pages step by step, where no prefetcher
 * looks: each miss would hold the loop up alone. A lane touches one line of 64 bytes at a time, many on their way at once.
 */
function touchAhead(layout: MatmulLayout, { lanes, rows, vectors, ahead = 0 }: LanesTile): string {
  const touch = (operand: string, side: string, first: string, fours: number): string => {
    const across = Math.ceil(fours / 4);
    const step = (i: number): string => `min(k * 4u + (${i * lanes}u + lane) / ${across}u, dims.K - 1u)`;
    const four = (i: number): string =>
      `min(${first} + (${i * lanes}u + lane) % ${across}u * 4u, dims.${side} / 4u - 1u)`;
    return lines(
      range(Math.ceil((ahead * 4 * across) / lanes)),
      (i) =>
        `      touched &= bitcast<u32>(f32(${operand}[${operand}_at + ${step(i)} * (dims.${side} / 4u) + ${four(i)}].x));`,
    );
  };
  if (ahead === 0 || layout === 'nt') return '';
  return `    if (k % ${ahead}u == 0u) {
${layout === 'tn' ? touch('a', 'M', 'row / 4u', rows / 4) : ''}
${touch('b', 'N', `group.y * ${lanes * vectors}u`, lanes * vectors)}
    }`;
}

export function lanesWgsl({ layout }: MatmulProblem, tile: LanesTile): string {
  const { kind, lanes, rows, vectors } = tile;
  const broadcast = kind === 'broadcast';
  const columns = lanes * vectors; // in vec4
  const R = range(rows);
  const J = range(vectors);
  const Q = range(4);
  const A = broadcast ? sharesOfA(layout, lanes, rows) : scalarsOfA(layout, rows);
  const each = (text: (r: number, j: number) => string): string => lines(R, (r) => lines(J, (j) => text(r, j)));

  const rowMajorB = `${lines(Q, (step) => lines(J, (j) => `    let b${step}_${j} = vec4f(b[b_at + (k * 4u + ${step}u) * width + c${j}]);`))}
${lines(R, (r) => A.row(r) + lines(J, (j) => lines(Q, (step) => `    s${r}_${j} = fma(vec4f(${A.element(r, step)}), b${step}_${j}, s${r}_${j});`)))}`;
  // nt: a lane's columns are rows of B; four dot products make one vec4 of sums.
  const columnMajorB = `${lines(J, (j) => lines(Q, (q) => `    let b${j}_${q} = vec4f(b[b_at + (c${j} * 4u + ${q}u) * (dims.K / 4u) + k]);`))}
${lines(R, (r) => A.row(r) + lines(J, (j) => `    s${r}_${j} += vec4f(${Q.map((q) => `dot(a${r}, b${j}_${q})`).join(', ')});`))}`;

  const sums = each((r, j) => `    var s${r}_${j} = vec4f();`);
  const load = layout === 'nt' ? columnMajorB : rowMajorB;
  const touching = touchAhead(layout, tile);
  // What was touched is 0, which the compiler does not know: else it would leave the reading out.
  const touched = touching === '' ? '' : ' + touched';
  const store = each((r, j) => `    store(group.z, row + ${r}u${touched}, column + ${j}u, s${r}_${j});`);
  return `
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(${broadcast ? 'subgroup_invocation_id' : 'local_invocation_index'}) lane: u32) {
  let width = dims.N / 4u;
${touching === '' ? '' : '  var touched = dims.M >> 31u;'}
  let column = group.y * ${columns}u + lane * ${vectors}u;
  let a_at = group.z * dims.M * dims.K / 4u;
  let b_at = group.z * dims.N * dims.K / 4u;
${lines(J, (j) => `  let c${j} = min(column + ${j}u, width - 1u);`)}
  let row = group.x * ${rows}u;
${sums}
  for (var k = 0u; k < dims.K / 4u; k++) {
${touching}
${A.load}
${load}
  }
${store}
}`;
}
