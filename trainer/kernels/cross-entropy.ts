/**
 * Softmax cross-entropy over the vocabulary, one row per token, with two additions that are off at 0:
 *   z = cap · tanh(logits / cap)     logit softcap (Gemma 2; experimental switch)
 *   lse = log Σ_v exp z_v;  losses = lse − z[target] + z_loss · lse²      (nats; z-loss: PaLM)
 * Backward: dlogits = (softmax(z)·(1 + 2·z_loss·lse) − onehot(target)) · dlosses · (1 − (z/cap)²).
 * A target of 0xffffffff is ignored: loss 0, gradient 0. Columns from `used` on are padding of the vocabulary to a
 * multiple of 4: they take no part.
 * While training both are one kernel, and the gradient takes the logits' place: they are read from memory once.
 * Work split: `lanes` lanes share a row and stride over its columns; what they found is combined in a fixed order.
 */
import { type Buffers, type Dims, type Kernel, type Random, type Storage, vec4Of } from '../gpu/kernel.ts';
import { MAX4, rowGrid, rowMain, SUM4 } from './snippets.ts';

export const IGNORED = 0xffffffff;

const CASES = [
  { N: 1, V: 4, used: 3, cap: 0, z_loss: 0 },
  { N: 9, V: 52, used: 49, cap: 0, z_loss: 0.01 },
  { N: 20, V: 516, used: 516, cap: 12, z_loss: 0 },
  { N: 7, V: 260, used: 257, cap: 27, z_loss: 0.0001 },
];
const SCALARS = { used: 'u32', cap: 'f32', z_loss: 'f32' } as const;

