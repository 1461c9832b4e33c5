/** Pieces of WGSL and of grids that several kernels share. */

/** Most workgroups that WebGPU guarantees in one dimension. */
const MAX_GROUPS = 65535;

const folded = (groups: number): readonly [number, number] =>
  groups <= MAX_GROUPS ? [groups, 1] : [MAX_GROUPS, Math.ceil(groups / MAX_GROUPS)];

/** One invocation per item: workgroups folded into two dimensions once there are too many for one. */
export function linearGrid(items: number, workgroupSize: number): readonly [number, number] {
  return folded(Math.ceil(items / workgroupSize));
}

/** An entry point with `i`, the item's number under `linearGrid`; returns early when `i >= count`. */
export function linearMain(workgroupSize: number, count: string, body: string): string {
  return `
@compute @workgroup_size(${workgroupSize})
fn main(@builtin(global_invocation_id) gid: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = gid.y * groups.x * ${workgroupSize}u + gid.x;
  if (i >= ${count}) { return; }
${body}
}`;
}

/** Rows of a workgroup when one invocation owns a row. */
const ROWS = 32;

/** Grid of `rowMain`. */
export const rowGrid = (rows: number, lanes: number): readonly [number, number] =>
  lanes === 1 ? linearGrid(rows, ROWS) : folded(rows);

/**
 * An entry point for one row `n` of `count`, shared by `lanes` lanes: `lane` strides over columns by LANES, and
 * `sum_lanes`, `max_lanes` combine what the lanes found in a fixed order; all lanes get the result. With one lane, for
 * drivers that compute on the CPU, an invocation owns its row and combining is nothing.
 */
export function rowMain(lanes: number, count: string, body: string): string {
  if (lanes === 1) {
    return `
const LANES = 1u;
fn sum_lanes(value: f32, lane: u32) -> f32 { return value; }
fn max_lanes(value: f32, lane: u32) -> f32 { return value; }
${linearMain(ROWS, count, `  let n = i;\n  let lane = 0u;\n${body}`)}`;
  }
  const combine = (name: string, operation: (a: string, b: string) => string): string => `
fn ${name}_lanes(value: f32, lane: u32) -> f32 {
  workgroupBarrier();
  shared_lanes[lane] = value;
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (lane < half) { shared_lanes[lane] = ${operation('shared_lanes[lane]', 'shared_lanes[lane + half]')}; }
  }
  workgroupBarrier();
  return shared_lanes[0];
}`;
  return `
const LANES = ${lanes}u;
var<workgroup> shared_lanes: array<f32, LANES>;
${combine('sum', (a, b) => `${a} + ${b}`)}
${combine('max', (a, b) => `max(${a}, ${b})`)}
@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let n = group.y * groups.x + group.x;
  if (n >= ${count}) { return; }
${body}
}`;
}

/** Sum and maximum of a vec4's lanes. */
export const SUM4 = 'fn add_lanes(v: vec4f) -> f32 { return v.x + v.y + v.z + v.w; }';
export const MAX4 = 'fn max_of(v: vec4f) -> f32 { return max(max(v.x, v.y), max(v.z, v.w)); }';

/** 0 … count − 1, and one line of WGSL for each item. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
export const lines = (items: readonly number[], text: (i: number) => string): string => items.map(text).join('\n');

/** Attention, from `last` key of a block to `end`, behind the last query that sees it. */
export const END_OF_QUERIES = `  // The documents behind the last key's do not look back: found by halves, for \`starts\` never falls within a row.
  var end = last + 1u;
  var high = dims.T;
  while (end < high) {
    let middle = (end + high) / 2u;
    if (starts[begin + middle] > last) { high = middle; } else { end = middle + 1u; }
  }`;
