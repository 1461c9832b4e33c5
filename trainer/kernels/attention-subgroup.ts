/**
 * Attention on matrix units (Dao 2023): a workgroup owns one head and a block of queries (or keys), `down` subgroups with
 * `blocks` times M rows each, and walks over blocks of `across` keys (or queries). Per block, in workgroup memory:
 *
 *   one, two [across][HS]   the vectors it walks over, f16         scores [own][across]  f32, from matrices
 *   weights [own][across]   p or ds, f16, into matrices again
 *
 * Own vectors stay in matrices, so do the sums, which have no element access. So the running maximum of the softmax is
 * only raised, and the sums rescaled by way of `scores`, when a score is more than SLACK above it (Dao et al., FA4):
 * the first block does it, later ones seldom. The next block is on its way, in registers, while one is multiplied. Every
 * branch around a barrier or a matrix is the same for the workgroup.
 */

import { type Dims, type Storage, vec4Of } from '../gpu/kernel.ts';
import type { AttentionParts } from './attention-reference.ts';
import { type SubgroupSize, subgroupMain } from './matmul-subgroup.ts';
import { END_OF_QUERIES, lines, range, SUM4 } from './snippets.ts';

export interface AttentionSubgroup {
  readonly kind: 'subgroup';
  /** Subgroups. */
  readonly down: number;
  /** Rows of a block that it walks over. */
  readonly across: number;
  /** The adapter's configuration, and lanes of a subgroup. */
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly lanes: number;
  readonly size?: SubgroupSize;
  /** Times M rows of a subgroup, 1 where left out: with 2 what it walks over is loaded half as often. */
  readonly blocks?: number;
}

/** e^8: what a weight may reach over the running maximum, well within f16. */
const SLACK = 8;

/** Bytes of workgroup memory. */
export const attentionSubgroupBytes = (HS: number, { down, across, M, blocks = 1 }: AttentionSubgroup): number =>
  2 * 2 * Math.max(across, down * M * blocks) * (HS + 8) +
  down * M * blocks * (4 * (across + 4) + 2 * (across + 8)) +
  16 * across +
  1024;

