/**
 * Attention with a head in a lane's registers: a workgroup owns one head and `lanes` neighbouring queries (or keys), and
 * walks over the keys (or queries) that any of them sees, `block` at a time. Everything it walks over is the same for
 * all lanes: loaded as scalars (`lanes`), or by each lane its share, which it hands to the others of its subgroup
 * (`broadcast`, see matmul-lanes.ts); with `staged`, for GPUs, STAGE of them come into workgroup memory together. A head is W named vec4 registers: an indexed array would live in memory on a CPU driver.
 */

import { type Dims, type Storage, vec4Of } from '../gpu/kernel.ts';
import type { AttentionParts } from './attention-reference.ts';
import { END_OF_QUERIES, lines, range, SUM4 } from './snippets.ts';

export interface AttentionLanes {
  readonly kind: 'lanes' | 'broadcast';
  /** Queries, or keys, of a workgroup. */
  readonly lanes: number;
  /** Taken together in one step of the online softmax. */
  readonly block: number;
  /** Through workgroup memory. */
  readonly staged: boolean;
}

/** Bytes of workgroup memory that staged rows may take: under WebGPU's guaranteed 16 KiB with what goes beside them. */
const STAGE_BYTES = 15 * 1024;

export function attentionLanes(
  HS: number,
  storage: Storage,
  { kind, lanes, block, staged }: AttentionLanes,
): AttentionParts {
  const V = vec4Of(storage);
  const W = HS / 4;
  const [D, B] = [range(W), range(block)];
  const broadcast = kind === 'broadcast';
  const STAGE = Math.max(block, Math.floor(STAGE_BYTES / (2 * HS * 4) / block) * block);
  const load = (register: string, text: (d: number) => string): string =>
    lines(D, (d) => `  let ${register}${d} = vec4f(${text(d)});`);
  const zero = (register: string): string => lines(D, (d) => `  var ${register}${d} = vec4f();`);
  const dot4 = (left: (d: number) => string, right: (d: number) => string): string =>
    `add_lanes(${D.map((d) => `${left(d)} * ${right(d)}`).join(' + ')})`;
  const open = `${SUM4}
const W = ${W}u;
const SCALE = ${1 / Math.sqrt(HS)}f;
${staged ? `var<workgroup> one: array<vec4f, ${STAGE * W}>;\nvar<workgroup> two: array<vec4f, ${STAGE * W}>;\nvar<workgroup> pairs: array<vec2f, ${STAGE}>;` : ''}
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) tile: vec3u, @builtin(${broadcast ? 'subgroup_invocation_id' : 'local_invocation_index'}) lane: u32) {
  let begin = tile.z * dims.T;
  let heads = dims.NH + dims.NKV;
  let own = min(tile.x * ${lanes}u + lane, dims.T - 1u);
  let is_own = tile.x * ${lanes}u + lane < dims.T;
  let last = min(tile.x * ${lanes}u + ${lanes - 1}u, dims.T - 1u);`;

  /**
   * The walk over rows `first … end − 1` of the batch row: `body` sees them as `at_0 … at_(block−1)`, and reads
   * element d of row b's two vectors with `row('one' | 'two', b, d)`. `stage`: where the vectors lie, and two scalars.
   */
  const walk = (
    [first, end]: readonly [string, string],
    stage: { readonly one: readonly [string, string]; readonly two: readonly [string, string]; readonly pair?: string },
    body: string,
  ): string => {
    const [from1, at1] = stage.one;
    const [from2, at2] = stage.two;
    const shared = (which: string, from: string, b: number): string =>
      `${lines(range(Math.ceil(W / lanes)), (s) => `    let ${which}_share${b}_${s} = vec4f(${from}[${which}_${b} + min(${s * lanes}u + lane, W - 1u)]);`)}
${lines(D, (d) => `    let ${which}_${b}_${d} = subgroupBroadcast(${which}_share${b}_${Math.floor(d / lanes)}, ${d % lanes}u);`)}`;
    if (!staged) {
      return `  for (var u = ${first}; u < ${end}; u += ${block}u) {
${lines(B, (b) => `    let r_${b} = min(u + ${b}u, ${end} - 1u);`)}
${lines(B, (b) => `    let one_${b} = ${at1.replaceAll('ROW', `(begin + r_${b})`)};\n    let two_${b} = ${at2.replaceAll('ROW', `(begin + r_${b})`)};`)}
${broadcast ? lines(B, (b) => `${shared('one', from1, b)}\n${shared('two', from2, b)}`) : ''}
${stage.pair ? lines(B, (b) => `    let pair_${b} = ${stage.pair!.replaceAll('ROW', `(begin + r_${b})`)};`) : ''}
${body}
  }`;
    }
    return `  for (var base = ${first}; base < ${end}; base += ${STAGE}u) {
    workgroupBarrier();
    for (var i = lane; i < ${STAGE * W}u; i += ${lanes}u) {
      let r = begin + min(base + i / W, ${end} - 1u);
      one[i] = vec4f(${from1}[${at1.replaceAll('ROW', 'r')} + i % W]);
      two[i] = vec4f(${from2}[${at2.replaceAll('ROW', 'r')} + i % W]);
    }
${
  stage.pair
    ? `    for (var i = lane; i < ${STAGE}u; i += ${lanes}u) {
      let r = begin + min(base + i, ${end} - 1u);
      pairs[i] = ${stage.pair.replaceAll('ROW', 'r')};
    }`
    : ''
}
    workgroupBarrier();
    for (var u = base; u < min(base + ${STAGE}u, ${end}); u += ${block}u) {
${lines(B, (b) => `    let one_${b} = (u - base + ${b}u) * W;\n    let two_${b} = one_${b};`)}
${stage.pair ? lines(B, (b) => `    let pair_${b} = pairs[u - base + ${b}u];`) : ''}
${body}
    }
  }`;
  };
  const vector = (which: 'one' | 'two', from: string, b: number, d: number): string =>
    broadcast
      ? `${which}_${b}_${d}`
      : staged
        ? `${which}[${which}_${b} + ${d}u]`
        : `vec4f(${from}[${which}_${b} + ${d}u])`;
  const keyOf = (b: number) => (d: number) => vector('one', 'qk', b, d);
  const rowValue = (b: number) => (d: number) => vector('two', 'qkv', b, d);
  const ofQuery = `${open}
  let head = tile.y;
  let key_head = dims.NH + head / (dims.NH / dims.NKV);
  let n = begin + own;
  let q_at = (n * heads + head) * W;
  let out_at = (n * dims.NH + head) * W;
  let own_start = starts[n];
  let first = starts[begin + tile.x * ${lanes}u];
${load('query', (d) => `qk[q_at + ${d}u]`)}`;
  const keys = {
    one: ['qk', '(ROW * heads + key_head) * W'],
    two: ['qkv', '(ROW * (heads + dims.NKV) + key_head + dims.NKV) * W'],
  } as const;
  const seen = (b: number): string => `u + ${b}u <= own && u + ${b}u >= own_start`;
  const queryGrid = ({ N, T, NH }: Dims): [number, number, number] => [Math.ceil(T / lanes), NH, N / T];

  const forward = `${ofQuery}
${zero('sum')}
  var highest = -3.0e38f;
  var total = 0f;
${walk(
  ['first', 'last + 1u'],
  keys,
  `${lines(B, (b) => `    let score_${b} = select(-3.0e38f, ${dot4((d) => `query${d}`, keyOf(b))} * SCALE, ${seen(b)});`)}
    let higher = ${B.reduce((text, b) => `max(${text}, score_${b})`, 'highest')};
    let shrink = exp(highest - higher);
${lines(B, (b) => `    let p_${b} = select(0f, exp(score_${b} - higher), ${seen(b)});`)}
    total = total * shrink + ${B.map((b) => `p_${b}`).join(' + ')};
    highest = higher;
${lines(D, (d) => `    sum${d} = ${B.reduce((text, b) => `fma(vec4f(p_${b}), ${rowValue(b)(d)}, ${text})`, `sum${d} * shrink`)};`)}`,
)}
  if (!is_own) { return; }
${lines(D, (d) => `  out[out_at + ${d}u] = ${V}(sum${d} / total);`)}
  lse[n * dims.NH + head] = highest + log(total);
}`;

  const backwardQuery = `${ofQuery}
${load('grad', (d) => `dout[out_at + ${d}u]`)}
  let own_lse = lse[n * dims.NH + head];
  let own_delta = ${dot4(
    (d) => `grad${d}`,
    (d) => `vec4f(out[out_at + ${d}u])`,
  )};
${zero('sum')}
${walk(
  ['first', 'last + 1u'],
  keys,
  `${lines(
    B,
    (b) => `    let score_${b} = ${dot4((d) => `query${d}`, keyOf(b))};
    let dp_${b} = ${dot4((d) => `grad${d}`, rowValue(b))};
    let ds_${b} = select(0f, exp(score_${b} * SCALE - own_lse), ${seen(b)}) * (dp_${b} - own_delta) * SCALE;`,
  )}
${lines(D, (d) => `    sum${d} = ${B.reduce((text, b) => `fma(vec4f(ds_${b}), ${keyOf(b)(d)}, ${text})`, `sum${d}`)};`)}`,
)}
  if (!is_own) { return; }
${lines(D, (d) => `  dqk[q_at + ${d}u] = ${V}(sum${d});`)}
  delta[n * dims.NH + head] = own_delta;
}`;

  const queryOf = (b: number) => (d: number) => vector('one', 'qk', b, d);
  const gradOf = (b: number) => (d: number) => vector('two', 'dout', b, d);
  const backwardKeyValue = `${open}
  let key_head = tile.y;
  let group = dims.NH / dims.NKV;
  let n = begin + own;
  let k_at = (n * heads + dims.NH + key_head) * W;
  let v_at = (n * (heads + dims.NKV) + heads + key_head) * W;
${load('key', (d) => `qk[k_at + ${d}u]`)}
${load('value', (d) => `qkv[v_at + ${d}u]`)}
${zero('sum_key')}
${zero('sum_value')}
  let first = tile.x * ${lanes}u;
${END_OF_QUERIES}
  for (var g = 0u; g < group; g++) {
    let head = key_head * group + g;
${walk(
  ['first', 'end'],
  {
    one: ['qk', '(ROW * heads + head) * W'],
    two: ['dout', '(ROW * dims.NH + head) * W'],
    pair: 'vec2f(lse[ROW * dims.NH + head], delta[ROW * dims.NH + head])',
  },
  `${lines(
    B,
    (b) => `    let sees_${b} = u + ${b}u < end && u + ${b}u >= own && starts[begin + min(u + ${b}u, end - 1u)] <= own;
    let score_${b} = ${dot4(queryOf(b), (d) => `key${d}`)};
    let p_${b} = select(0f, exp(score_${b} * SCALE - pair_${b}.x), sees_${b});
    let ds_${b} = p_${b} * (${dot4(gradOf(b), (d) => `value${d}`)} - pair_${b}.y) * SCALE;`,
  )}
${lines(
  D,
  (d) => `    sum_key${d} = ${B.reduce((text, b) => `fma(vec4f(ds_${b}), ${queryOf(b)(d)}, ${text})`, `sum_key${d}`)};
    sum_value${d} = ${B.reduce((text, b) => `fma(vec4f(p_${b}), ${gradOf(b)(d)}, ${text})`, `sum_value${d}`)};`,
)}`,
)}
  }
  if (!is_own) { return; }
${lines(D, (d) => `  dqk[k_at + ${d}u] = ${V}(sum_key${d});\n  dqkv[v_at + ${d}u] = ${V}(sum_value${d});`)}
}`;
  return {
    forward: { grid: queryGrid, wgsl: forward },
    backwardQuery: { grid: queryGrid, wgsl: backwardQuery },
    backwardKeyValue: { grid: ({ N, T, NKV }) => [Math.ceil(T / lanes), NKV, N / T], wgsl: backwardKeyValue },
  };
}
