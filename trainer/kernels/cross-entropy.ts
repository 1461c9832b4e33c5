/**
 * Softmax cross-entropy over the vocabulary, one row per token:
 *   lse = log Σ_v exp(logits_v);  losses = lse − logits[target]      (nats)
 * Backward: dlogits = (softmax(logits) − onehot(target)) · dlosses. A target of 0xffffffff is ignored: loss 0, gradient 0.
 * Columns from `used` on are padding of the vocabulary to a multiple of 4: they take no part.
 * Work split: one workgroup per row; lanes stride over columns, lane 0 combines them in order.
 */
import type { Buffers, Dims, Kernel, Random } from './kernel.ts';

export const IGNORED = 0xffffffff;

const CASES = [
  { N: 1, V: 4, used: 3 },
  { N: 9, V: 52, used: 49 },
  { N: 20, V: 516, used: 516 },
];
const WORKGROUPS_IN_X = 65535;
const grid = ({ N }: Dims): [number, number] => [Math.min(N, WORKGROUPS_IN_X), Math.ceil(N / WORKGROUPS_IN_X)];

export function crossEntropy(lanes: number): { readonly forward: Kernel; readonly backward: Kernel } {
  const main = `@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let n = group.y * groups.x + group.x;
  if (n >= dims.N) { return; }
  let width = dims.V / 4u;`;
  const forward: Kernel = {
    name: `cross_entropy_forward_${lanes}`,
    inputs: { logits: 'vec4f N V', targets: 'u32 N' },
    outputs: { losses: 'N', lse: 'N' },
    scalars: { used: 'u32' },
    multiples: { V: 4 },
    grid,
    wgsl: `
const LANES = ${lanes}u;
const NONE = vec4f(-3.0e38f);
var<workgroup> highs: array<f32, LANES>;
var<workgroup> totals: array<f32, LANES>;
fn masked(row: u32, column: u32) -> vec4f {
  return select(NONE, logits[row + column], vec4u(column * 4u) + vec4u(0u, 1u, 2u, 3u) < vec4u(dims.used));
}
${main}
  let row = n * width;
  var high4 = NONE;
  for (var c = lane; c < width; c += LANES) { high4 = max(high4, masked(row, c)); }
  var high = max(max(high4.x, high4.y), max(high4.z, high4.w));
  var total4 = vec4f();
  for (var c = lane; c < width; c += LANES) { total4 += exp(masked(row, c) - high); }
  highs[lane] = high;
  // A lane whose columns are all padding has summed exp(0): its own high is NONE, so the merge below scales it to 0.
  totals[lane] = total4.x + total4.y + total4.z + total4.w;
  workgroupBarrier();
  if (lane > 0u) { return; }
  for (var l = 1u; l < LANES; l++) { high = max(high, highs[l]); }
  var total = 0f;
  for (var l = 0u; l < LANES; l++) { total += totals[l] * exp(highs[l] - high); }
  let log_sum = high + log(total);
  lse[n] = log_sum;
  let target_token = targets[n];
  if (target_token == ${IGNORED}u) { losses[n] = 0f; } else { losses[n] = log_sum - logits[row + target_token / 4u][target_token % 4u]; }
}`,
    reference({ logits, losses, lse }, { N, V, used }, { targets }) {
      for (let n = 0; n < N; n++) {
        const row = logits.subarray(n * V, n * V + used);
        const high = row.reduce((a, b) => Math.max(a, b));
        lse[n] = high + Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - high), 0));
        losses[n] = targets[n] === IGNORED ? 0 : lse[n] - row[targets[n]];
      }
    },
    fill: fillTargets,
    cases: CASES,
  };
  const backward: Kernel = {
    name: `cross_entropy_backward_${lanes}`,
    backwardOf: forward.name,
    inputs: { dlosses: 'N', logits: 'vec4f N V', targets: 'u32 N', lse: 'N' },
    outputs: { dlogits: 'vec4f N V' },
    scalars: { used: 'u32' },
    multiples: { V: 4 },
    grid,
    wgsl: `
const LANES = ${lanes}u;
${main}
  let target_token = targets[n];
  let scale = select(dlosses[n], 0f, target_token == ${IGNORED}u);
  for (var c = lane; c < width; c += LANES) {
    let columns = vec4u(c * 4u) + vec4u(0u, 1u, 2u, 3u);
    let p = exp(logits[n * width + c] - lse[n]) - select(vec4f(), vec4f(1f), columns == vec4u(target_token));
    dlogits[n * width + c] = select(vec4f(), p * scale, columns < vec4u(dims.used));
  }
}`,
    reference({ dlosses, logits, lse, dlogits }, { N, V, used }, { targets }) {
      for (let n = 0; n < N; n++) {
        for (let v = 0; v < V; v++) {
          const p = Math.exp(logits[n * V + v] - lse[n]) - (v === targets[n] ? 1 : 0);
          dlogits[n * V + v] = v < used && targets[n] !== IGNORED ? p * dlosses[n] : 0;
        }
      }
    },
    fill: fillTargets,
    cases: CASES,
  };
  return { forward, backward };
}

function fillTargets(buffers: Buffers, { N, used }: Dims, random: Random): void {
  buffers.targets = Uint32Array.from({ length: N }, (_, n) => (n % 5 === 4 ? IGNORED : Math.floor(random() * used)));
}
