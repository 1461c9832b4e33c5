/** Pieces of WGSL and of grids that several kernels share. */

/** Most workgroups that WebGPU guarantees in one dimension. */
const MAX_GROUPS = 65535;

/** One invocation per item: workgroups folded into two dimensions once there are too many for one. */
export function linearGrid(items: number, workgroupSize: number): readonly [number, number] {
  const groups = Math.ceil(items / workgroupSize);
  return groups <= MAX_GROUPS ? [groups, 1] : [MAX_GROUPS, Math.ceil(groups / MAX_GROUPS)];
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

/** Sum of a vec4's lanes. */
export const SUM4 = 'fn add_lanes(v: vec4f) -> f32 { return v.x + v.y + v.z + v.w; }';
