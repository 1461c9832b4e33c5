/**
 * Attention of one new position over a cache of keys and values, for writing text token by token. The new q and k stand
 * in qk (heads.ts), v in the last heads of qkv. With t = position[0], query head h and its key head g = h / (NH/NKV):
 *   s_u = q·keys_u / √HS for u < t, s_t = q·k / √HS;  p = softmax(s);  out = Σ_{u<t} p_u values_u + p_t v
 *   keys_t = k, values_t = v
 * Work split: a workgroup per query head; each lane takes every LANES-th position with its own online softmax, then the
 * lanes are joined in their order. The new row is read from qk and qkv, never from the cache, so that the one workgroup
 * of each key head that writes it races with none.
 */
import type { Dims, Kernel } from '../gpu/kernel.ts';
import { SUM4 } from './snippets.ts';

/** For one head size, a multiple of 4. */
export function attentionDecode(HS: number, lanes: number): Kernel {
  const W = HS / 4;
  const each = (text: (d: number) => string, joint = '\n'): string =>
    Array.from({ length: W }, (_, d) => text(d)).join(joint);
  const attend = (keys: string, keyAt: string, values: string, valueAt: string): string => `
    let score = add_lanes(${each((d) => `query${d} * ${keys}[${keyAt} + ${d}u]`, ' + ')}) * SCALE;
    let higher = max(highest, score);
    let shrink = exp(highest - higher);
    let p = exp(score - higher);
    total = total * shrink + p;
    highest = higher;
${each((d) => `    sum${d} = sum${d} * shrink + p * ${values}[${valueAt} + ${d}u];`)}`;
  return {
    name: `attention_decode_${HS}x${lanes}`,
    inputs: { qk: `vec4f NH+NKV ${HS}`, qkv: `vec4f NH+NKV+NKV ${HS}`, position: 'u32 1' },
    outputs: { out: `vec4f NH ${HS}` },
    updates: { keys: `vec4f T NKV ${HS}`, values: `vec4f T NKV ${HS}` },
    grid: ({ NH }) => [NH],
    wgsl: `${SUM4}
const W = ${W}u;
const LANES = ${lanes}u;
const SCALE = ${1 / Math.sqrt(HS)}f;
var<workgroup> tops: array<f32, LANES>;
var<workgroup> totals: array<f32, LANES>;
var<workgroup> sums: array<vec4f, ${lanes * W}>;
@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let head = group.x;
  let sharing = dims.NH / dims.NKV;
  let first = head / sharing * W;
  let stride = dims.NKV * W;
  let new_key = dims.NH * W + first;
  let new_value = new_key + stride;
  let t = position[0];
${each((d) => `  let query${d} = qk[head * W + ${d}u];\n  var sum${d} = vec4f();`)}
  var highest = -3.0e38f;
  var total = 0f;
  for (var u = lane; u < t; u += LANES) {
    let at = first + u * stride;${attend('keys', 'at', 'values', 'at')}
  }
  if (lane == t % LANES) {${attend('qk', 'new_key', 'qkv', 'new_value')}
  }
  if (head % sharing == 0u) {
    for (var d = lane; d < W; d += LANES) {
      keys[first + t * stride + d] = qk[new_key + d];
      values[first + t * stride + d] = qkv[new_value + d];
    }
  }
  tops[lane] = highest;
  totals[lane] = total;
${each((d) => `  sums[lane * W + ${d}u] = sum${d};`)}
  workgroupBarrier();
  for (var l = 0u; l < LANES; l++) { highest = max(highest, tops[l]); }
  var all = 0f;
  for (var l = 0u; l < LANES; l++) { all += totals[l] * exp(tops[l] - highest); }
  for (var d = lane; d < W; d += LANES) {
    var sum = vec4f();
    for (var l = 0u; l < LANES; l++) { sum += sums[l * W + d] * exp(tops[l] - highest); }
    out[head * W + d] = sum / all;
  }
}`,
    reference({ qk, qkv, keys, values, out }, { NH, NKV }, { position: [t] }) {
      keys.set(qk.subarray(NH * HS), t * NKV * HS);
      values.set(qkv.subarray((NH + NKV) * HS), t * NKV * HS);
      for (let h = 0; h < NH; h++) {
        const keyHead = Math.floor(h / (NH / NKV));
        const at = (u: number, d: number): number => (u * NKV + keyHead) * HS + d;
        const scores = Array.from({ length: t + 1 }, (_, u) => {
          let score = 0;
          for (let d = 0; d < HS; d++) score += qk[h * HS + d] * keys[at(u, d)];
          return score / Math.sqrt(HS);
        });
        const highest = Math.max(...scores);
        const weights = scores.map((score) => Math.exp(score - highest));
        const all = weights.reduce((a, b) => a + b);
        for (let d = 0; d < HS; d++) {
          out[h * HS + d] = weights.reduce((sum, weight, u) => sum + (weight / all) * values[at(u, d)], 0);
        }
      }
    },
    fill(buffers, { T }: Dims, random) {
      buffers.position = Uint32Array.of(Math.floor(random() * T));
    },
    cases: [
      { T: 1, NH: 1, NKV: 1 },
      { T: 7, NH: 4, NKV: 2 },
      { T: 67, NH: 3, NKV: 3 },
      { T: 130, NH: 6, NKV: 1 },
    ],
  };
}