export function attentionSubgroup(HS: number, storage: Storage, tile: AttentionSubgroup): AttentionParts {
  const { down, across, M, N, K, lanes, blocks = 1 } = tile;
  const V = vec4Of(storage);
  const W = HS / 4;
  const own = down * blocks * M;
  const threads = down * lanes;
  const share = lanes / blocks / M; // lanes that share a row
  const [stride, scoreStride, weightStride] = [(HS + 8) / 4, (across + 4) / 4, (across + 8) / 4];
  const [FK, FN, B] = [range(HS / K), range(HS / N), range(blocks)];

  const open = `${SUM4}
const W = ${W}u;
const SCALE = ${1 / Math.sqrt(HS)}f;
var<workgroup> one: array<vec4h, ${Math.max(across, own) * stride}>;
var<workgroup> two: array<vec4h, ${Math.max(across, own) * stride}>;
var<workgroup> scores: array<vec4f, ${own * scoreStride}>;
var<workgroup> weights: array<vec4h, ${own * weightStride}>;
var<workgroup> pairs: array<vec2f, ${across}>;
var<workgroup> begins: array<u32, ${across}>;
var<workgroup> shared_sums: array<f32, ${threads}>;
var<workgroup> raises: u32;
${subgroupMain(tile, threads)}
  let begin = place.z * dims.T;
  let heads = dims.NH + dims.NKV;
  let t0 = place.x * ${own}u;
  let last = min(t0 + ${own - 1}u, dims.T - 1u);
  let own_row = subgroup * ${blocks * M}u;
  let row = lane / ${share}u;
  let part = lane % ${share}u;
  let t = min(t0 + row, dims.T - 1u);
  let n = begin + t;
  let is_own = t0 + row < dims.T;`;

  /** \`count\` rows from row \`first\` of the batch row on, the last one repeated; \`at\` gives a row's place in vec4. */
  const stage = (into: 'one' | 'two', from: string, at: string, first: string, end: string, count: number): string =>
    `    for (var i = lane; i < ${count}u * W; i += ${threads}u) {
      let ROW = begin + min(${first} + i / W, ${end} - 1u);
      ${into}[i / W * ${stride}u + i % W] = vec4h(${from}[${at} + i % W]);
    }`;
  /** The next block is read into registers while this one is multiplied: `turns` vec4 of each operand a thread. */
  const turns = range(Math.ceil((across * W) / threads));
  const eachTurn = (text: (p: number) => string): string =>
    lines(turns, (p) => {
      const guard = (p + 1) * threads > across * W ? `if (lane + ${p * threads}u < ${across}u * W) ` : '';
      return `    ${guard}{ let i = lane + ${p * threads}u; ${text(p)} }`;
    });
  const coming = lines(turns, (p) => `  var one_${p} = vec4h();\n  var two_${p} = vec4h();`);
  const fetch = (into: 'one' | 'two', from: string, at: string, first: string, end: string): string =>
    eachTurn(
      (p) => `let ROW = begin + min(${first} + i / W, ${end} - 1u); ${into}_${p} = vec4h(${from}[${at} + i % W]);`,
    );
  const put = (name: 'one' | 'two'): string => eachTurn((p) => `${name}[i / W * ${stride}u + i % W] = ${name}_${p};`);
  const ownRow = (b: number): string => (b === 0 ? 'own_row' : `(own_row + ${b * M}u)`);
  const left = (from: string, row: number, offset: number, rowStride: number): string =>
    `subgroupMatrixLoad<subgroup_matrix_left<f16, ${K}, ${M}>, row_major>(&${from}, ${ownRow(row)} * ${rowStride}u + ${offset}u, ${rowStride}u)`;
  const fragments = (name: string, from: 'one' | 'two'): string =>
    lines(B, (b) => lines(FK, (k) => `  let ${name}${b}_${k} = ${left(from, b, (k * K) / 4, stride)};`));
  /** scores = own rows · (rows of `from`)ᵀ */
  const score = (name: string, from: 'one' | 'two'): string =>
    lines(
      range(across / N),
      (j) => `    {
${lines(B, (b) => `      var s${b} = subgroup_matrix_result<f32, ${N}, ${M}>();`)}
${lines(
  FK,
  (k) =>
    `      { let r = subgroupMatrixLoad<subgroup_matrix_right<f16, ${N}, ${K}>, col_major>(&${from}, ${j * N * stride + (k * K) / 4}u, ${stride}u);
${lines(B, (b) => `      s${b} = subgroupMatrixMultiplyAccumulate(${name}${b}_${k}, r, s${b});`)} }`,
)}
${lines(B, (b) => `      subgroupMatrixStore<row_major>(&scores, ${ownRow(b)} * ${scoreStride}u + ${(j * N) / 4}u, s${b}, ${scoreStride}u);`)}
    }`,
    );
  const sums = (name: string): string =>
    lines(B, (b) => lines(FN, (j) => `  var ${name}${b}_${j} = subgroup_matrix_result<f32, ${N}, ${M}>();`));
  /** sums += weights · rows of `from` */
  const accumulate = (name: string, from: 'one' | 'two'): string =>
    lines(
      range(across / K),
      (k) => `    {
${lines(B, (b) => `      let w${b} = ${left('weights', b, (k * K) / 4, weightStride)};`)}
${lines(
  FN,
  (j) =>
    `      { let r = subgroupMatrixLoad<subgroup_matrix_right<f16, ${N}, ${K}>, row_major>(&${from}, ${k * K * stride + (j * N) / 4}u, ${stride}u);
${lines(B, (b) => `      ${name}${b}_${j} = subgroupMatrixMultiplyAccumulate(w${b}, r, ${name}${b}_${j});`)} }`,
)}
    }`,
    );
  /** Sums by way of \`scores\`, as many columns at a time as it has; \`body\` sees vec4 c of its row there, and column \`d\`. */
  const through = (name: string, body: string, back: boolean): string => {
    const width = across / N;
    return lines(range(Math.ceil(FN.length / width)), (turn) => {
      const some = FN.slice(turn * width, (turn + 1) * width);
      const place = (b: number, j: number): string =>
        `${ownRow(b)} * ${scoreStride}u + ${((j - turn * width) * N) / 4}u`;
      const each = (text: (b: number, j: number) => string): string => lines(B, (b) => lines(some, (j) => text(b, j)));
      return `${each((b, j) => `    subgroupMatrixStore<row_major>(&scores, ${place(b, j)}, ${name}${b}_${j}, ${scoreStride}u);`)}
    workgroupBarrier();
    for (var c = part; c < ${(some.length * N) / 4}u; c += ${share}u) {
      let at = row * ${scoreStride}u + c;
      let d = ${(turn * width * N) / 4}u + c;
      ${body}
    }
    workgroupBarrier();
${back ? each((b, j) => `    ${name}${b}_${j} = subgroupMatrixLoad<subgroup_matrix_result<f32, ${N}, ${M}>, row_major>(&scores, ${place(b, j)}, ${scoreStride}u);`) : ''}
${back ? '    workgroupBarrier();' : ''}`;
    });
  };
  /** Over the columns of this lane's row: `body` sees `score`, and where its weights go. */
  const columns = (body: string): string => `    for (var c = part; c < ${across / 4}u; c += ${share}u) {
      let score = scores[row * ${scoreStride}u + c];
      let at = row * ${weightStride}u + c;
${body}
    }`;
  /** The same where a block may hold what a row does not see; most blocks do not, and are not asked. */
  const masked = (seen: string, body: (masks: (value: string, none: string) => string) => string): string =>
    `    if (whole) {
${columns(body((value) => value))}
    } else {
${columns(`      let m = u0 + c * 4u + vec4u(0u, 1u, 2u, 3u);
      let seen = ${seen};
${body((value, none) => `select(${none}, ${value}, seen)`)}`)}
    }`;
  const SEES_KEY = '(m <= vec4u(t)) & (m >= vec4u(own_start))';
  const NONE = 'vec4f(-3.0e38f)';

  const ofQuery = `${open}
  let head = place.y;
  let key_head = dims.NH + head / (dims.NH / dims.NKV);
  let own_start = starts[n];
  let first = starts[begin + t0];
${stage('one', 'qk', '(ROW * heads + head) * W', 't0', 'dims.T', own)}`;
  const fetchKeys = (u0: string): string => `${fetch('one', 'qk', '(ROW * heads + key_head) * W', u0, '(last + 1u)')}
${fetch('two', 'qkv', '(ROW * (heads + dims.NKV) + key_head + dims.NKV) * W', u0, '(last + 1u)')}`;
  /** Keys into `one`, values into `two`. */
  const walk = `${coming}
${fetchKeys('first')}
  for (var u0 = first; u0 <= last; u0 += ${across}u) {
    let whole = u0 + ${across - 1}u <= t0 && starts[begin + last] <= u0;
    workgroupBarrier();
${put('one')}
${put('two')}`;
  const nextBlock = `    if (u0 + ${across}u <= last) {
${fetchKeys(`(u0 + ${across}u)`)}
    }`;
  const queryGrid = ({ N, T, NH }: Dims): [number, number, number] => [Math.ceil(T / own), NH, N / T];

  const forward = `${ofQuery}
  workgroupBarrier();
${fragments('q', 'one')}
${sums('sum')}
  var highest = -3.0e38f;
  var total = 0f;
${walk}
    if (lane == 0u) { raises = 0u; }
    workgroupBarrier();
${nextBlock}
${score('q', 'one')}
    workgroupBarrier();
    // A lane looks at its share of a row, then at what the others found.
    var high4 = ${NONE};
${masked(SEES_KEY, (masks) => `      high4 = max(high4, ${masks('score * SCALE', NONE)});`)}
    shared_sums[lane] = max(max(high4.x, high4.y), max(high4.z, high4.w));
    workgroupBarrier();
    var high = shared_sums[row * ${share}u];
    for (var i = 1u; i < ${share}u; i++) { high = max(high, shared_sums[row * ${share}u + i]); }
    let rises = high > highest + ${SLACK}f;
    let shrink = select(1f, exp(highest - high), rises);
    highest = select(highest, high, rises);
    if (rises) { raises = 1u; }
    var total4 = vec4f();
${masked(
  SEES_KEY,
  (masks) => `      let p = ${masks('exp(score * SCALE - highest)', 'vec4f()')};
      total4 += p;
      weights[at] = vec4h(p);`,
)}
    total = total * shrink + add_lanes(total4);
    if (workgroupUniformLoad(&raises) == 1u) {
${through('sum', 'scores[at] *= shrink;', true)}
    }
${accumulate('sum', 'two')}
  }
  shared_sums[lane] = total;
  workgroupBarrier();
  total = 0f;
  for (var i = 0u; i < ${share}u; i++) { total += shared_sums[row * ${share}u + i]; }
${through('sum', `if (is_own) { out[(n * dims.NH + head) * W + d] = ${V}(scores[at] / total); }`, false)}
  if (is_own && part == 0u) { lse[n * dims.NH + head] = highest + log(total); }
}`;

  const backwardQuery = `${ofQuery}
${stage('two', 'dout', '(ROW * dims.NH + head) * W', 't0', 'dims.T', own)}
  workgroupBarrier();
${fragments('q', 'one')}
${fragments('g', 'two')}
${sums('sum')}
  let own_lse = lse[n * dims.NH + head];
  var delta4 = vec4f();
  for (var d = 0u; d < W; d++) {
    let at = (n * dims.NH + head) * W + d;
    delta4 += vec4f(dout[at]) * vec4f(out[at]);
  }
  let own_delta = add_lanes(delta4);
  if (is_own && part == 0u) { delta[n * dims.NH + head] = own_delta; }
${walk}
    workgroupBarrier();
${nextBlock}
${score('q', 'one')}
    workgroupBarrier();
${masked(SEES_KEY, (masks) => `      weights[at] = vec4h(${masks('exp(score * SCALE - own_lse)', 'vec4f()')});`)}
    workgroupBarrier();
${score('g', 'two')}
    workgroupBarrier();
${columns('      weights[at] = vec4h(vec4f(weights[at]) * (score - own_delta) * SCALE);')}
    workgroupBarrier();
${accumulate('sum', 'one')}
  }
  workgroupBarrier();
${through('sum', `if (is_own) { dqk[(n * heads + head) * W + d] = ${V}(scores[at]); }`, false)}
}`;

  const SEES_QUERY = `(m < vec4u(end)) & (m >= vec4u(t)) & (vec4u(begins[c * 4u], begins[c * 4u + 1u], begins[c * 4u + 2u], begins[c * 4u + 3u]) <= vec4u(t))`;
  const column = (field: 'x' | 'y'): string =>
    `vec4f(${[0, 1, 2, 3].map((i) => `pairs[c * 4u + ${i}u].${field}`).join(', ')})`;
  const rows = range(Math.ceil(across / threads));
  const eachRow = (text: (p: number) => string): string =>
    lines(rows, (p) => {
      const guard = (p + 1) * threads > across ? `if (lane + ${p * threads}u < ${across}u) ` : '';
      return `    ${guard}{ let i = lane + ${p * threads}u; ${text(p)} }`;
    });
  /** Queries into `one`, gradients into `two`, and what each row has beside them. */
  const fetchQueries = (
    head: string,
    u0: string,
  ): string => `${fetch('one', 'qk', `(ROW * heads + ${head}) * W`, u0, 'end')}
${fetch('two', 'dout', `(ROW * dims.NH + ${head}) * W`, u0, 'end')}
${eachRow((p) => `let m = begin + min(${u0} + i, end - 1u); let at = m * dims.NH + ${head}; pair_${p} = vec2f(lse[at], delta[at]); begin_${p} = starts[m];`)}`;
  const backwardKeyValue = `${open}
  let key_head = place.y;
  let group = dims.NH / dims.NKV;
${stage('one', 'qk', '(ROW * heads + dims.NH + key_head) * W', 't0', 'dims.T', own)}
${stage('two', 'qkv', '(ROW * (heads + dims.NKV) + heads + key_head) * W', 't0', 'dims.T', own)}
  workgroupBarrier();
${fragments('k', 'one')}
${fragments('v', 'two')}
${sums('sum_key')}
${sums('sum_value')}
${END_OF_QUERIES}
${coming}
${lines(rows, (p) => `  var pair_${p} = vec2f();\n  var begin_${p} = 0u;`)}
${fetchQueries('(key_head * group)', 't0')}
  var g = 0u;
  var u0 = t0;
  while (g < group) {
    let behind = min(u0 + ${across - 1}u, dims.T - 1u);
    let whole = u0 >= last && u0 + ${across}u <= end && starts[begin + behind] <= t0;
    workgroupBarrier();
${put('one')}
${put('two')}
${eachRow((p) => `pairs[i] = pair_${p}; begins[i] = begin_${p};`)}
    workgroupBarrier();
    var next_g = g;
    var next = u0 + ${across}u;
    if (next >= end) {
      next = t0;
      next_g++;
    }
    if (next_g < group) {
${fetchQueries('(key_head * group + next_g)', 'next')}
    }
${score('k', 'one')}
    workgroupBarrier();
${masked(SEES_QUERY, (masks) => `      weights[at] = vec4h(${masks(`exp(score * SCALE - ${column('x')})`, 'vec4f()')});`)}
    workgroupBarrier();
${accumulate('sum_value', 'two')}
${score('v', 'two')}
    workgroupBarrier();
${columns(`      weights[at] = vec4h(vec4f(weights[at]) * (score - ${column('y')}) * SCALE);`)}
    workgroupBarrier();
${accumulate('sum_key', 'one')}
    g = next_g;
    u0 = next;
  }
  workgroupBarrier();
${through('sum_key', `if (is_own) { dqk[(n * heads + dims.NH + key_head) * W + d] = ${V}(scores[at]); }`, false)}
${through('sum_value', `if (is_own) { dqkv[(n * (heads + dims.NKV) + heads + key_head) * W + d] = ${V}(scores[at]); }`, false)}
}`;
  return {
    forward: { grid: queryGrid, wgsl: forward },
    backwardQuery: { grid: queryGrid, wgsl: backwardQuery },
    backwardKeyValue: { grid: ({ N, T, NKV }) => [Math.ceil(T / own), NKV, N / T], wgsl: backwardKeyValue },
  };
}
