/**
 * Attention of N new positions over a table of keys and values with R rows, for scoring texts that share their beginnings:
 * each position names the rows that it sees, so that a beginning is computed once and read by all that go on from it.
 *
 *   rowsKeep  keys, values [R, NKV, HS]: rows base … base + N − 1 from qk (heads.ts) and the last heads of qkv
 *   rowsSeen  seen [N, 5]: p0 p1 a0 a1 b0. Position n, whose own row is base + n, sees the rows
 *             p0 ≤ r < p1 (a beginning that many texts share), a0 ≤ r < a1 (one of a few texts), b0 ≤ r ≤ base + n
 *
 * The three stretches do not overlap. Work split: `lanes` neighbouring positions of a head walk together over the rows that
 * any of them sees (`walks`: from, to of the first stretch, then of the others) and leave out those that they do not, so
 * that a row is loaded once for all of them.
 */
import type { Buffers, Dims, Kernel, Random } from '../gpu/kernel.ts';
import { linearGrid, linearMain, lines, range, SUM4 } from './snippets.ts';

/** Numbers of a position in `seen`, and of a workgroup in `walks`. */
export const [SEEN, WALKS] = [5, 4] as const;

export const rowsKeep: Kernel = {
  name: 'rows_keep',
  inputs: { qk: 'vec4f N NH+NKV HS', qkv: 'vec4f N NH+NKV+NKV HS', base: 'u32 1' },
  updates: { keys: 'vec4f R NKV HS', values: 'vec4f R NKV HS' },
  multiples: { HS: 4 },
  bytes: ({ N, NKV, HS }) => 16 * N * NKV * HS,
  grid: ({ N, NKV, HS }) => linearGrid((N * NKV * HS) / 4, 64),
  wgsl: linearMain(
    64,
    'dims.N * dims.NKV * dims.HS / 4u',
    `  let width = dims.NKV * dims.HS / 4u;
  let n = i / width;
  let d = i % width;
  let queries = dims.NH * dims.HS / 4u;
  let to = (base[0] + n) * width + d;
  keys[to] = qk[n * (queries + width) + queries + d];
  values[to] = qkv[n * (queries + 2u * width) + queries + width + d];`,
  ),
  reference({ qk, qkv, keys, values }, { N, NH, NKV, HS }, { base: [base] }) {
    for (let n = 0; n < N; n++) {
      const [heads, to] = [(NH + NKV) * HS, (base + n) * NKV * HS];
      keys.set(qk.subarray(n * heads + NH * HS, (n + 1) * heads), to);
      values.set(qkv.subarray(n * (heads + NKV * HS) + heads, (n + 1) * (heads + NKV * HS)), to);
    }
  },
  fill(buffers, { N, R }, random) {
    buffers.base = Uint32Array.of(Math.floor(random() * (R - N + 1)));
  },
  cases: [
    { N: 1, R: 1, NH: 1, NKV: 1, HS: 16 },
    { N: 7, R: 13, NH: 4, NKV: 2, HS: 32 },
  ],
};

