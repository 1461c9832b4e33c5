/**
 * Matmul for GPUs, f32 multiply-adds. A workgroup owns an m×n tile of `out`; both operands come k steps at a time into
 * workgroup memory, k outermost, so that a thread reads its rows and columns as vec4s:
 *
 *   left  [k][m/4]  ──┐  thread (x, y): row vec4s y, y + m/rows, …   a block of rows×columns sums in registers
 *   right [k][n/4]  ──┘                 column vec4s x, x + n/columns, …
 *
 * Staging goes by blocks of 4×4 scalars, four vec4 loads: where memory runs along K, the block is turned on its way.
 * The next step's blocks are loaded into registers while this step computes. One spare vec4 a row spreads the banks.
 */
import type { MatmulProblem } from './matmul-problem.ts';
import { lines, range } from './snippets.ts';

export interface TilesTile {
  readonly kind: 'tiles';
  /** Tile of `out`, and steps of K in workgroup memory: multiples of 4. */
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Block of a thread: multiples of 4 that divide m and n. */
  readonly rows: number;
  readonly columns: number;
}

export const tilesThreads = ({ m, n, rows, columns }: TilesTile): number => (m / rows) * (n / columns);
/** Bytes of workgroup memory. */
export const tilesBytes = ({ m, n, k }: TilesTile): number => 16 * k * (m / 4 + n / 4 + 2);

const LANE = 'xyzw';

/** How one operand comes into workgroup memory. */
interface Operand {
  readonly name: 'a' | 'b';
  readonly shared: 'left' | 'right';
  /** Rows (A) or columns (B) of the tile, and their number in all. */
  readonly extent: number;
  readonly total: string;
  readonly first: string;
  /** Memory runs along K. */
  readonly alongK: boolean;
}

export function tilesWgsl({ layout }: MatmulProblem, tile: TilesTile): string {
  const { m, n, k, rows, columns } = tile;
  const threads = tilesThreads(tile);
  const [I, J, Q] = [range(rows / 4), range(columns / 4), range(4)];
  const left: Operand = {
    ...{ name: 'a', shared: 'left', extent: m, total: 'dims.M', first: 'first_row' },
    alongK: layout !== 'tn',
  };
  const right: Operand = {
    ...{ name: 'b', shared: 'right', extent: n, total: 'dims.N', first: 'first_column' },
    alongK: layout === 'nt',
  };
  const blocks = (operand: Operand): number => (operand.extent / 4) * (k / 4);
  const turns = (operand: Operand): number[] => range(Math.ceil(blocks(operand) / threads));
  // Where one operand has fewer blocks than there are threads, the other's are taken from the last thread on.
  const block = ({ name, extent, alongK }: Operand, p: number): string => {
    const i = name === 'a' ? `lane + ${p * threads}u` : `${threads - 1 + p * threads}u - lane`;
    return `    let i = ${i};
    let kb = ${alongK ? `i % ${k / 4}u` : `i / ${extent / 4}u`};
    let eb = ${alongK ? `i / ${k / 4}u` : `i % ${extent / 4}u`};`;
  };
  const guarded = (operand: Operand, text: string): string =>
    blocks(operand) % threads === 0
      ? `    {\n${text}\n    }`
      : `    {\n${text.replace(/(let eb = .*;)/, `$1\n    if (i < ${blocks(operand)}u) {`)}\n    }}`;
  const load = (operand: Operand): string =>
    lines(turns(operand), (p) => {
      const { name, alongK, first, total } = operand;
      const at = (q: number): string =>
        alongK
          ? `${name}_at + min(${first} + eb * 4u + ${q}u, ${total} - 1u) * (dims.K / 4u) + k4`
          : `${name}_at + (k4 * 4u + ${q}u) * (${total} / 4u) + min(${first} / 4u + eb, ${total} / 4u - 1u)`;
      return guarded(
        operand,
        `${block(operand, p)}
    let inside = step * ${k / 4}u + kb < dims.K / 4u;
    let k4 = min(step * ${k / 4}u + kb, dims.K / 4u - 1u);
${lines(Q, (q) => `    ${name}${p}_${q} = select(vec4f(), vec4f(${name}[${at(q)}]), inside);`)}`,
      );
    });
  const put = (operand: Operand): string =>
    lines(turns(operand), (p) => {
      const { name, shared, alongK, extent } = operand;
      const value = (q: number): string =>
        alongK ? `vec4f(${Q.map((r) => `${name}${p}_${r}.${LANE[q]}`).join(', ')})` : `${name}${p}_${q}`;
      return guarded(
        operand,
        `${block(operand, p)}
${lines(Q, (q) => `    ${shared}[(kb * 4u + ${q}u) * ${extent / 4 + 1}u + eb] = ${value(q)};`)}`,
      );
    });
  const registers = (operand: Operand): string =>
    lines(turns(operand), (p) => lines(Q, (q) => `  var ${operand.name}${p}_${q} = vec4f();`));
  const loads = `${load(left)}\n${load(right)}`;
  const each = (text: (i: number, r: number, j: number) => string): string =>
    lines(I, (i) => lines(Q, (r) => lines(J, (j) => text(i, r, j))));

  return `
var<workgroup> left: array<vec4f, ${k * (m / 4 + 1)}>;
var<workgroup> right: array<vec4f, ${k * (n / 4 + 1)}>;
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let first_row = group.y * ${m}u;
  let first_column = group.x * ${n}u;
  let x = lane % ${n / columns}u;
  let y = lane / ${n / columns}u;
  let a_at = group.z * dims.M * dims.K / 4u;
  let b_at = group.z * dims.N * dims.K / 4u;
${registers(left)}
${registers(right)}
${each((i, r, j) => `  var s${i}_${r}_${j} = vec4f();`)}
  let steps = (dims.K + ${k - 1}u) / ${k}u;
  var step = 0u;
${loads}
  loop {
${put(left)}
${put(right)}
    workgroupBarrier();
    step++;
    if (step < steps) {
${loads}
    }
    for (var at = 0u; at < ${k}u; at++) {
${lines(I, (i) => `      let l${i} = left[at * ${m / 4 + 1}u + y + ${(i * m) / rows}u];`)}
${lines(J, (j) => `      let r${j} = right[at * ${n / 4 + 1}u + x + ${(j * n) / columns}u];`)}
${each((i, r, j) => `      s${i}_${r}_${j} = fma(vec4f(l${i}.${LANE[r]}), r${j}, s${i}_${r}_${j});`)}
    }
    if (step >= steps) { break; }
    workgroupBarrier();
  }
${each(
  (i, r, j) =>
    `  store(group.z, first_row + (y + ${(i * m) / rows}u) * 4u + ${r}u, first_column / 4u + x + ${(j * n) / columns}u, s${i}_${r}_${j});`,
)}
}`;
}
