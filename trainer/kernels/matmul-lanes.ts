/**
 * Matmul for drivers that compute on the CPU. A workgroup of `lanes` lanes owns `rows` rows and lanes·vectors·4 columns:
 * rows of A are the same for all lanes (one scalar load, broadcast), lanes own neighbouring vec4 columns of B, the block
 * of sums stays in registers or on the stack, K goes four at a time. No workgroup memory: on a CPU it is only more memory.
 * A sum takes its four products in a row, so that one that does not fit a register is loaded and stored once for four.
 */
import type { Dims } from './kernel.ts';
import type { MatmulProblem } from './matmul.ts';
import { lines, range } from './snippets.ts';

export interface LanesTile {
  readonly kind: 'lanes';
  /** Lanes of a workgroup. */
  readonly lanes: number;
  /** Rows of the block, a multiple of 4. */
  readonly rows: number;
  /** vec4 columns that a lane owns. */
  readonly vectors: number;
}

export const lanesGrid =
  ({ lanes, rows, vectors }: LanesTile) =>
  ({ M, N, Z }: Dims): [number, number, number] => [Math.ceil(M / rows), Math.ceil(N / 4 / lanes / vectors), Z];

const LANE = 'xyzw';

export function lanesWgsl({ layout }: MatmulProblem, { lanes, rows, vectors }: LanesTile): string {
  const columns = lanes * vectors; // in vec4
  const R = range(rows);
  const J = range(vectors);
  const Q = range(4);
  // tn reads 4 rows of A as one vec4, the others 4 steps of K as one vec4.
  const loadA =
    layout === 'tn'
      ? lines(Q, (step) =>
          lines(
            range(rows / 4),
            (r) =>
              `    let a${step}_${r} = vec4f(a[a_at + (k * 4u + ${step}u) * (dims.M / 4u) + min(row / 4u + ${r}u, dims.M / 4u - 1u)]);`,
          ),
        )
      : lines(R, (r) => `    let a${r} = vec4f(a[a_at + min(row + ${r}u, dims.M - 1u) * (dims.K / 4u) + k]);`);
  const elementA = (r: number, step: number): string =>
    layout === 'tn' ? `a${step}_${Math.floor(r / 4)}.${LANE[r % 4]}` : `a${r}.${LANE[step]}`;
  const each = (text: (r: number, j: number) => string): string => lines(R, (r) => lines(J, (j) => text(r, j)));

  const rowMajorB = `${lines(Q, (step) => lines(J, (j) => `    let b${step}_${j} = vec4f(b[b_at + (k * 4u + ${step}u) * width + c${j}]);`))}
${each((r, j) => lines(Q, (step) => `    s${r}_${j} = fma(vec4f(${elementA(r, step)}), b${step}_${j}, s${r}_${j});`))}`;
  // nt: a lane's columns are rows of B; four dot products make one vec4 of sums.
  const columnMajorB = `${lines(J, (j) => lines(Q, (q) => `    let b${j}_${q} = vec4f(b[b_at + (c${j} * 4u + ${q}u) * (dims.K / 4u) + k]);`))}
${each((r, j) => `    s${r}_${j} += vec4f(${Q.map((q) => `dot(a${r}, b${j}_${q})`).join(', ')});`)}`;

  return `
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = dims.N / 4u;
  let row = group.x * ${rows}u;
  let column = group.y * ${columns}u + lane * ${vectors}u;
  let a_at = group.z * dims.M * dims.K / 4u;
  let b_at = group.z * dims.N * dims.K / 4u;
${lines(J, (j) => `  let c${j} = min(column + ${j}u, width - 1u);`)}
${each((r, j) => `  var s${r}_${j} = vec4f();`)}
  for (var k = 0u; k < dims.K / 4u; k++) {
${loadA}
${layout === 'nt' ? columnMajorB : rowMajorB}
  }
${each((r, j) => `  store(group.z, row + ${r}u, column + ${j}u, s${r}_${j});`)}
}`;
}
