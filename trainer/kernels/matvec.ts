/**
 * y [O] = W [O, C] · x [C] (+ residual): the matrix product for one token, bound by reading W once.
 * Work split: a workgroup has `teams` teams of `lanes` lanes; a team computes `rows` outputs, so that x is loaded once
 * for them. A lane reads every lanes-th vec4 of each row; partial sums of a row are added in the order of the lanes.
 */
import type { Kernel } from '../gpu/kernel.ts';
import { linearGrid, SUM4 } from './snippets.ts';

export interface MatvecVariant {
  readonly epilogue: 'write' | 'add';
  readonly teams: number;
  readonly lanes: number;
  readonly rows: number;
}

export function matvec({ epilogue, teams, lanes, rows }: MatvecVariant): Kernel {
  const each = (text: (r: number) => string): string => Array.from({ length: rows }, (_, r) => text(r)).join('\n');
  const result = epilogue === 'add' ? 'residual[row] + sum' : 'sum';
  const join = `
${each((r) => `  partial[local * ROWS + ${r}u] = sum${r};`)}
  workgroupBarrier();
  if (lane > 0u) { return; }
  for (var l = 1u; l < LANES; l++) {
${each((r) => `    sum${r} += partial[(local + l) * ROWS + ${r}u];`)}
  }`;
  return {
    name: `matvec_${epilogue}_${teams}x${lanes}x${rows}`,
    inputs: { weight: 'vec4f O C', x: 'vec4f C', ...(epilogue === 'add' && { residual: 'O' }) },
    outputs: { out: 'O' },
    multiples: { C: 4 },
    grid: ({ O }) => linearGrid(O, teams * rows),
    wgsl: `${SUM4}
const LANES = ${lanes}u;
const ROWS = ${rows}u;
${lanes > 1 ? `var<workgroup> partial: array<f32, ${teams * lanes * rows}>;` : ''}
fn store(row: u32, sum: f32) {
  if (row < dims.O) { out[row] = ${result}; }
}
@compute @workgroup_size(${teams * lanes})
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = local % LANES;
  let row = ((group.y * groups.x + group.x) * ${teams}u + local / LANES) * ROWS;
  let width = dims.C / 4u;
${each(
  (r) => `  let start${r} = min(row + ${r}u, dims.O - 1u) * width;
  var four${r} = vec4f();`,
)}
  for (var c = lane; c < width; c += LANES) {
    let value = x[c];
${each((r) => `    four${r} += weight[start${r} + c] * value;`)}
  }
${each((r) => `  var sum${r} = add_lanes(four${r});`)}${lanes > 1 ? join : ''}
${each((r) => `  store(row + ${r}u, sum${r});`)}
}`,
    reference({ weight, x, residual, out }, { O, C }) {
      for (let o = 0; o < O; o++) {
        let sum = residual?.[o] ?? 0;
        for (let c = 0; c < C; c++) sum += weight[o * C + c] * x[c];
        out[o] = sum;
      }
    },
    cases: [
      { O: 1, C: 4 },
      { O: 37, C: 20 },
      { O: 130, C: 132 },
    ],
  };
}