/** For one head size, a multiple of 4; `block` rows are taken together in one step of the online softmax. */
export function rowsSeen(HS: number, lanes: number, block: number): Kernel {
  const W = HS / 4;
  const [D, B] = [range(W), range(block)];
  const sees = (row: string): string =>
    `select((${row} >= a0 && ${row} < a1) || (${row} >= b0 && ${row} <= own), ${row} >= p0 && ${row} < p1, stretch == 0u)`;
  return {
    name: `rows_seen_${HS}_${lanes}x${block}`,
    inputs: {
      ...{ qk: `vec4f N NH+NKV ${HS}`, keys: `vec4f R NKV ${HS}`, values: `vec4f R NKV ${HS}` },
      ...{ seen: `u32 N ${SEEN}`, walks: `u32 G ${WALKS}`, base: 'u32 1' },
    },
    outputs: { out: `vec4f N NH ${HS}` },
    grid: ({ G, NH }) => [G, NH],
    wgsl: `${SUM4}
const W = ${W}u;
const SCALE = ${1 / Math.sqrt(HS)}f;
@compute @workgroup_size(${lanes})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let head = group.y;
  let key_head = head / (dims.NH / dims.NKV);
  let n = min(group.x * ${lanes}u + lane, dims.N - 1u);
  let own = base[0] + n;
  let q_at = (n * (dims.NH + dims.NKV) + head) * W;
  let see = n * ${SEEN}u;
  let p0 = seen[see]; let p1 = seen[see + 1u];
  let a0 = seen[see + 2u]; let a1 = seen[see + 3u]; let b0 = seen[see + 4u];
${lines(D, (d) => `  let query${d} = qk[q_at + ${d}u];\n  var sum${d} = vec4f();`)}
  var highest = -3.0e38f;
  var total = 0f;
  for (var stretch = 0u; stretch < 2u; stretch++) {
    let first = walks[group.x * ${WALKS}u + 2u * stretch];
    let end = walks[group.x * ${WALKS}u + 2u * stretch + 1u];
    for (var u = first; u < end; u += ${block}u) {
${lines(
  B,
  (b) => `      let row${b} = min(u + ${b}u, end - 1u);
      let at${b} = (row${b} * dims.NKV + key_head) * W;
      let sees${b} = u + ${b}u < end && ${sees(`row${b}`)};
      let score${b} = select(-3.0e38f, add_lanes(${D.map((d) => `query${d} * keys[at${b} + ${d}u]`).join(' + ')}) * SCALE, sees${b});`,
)}
      let higher = ${B.reduce((text, b) => `max(${text}, score${b})`, 'highest')};
      let shrink = exp(highest - higher);
${lines(B, (b) => `      let p${b} = select(0f, exp(score${b} - higher), sees${b});`)}
      total = total * shrink + ${B.map((b) => `p${b}`).join(' + ')};
      highest = higher;
${lines(D, (d) => `      sum${d} = ${B.reduce((text, b) => `fma(vec4f(p${b}), values[at${b} + ${d}u], ${text})`, `sum${d} * shrink`)};`)}
    }
  }
  if (group.x * ${lanes}u + lane >= dims.N) { return; }
${lines(D, (d) => `  out[(n * dims.NH + head) * W + ${d}u] = sum${d} / total;`)}
}`,
    reference({ qk, keys, values, out }, { N, NH, NKV }, { seen, base: [base] }) {
      for (let n = 0; n < N; n++) {
        const [p0, p1, a0, a1, b0] = seen.subarray(n * SEEN, (n + 1) * SEEN);
        const rows = [...range(p1 - p0).map((r) => p0 + r), ...range(a1 - a0).map((r) => a0 + r)];
        rows.push(...range(base + n + 1 - b0).map((r) => b0 + r));
        for (let h = 0; h < NH; h++) {
          const at = (row: number): number => (row * NKV + Math.floor(h / (NH / NKV))) * HS;
          const scores = rows.map((row) => {
            let score = 0;
            for (let d = 0; d < HS; d++) score += qk[(n * (NH + NKV) + h) * HS + d] * keys[at(row) + d];
            return score / Math.sqrt(HS);
          });
          const highest = Math.max(...scores);
          const weights = scores.map((score) => Math.exp(score - highest));
          const all = weights.reduce((a, b) => a + b);
          for (let d = 0; d < HS; d++) {
            out[(n * NH + h) * HS + d] = rows.reduce(
              (sum, row, i) => sum + (weights[i] / all) * values[at(row) + d],
              0,
            );
          }
        }
      }
    },
    fill: fillSeen(lanes),
    cases: [
      { N: 1, R: 1, NH: 1, NKV: 1 },
      { N: 7, R: 40, NH: 4, NKV: 2 },
      { N: 67, R: 200, NH: 3, NKV: 3 },
    ].map((dims) => ({ ...dims, G: Math.ceil(dims.N / lanes) })),
  };
}

/**
 * What `lanes` neighbours walk over together.
 * @param seen [N, 5]
 * @param base row of the first position
 */
export function walksOf(seen: Uint32Array, base: number, lanes: number): Uint32Array<ArrayBuffer> {
  const N = seen.length / SEEN;
  const walks = new Uint32Array(Math.ceil(N / lanes) * WALKS);
  for (let group = 0; group * WALKS < walks.length; group++) {
    let [from1, to1, from2, to2] = [Number.POSITIVE_INFINITY, 0, Number.POSITIVE_INFINITY, 0];
    for (let n = group * lanes; n < Math.min(N, (group + 1) * lanes); n++) {
      const [p0, p1, a0, a1, b0] = seen.subarray(n * SEEN, (n + 1) * SEEN);
      if (p1 > p0) [from1, to1] = [Math.min(from1, p0), Math.max(to1, p1)];
      from2 = Math.min(from2, b0, a1 > a0 ? a0 : b0);
      to2 = base + n + 1;
    }
    walks.set([to1 === 0 ? 0 : from1, to1, from2, to2], group * WALKS);
  }
  return walks;
}

/** Each position with a shared beginning, a stretch of its own kind and its own last rows, some of them empty. */
const fillSeen =
  (lanes: number) =>
  (buffers: Buffers, { N, R }: Dims, random: Random): void => {
    const base = Math.floor(random() * (R - N + 1));
    const seen = new Uint32Array(N * SEEN);
    for (let n = 0; n < N; n++) {
      const cuts = range(5).map(() => Math.floor(random() * (base + n + 1)));
      seen.set(n % 3 === 0 ? [0, 0, 0, 0, Math.min(...cuts)] : cuts.sort((a, b) => a - b), n * SEEN);
    }
    buffers.base = Uint32Array.of(base);
    buffers.seen = seen;
    buffers.walks = walksOf(seen, base, lanes);
  };
