/**
 * Matrix product out [M, N] = A · B (+ residual, or added to out), f32, for drivers that compute on the CPU and as the
 * plain path everywhere. Layouts by how the operands lie in memory, as BLAS names them:
 *   nn: a [M, K], b [K, N]      nt: a [M, K], b [N, K]      tn: a [K, M], b [K, N]
 * With weights stored [O, C] as Hugging Face does: forward y = x·Wᵀ is nt, dx = dy·W is nn, dW = dyᵀ·x is tn.
 *
 * Work split: a workgroup of `lanes` lanes owns `rows` rows and lanes·vectors·4 columns. Rows of A are the same for all
 * lanes, lanes own contiguous vec4 columns of B, the block of sums stays in registers, K is unrolled by 4. No
 * workgroup memory: on a CPU it is only more memory. Measured layouts: WEBGPU notes in trainer/LOG.md.
 */
import { type Kernel, type Storage, vec4Of } from './kernel.ts';

export type MatmulLayout = 'nn' | 'nt' | 'tn';
/**
 * `write`: out = AB. `add`: out = residual + AB. `accumulate`: out += AB (gradients over micro-steps).
 * `blend`: out = beta·residual + alpha·AB (Newton–Schulz).
 */
export type MatmulEpilogue = 'write' | 'add' | 'accumulate' | 'blend';

export interface MatmulVariant {
  readonly layout: MatmulLayout;
  readonly epilogue: MatmulEpilogue;
  /** Storage of A and B. Sums are always f32. */
  readonly from: Storage;
  /** Storage of `out`, and of a blend's residual; the residual of `add` is the stream: f32. */
  readonly into: Storage;
  /** Lanes of a workgroup. */
  readonly lanes: number;
  /** Rows of the block, a multiple of 4. */
  readonly rows: number;
  /** vec4 columns a lane owns. */
  readonly vectors: number;
}

export function matmul(variant: MatmulVariant): Kernel {
  const { layout, epilogue, from, into, lanes, rows, vectors } = variant;
  const [A, O] = [vec4Of(from), vec4Of(into)];
  const columns = lanes * vectors; // in vec4
  const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  const R = range(rows);
  const J = range(vectors);
  const each = (items: number[], text: (i: number) => string): string => items.map(text).join('\n');

  // `tn` reads 4 rows of A as one vec4, the others 4 steps of K as one vec4.
  const loadA =
    layout === 'tn'
      ? (step: number) =>
          each(
            range(rows / 4),
            (r) =>
              `    let a${step}_${r} = vec4f(a[(k * 4u + ${step}u) * (dims.M / 4u) + min(row / 4u + ${r}u, dims.M / 4u - 1u)]);`,
          )
      : () => each(R, (r) => `    let a${r} = vec4f(a[min(row + ${r}u, dims.M - 1u) * (dims.K / 4u) + k]);`);
  const lane = 'xyzw';
  const elementA = (r: number, step: number): string =>
    layout === 'tn' ? `a${step}_${Math.floor(r / 4)}.${lane[r % 4]}` : `a${r}.${lane[step]}`;

  const rowMajorB = `${layout === 'tn' ? each(range(4), loadA) : (loadA as () => string)()}
${each(range(4), (step) => each(J, (j) => `    let b${step}_${j} = vec4f(b[(k * 4u + ${step}u) * width + c${j}]);`))}
${each(range(4), (step) => each(R, (r) => each(J, (j) => `    s${r}_${j} += ${elementA(r, step)} * b${step}_${j};`)))}`;
  // nt: a lane's columns are rows of B; four dot products make one vec4 of sums.
  const columnMajorB = `${(loadA as () => string)()}
${each(J, (j) => each(range(4), (q) => `    let b${j}_${q} = vec4f(b[(c${j} * 4u + ${q}u) * (dims.K / 4u) + k]);`))}
${each(J, (j) =>
  each(
    R,
    (r) =>
      `    s${r}_${j} += vec4f(${range(4)
        .map((q) => `dot(a${r}, b${j}_${q})`)
        .join(', ')});`,
  ),
)}`;

  const result = {
    write: 's',
    add: 'residual[at] + s',
    accumulate: 'vec4f(out[at]) + s',
    blend: 'dims.beta * vec4f(residual[at]) + dims.alpha * s',
  }[epilogue];
  const readsResidual = epilogue === 'add' || epilogue === 'blend';
  return {
    name: `matmul_${layout}_${epilogue}_${from}_${into}_${lanes}x${rows}x${vectors}`,
    inputs: {
      a: layout === 'tn' ? `${A} K M` : `${A} M K`,
      b: layout === 'nt' ? `${A} N K` : `${A} K N`,
      ...(readsResidual && { residual: epilogue === 'add' ? 'vec4f M N' : `${O} M N` }),
    },
    ...(epilogue === 'accumulate' ? { updates: { out: `${O} M N` } } : { outputs: { out: `${O} M N` } }),
    ...(epilogue === 'blend' && { scalars: { alpha: 'f32', beta: 'f32' } as const }),
    multiples: { K: 4, N: 4, ...(layout === 'tn' && { M: 4 }) },
    grid: ({ M, N }) => [Math.ceil(N / 4 / columns), Math.ceil(M / rows)],
    wgsl: `
fn store(row: u32, column: u32, s: vec4f) {
  if (row >= dims.M || column >= dims.N / 4u) { return; }
  let at = row * (dims.N / 4u) + column;
  out[at] = ${O}(${result});
}
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let width = dims.N / 4u;
  let row = group.y * ${rows}u;
  let column = group.x * ${columns}u + lane * ${vectors}u;
${each(J, (j) => `  let c${j} = min(column + ${j}u, width - 1u);`)}
${each(R, (r) => each(J, (j) => `  var s${r}_${j} = vec4f();`))}
  for (var k = 0u; k < dims.K / 4u; k++) {
${layout === 'nt' ? columnMajorB : rowMajorB}
  }
${each(R, (r) => each(J, (j) => `  store(row + ${r}u, column + ${j}u, s${r}_${j});`))}
}`,
    reference({ a, b, residual, out }, { M, N, K, alpha = 1, beta = 1 }) {
      for (let m = 0; m < M; m++) {
        for (let n = 0; n < N; n++) {
          let sum = 0;
          for (let k = 0; k < K; k++) {
            sum += (layout === 'tn' ? a[k * M + m] : a[m * K + k]) * (layout === 'nt' ? b[n * K + k] : b[k * N + n]);
          }
          const at = m * N + n;
          const before = readsResidual ? beta * residual[at] : epilogue === 'accumulate' ? out[at] : 0;
          out[at] = before + alpha * sum;
        }
      }
    },
    cases: [
      { M: 4, N: 4, K: 4 },
      { M: layout === 'tn' ? 12 : 7, N: 20, K: 12 },
      { M: 64, N: 68, K: 36 },
      { M: layout === 'tn' ? 36 : 33, N: 132, K: 64 },
    ].map((dims) => ({ ...dims, ...(epilogue === 'blend' && { alpha: 2.5, beta: -0.5 }) })),
  };
}