/** @param softcap whether `cap` counts: a shader without it does not pay for tanh */
export function crossEntropy(
  storage: Storage,
  lanes: number,
  softcap: boolean,
): Readonly<Record<'forward' | 'backward' | 'train', Kernel>> {
  const V = vec4Of(storage);
  const suffix = `${storage}_${lanes}${softcap ? '_softcap' : ''}`;
  const cases = CASES.map((dims) => ({ ...dims, cap: softcap ? dims.cap + 3 : 0 }));
  const shared = { scalars: SCALARS, multiples: { V: 4 }, fill: fillTargets, cases };
  const helpers = `${SUM4}
${MAX4}
fn capped(z: vec4f) -> vec4f { return ${softcap ? 'dims.cap * tanh(z / dims.cap)' : 'z'}; }
fn is_used(c: u32) -> vec4<bool> { return vec4u(c * 4u) + vec4u(0u, 1u, 2u, 3u) < vec4u(dims.used); }`;
  const slope = softcap ? ' * (1f - z * z / (dims.cap * dims.cap))' : '';
  const forward: Kernel = {
    ...shared,
    name: `cross_entropy_forward_${suffix}`,
    inputs: { logits: `${V} N V`, targets: 'u32 N' },
    outputs: { losses: 'N', lse: 'N' },
    grid: ({ N }) => rowGrid(N, lanes),
    wgsl: `${helpers}
${rowMain(
  lanes,
  'dims.N',
  `${LOG_SUM}
  if (lane > 0u) { return; }
  lse[n] = log_sum;
  let target_token = targets[n];
  if (target_token == ${IGNORED}u) {
    losses[n] = 0f;
  } else {
    losses[n] = log_sum - capped(vec4f(logits[row + target_token / 4u]))[target_token % 4u] + dims.z_loss * log_sum * log_sum;
  }`,
)}`,
    reference({ logits, losses, lse }, dims, { targets }) {
      for (let n = 0; n < dims.N; n++) {
        const row = logits.subarray(n * dims.V, n * dims.V + dims.used).map((logit) => cappedOf(logit, dims.cap));
        const high = row.reduce((a, b) => Math.max(a, b));
        lse[n] = high + Math.log(row.reduce((sum, logit) => sum + Math.exp(logit - high), 0));
        losses[n] = targets[n] === IGNORED ? 0 : lse[n] - row[targets[n]] + dims.z_loss * lse[n] ** 2;
      }
    },
  };
  const backward: Kernel = {
    ...shared,
    name: `cross_entropy_backward_${suffix}`,
    backwardOf: forward.name,
    inputs: { dlosses: 'N', logits: `${V} N V`, targets: 'u32 N', lse: 'N' },
    outputs: { dlogits: `${V} N V` },
    grid: ({ N }) => rowGrid(N, lanes),
    wgsl: `${helpers}
${rowMain(
  lanes,
  'dims.N',
  `  let width = dims.V / 4u;
  let row = n * width;
  let target_token = targets[n];
  let scale = select(dlosses[n], 0f, target_token == ${IGNORED}u);
  let rise = 1f + 2f * dims.z_loss * lse[n];
  for (var c = lane; c < width; c += LANES) {
    let z = capped(vec4f(logits[row + c]));
    let is_target = vec4u(c * 4u) + vec4u(0u, 1u, 2u, 3u) == vec4u(target_token);
    let gradient = (exp(z - lse[n]) * rise - select(vec4f(), vec4f(1f), is_target)) * scale${slope};
    dlogits[row + c] = ${V}(select(vec4f(), gradient, is_used(c)));
  }`,
)}`,
    reference({ dlosses, logits, lse, dlogits }, { N, V, used, cap, z_loss }, { targets }) {
      for (let n = 0; n < N; n++) {
        const rise = 1 + 2 * z_loss * lse[n];
        for (let v = 0; v < V; v++) {
          const z = cappedOf(logits[n * V + v], cap);
          const slope = cap > 0 ? 1 - (z / cap) ** 2 : 1;
          const p = Math.exp(z - lse[n]) * rise - (v === targets[n] ? 1 : 0);
          dlogits[n * V + v] = v < used && targets[n] !== IGNORED ? p * dlosses[n] * slope : 0;
        }
      }
    },
  };
  const train: Kernel = {
    ...shared,
    name: `cross_entropy_train_${suffix}`,
    inputs: { dlosses: 'N', targets: 'u32 N' },
    outputs: { losses: 'N' },
    updates: { logits: `${V} N V` },
    grid: forward.grid,
    wgsl: `${helpers}
${rowMain(
  lanes,
  'dims.N',
  `${LOG_SUM}
  let target_token = targets[n];
  let ignored = target_token == ${IGNORED}u;
  let scale = select(dlosses[n], 0f, ignored);
  let rise = 1f + 2f * dims.z_loss * log_sum;
  if (lane == 0u && ignored) { losses[n] = 0f; }
  // The lane that will write the target's gradient reads its logit before.
  if (!ignored && lane == target_token / 4u % LANES) {
    let z = capped(vec4f(logits[row + target_token / 4u]))[target_token % 4u];
    losses[n] = log_sum - z + dims.z_loss * log_sum * log_sum;
  }
  for (var c = lane; c < width; c += LANES) {
    let z = capped(vec4f(logits[row + c]));
    let is_target = vec4u(c * 4u) + vec4u(0u, 1u, 2u, 3u) == vec4u(target_token);
    let gradient = (exp(z - log_sum) * rise - select(vec4f(), vec4f(1f), is_target)) * scale${slope};
    logits[row + c] = ${V}(select(vec4f(), gradient, is_used(c)));
  }`,
)}`,
    reference(b, dims, u) {
      const lse = new Float64Array(dims.N);
      const dlogits = new Float64Array(b.logits.length);
      forward.reference({ ...b, lse }, dims, u);
      backward.reference({ ...b, lse, dlogits }, dims, u);
      b.logits.set(dlogits);
    },
  };
  return { forward, backward, train };
}

/** Of a row: `log_sum`, the same for all its lanes. */
const LOG_SUM = `  let width = dims.V / 4u;
  let row = n * width;
  var high4 = vec4f(-3.0e38f);
  for (var c = lane; c < width; c += LANES) { high4 = max(high4, select(vec4f(-3.0e38f), vec4f(logits[row + c]), is_used(c))); }
  // The cap keeps order, so the highest is capped once.
  let high = capped(vec4f(max_lanes(max_of(high4), lane))).x;
  var total4 = vec4f();
  for (var c = lane; c < width; c += LANES) {
    total4 += select(vec4f(), exp(capped(vec4f(logits[row + c])) - high), is_used(c));
  }
  let log_sum = high + log(sum_lanes(add_lanes(total4), lane));`;

const cappedOf = (logit: number, cap: number): number => (cap > 0 ? cap * Math.tanh(logit / cap) : logit);

function fillTargets(buffers: Buffers, { N, used }: Dims, random: Random): void {
  buffers.targets = Uint32Array.from({ length: N }, (_, n) => (n % 5 === 4 ? IGNORED : Math.floor(random() * used)));
}
