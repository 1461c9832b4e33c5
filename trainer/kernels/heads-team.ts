/**
 * The kernels of heads.ts for GPUs: HS/8 neighbours share a head, each with four of its first half and four of its second,
 * so that a workgroup reads what lies side by side. Backward goes through a slice of rows in a workgroup and keeps the
 * gradients of the norms' weights on the way, so that nothing is read for them again.
 */
import { type Dims, type Kernel, type Storage, vec4Of } from '../gpu/kernel.ts';
import { rowGrid, SUM4 } from './snippets.ts';

const WORKGROUP = 64;

const SUM_TEAM = `${SUM4}
var<workgroup> shared_lanes: array<f32, ${WORKGROUP}>;
// Of the \`half\` lanes of a head.
fn sum_team(value: f32, lane: u32, half: u32) -> f32 {
  workgroupBarrier();
  shared_lanes[lane] = value;
  workgroupBarrier();
  var sum = 0f;
  for (var q = lane / half * half; q < lane / half * half + half; q++) { sum += shared_lanes[q]; }
  return sum;
}`;

const main = (count: string, body: string): string => `
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let p = group.y * groups.x + group.x;
  if (p >= ${count}) { return; }
  let half = dims.HS / 8u;
  let d = lane % half;
  let heads = dims.NH + dims.NKV;
${body}
}`;

/** Head i of qk is head `head` of row `n`, at `begin` in qkv and `to` in qk (in vec4). */
const locate = `    let n = i / heads;
    let head = i % heads;
    let begin = (n * (heads + dims.NKV) + head) * 2u * half;
    let to = i * 2u * half;
    let cosine = table[n % dims.T * 2u * half + d];
    let sine = table[n % dims.T * 2u * half + half + d];`;
const weightAt = (at: string): string => `select(k_norm[${at}], q_norm[${at}], head < dims.NH)`;

export function teamForward(forward: Kernel, storage: Storage, normed: boolean): Kernel {
  const V = vec4Of(storage);
  return {
    ...forward,
    name: `${forward.name}_team`,
    grid: ({ N, NH, NKV, HS }) => rowGrid(Math.ceil((N * (NH + NKV) * HS) / 8 / WORKGROUP), WORKGROUP),
    wgsl: `${SUM_TEAM}
${main(
  `(dims.N * (dims.NH + dims.NKV) * dims.HS / 8u + ${WORKGROUP - 1}u) / ${WORKGROUP}u`,
  `  let own = p * ${WORKGROUP}u / half + lane / half;
  let is_own = own < dims.N * heads;
  let i = min(own, dims.N * heads - 1u);
${locate}
  var a = vec4f(qkv[begin + d]);
  var b = vec4f(qkv[begin + half + d]);
${
  normed
    ? `  let scale = inverseSqrt(sum_team(add_lanes(a * a + b * b), lane, half) / f32(dims.HS) + dims.eps);
  if (is_own && d == 0u) { rstd[i] = scale; }
  a *= scale * ${weightAt('d')};
  b *= scale * ${weightAt('half + d')};`
    : ''
}
  if (is_own) {
    qk[to + d] = ${V}(a * cosine - b * sine);
    qk[to + half + d] = ${V}(b * cosine + a * sine);
  }`,
)}`,
  };
}

/** One head of one row, for the references: `eachHead` of heads.ts. */
type Heads = (
  b: Record<string, Float64Array>,
  dims: Dims,
  normed: boolean,
  pass: 'forward' | 'backward',
) => Iterable<{ n: number; isQuery: boolean; scale: number; unrotated: Float64Array; x(d: number): number }>;

const rowsOf = ({ N, P }: Dims): number => Math.ceil(N / P);

export function teamBackward(backward: Kernel, storage: Storage, normed: boolean, eachHead: Heads): Kernel {
  const V = vec4Of(storage);
  const partials = { partial_q: 'vec4f P HS', partial_k: 'vec4f P HS' };
  const sums = ['low', 'high'].flatMap((part) => ['q', 'k'].map((weight) => `${part}_${weight}`));
  return {
    ...backward,
    name: `${backward.name}_team`,
    ...(normed ? { outputs: partials } : { scalars: { P: 'u32' } }),
    grid: ({ P }) => rowGrid(P, WORKGROUP),
    serial: (dims) => (rowsOf(dims) * (dims.NH + dims.NKV) * dims.HS) / 8 / WORKGROUP,
    wgsl: `${SUM_TEAM}
var<workgroup> shared_sums: array<vec4f, ${WORKGROUP}>;
// Lanes with the same four columns, in their order: the first \`half\` get the sum.
fn sum_columns(value: vec4f, lane: u32, half: u32) -> vec4f {
  workgroupBarrier();
  shared_sums[lane] = value;
  workgroupBarrier();
  var sum = vec4f();
  for (var q = lane % half; q < ${WORKGROUP}u; q += half) { sum += shared_sums[q]; }
  return sum;
}
${main(
  'dims.P',
  `  let rows = (dims.N + dims.P - 1u) / dims.P;
  let first = min(p * rows, dims.N) * heads;
  let end = min((p + 1u) * rows, dims.N) * heads;
${normed ? sums.map((name) => `  var ${name} = vec4f();`).join('\n') : ''}
  for (var team = first; team < end; team += ${WORKGROUP}u / half) {
    let is_own = team + lane / half < end;
    let i = min(team + lane / half, end - 1u);
${locate}
    let a = vec4f(dqk[to + d]);
    let b = vec4f(dqk[to + half + d]);
    let left = a * cosine + b * sine;
    let right = b * cosine - a * sine;
${
  normed
    ? `    let scale = rstd[i];
    let x = vec4f(qkv[begin + d]) * scale;
    let y = vec4f(qkv[begin + half + d]) * scale;
    let low = left * ${weightAt('d')};
    let high = right * ${weightAt('half + d')};
    let mean = sum_team(add_lanes(low * x + high * y), lane, half) / f32(dims.HS);
    if (is_own) {
      dqkv[begin + d] = ${V}(scale * (low - x * mean));
      dqkv[begin + half + d] = ${V}(scale * (high - y * mean));
      if (head < dims.NH) { low_q += left * x; high_q += right * y; } else { low_k += left * x; high_k += right * y; }
    }`
    : `    if (is_own) {
      dqkv[begin + d] = ${V}(left);
      dqkv[begin + half + d] = ${V}(right);
    }`
}
  }
${
  normed
    ? ['q', 'k']
        .flatMap((weight) => [
          `  low_${weight} = sum_columns(low_${weight}, lane, half);`,
          `  high_${weight} = sum_columns(high_${weight}, lane, half);`,
          `  if (lane < half) { partial_${weight}[p * 2u * half + d] = low_${weight}; partial_${weight}[p * 2u * half + half + d] = high_${weight}; }`,
        ])
        .join('\n')
    : ''
}`,
)}`,
    reference(b, dims, u) {
      backward.reference(b, dims, u);
      if (!normed) return;
      b.partial_q.fill(0);
      b.partial_k.fill(0);
      for (const { n, isQuery, x, scale, unrotated } of eachHead(b, dims, normed, 'backward')) {
        const into = isQuery ? b.partial_q : b.partial_k;
        const slice = Math.floor(n / rowsOf(dims)) * dims.HS;
        for (let d = 0; d < dims.HS; d++) into[slice + d] += unrotated[d] * x(d) * scale;
      }
    },
  };
}
