/**
 * Token embedding. Forward copies rows of the table into the residual stream (f32). Backward sums, for each vocabulary entry, the gradients of the
 * positions that hold it: the loader sorts positions by token (`order`, `starts`), so every sum runs in one fixed order
 * and no float atomics are needed.
 *
 * Value embeddings (Zhou et al. 2024, an experimental switch) add a second table's row to the values of a packed
 * projection qkv [N, NH+2·NKV, HS].
 */
import { type Buffers, type Dims, type Kernel, type Random, type Storage, vec4Of } from '../gpu/kernel.ts';
import { linearGrid, linearMain } from './snippets.ts';

const WORKGROUP = 64;

/**
 * A token's positions in four interleaved sums, so that the loads of a frequent token do not wait for each other; most
 * rows of the table have none and are not touched.
 */
const sumOfPositions = (width: string, at: string): string => `  let token = i / ${width};
  let end = starts[token + 1u];
  var p = starts[token];
  if (p == end) { return; }
${[0, 1, 2, 3].map((q) => `  var sum${q} = vec4f();`).join('\n')}
  for (; p + 4u <= end; p += 4u) {
${[0, 1, 2, 3].map((q) => `    sum${q} += vec4f(dout[${at.replace('at]', `p + ${q}u]`)}]);`).join('\n')}
  }
  for (; p < end; p++) { sum0 += vec4f(dout[${at.replace('at]', 'p]')}]); }
  dtable[i] += (sum0 + sum1) + (sum2 + sum3);`;

export const embeddingForward = (storage: Storage): Kernel => ({
  name: `embedding_forward_${storage}`,
  inputs: { tokens: 'u32 N', table: `${vec4Of(storage)} V C` },
  outputs: { out: 'vec4f N C' },
  multiples: { C: 4 },
  grid: ({ N, C }) => linearGrid((N * C) / 4, WORKGROUP),
  wgsl: linearMain(
    WORKGROUP,
    'dims.N * dims.C / 4u',
    `  let width = dims.C / 4u;
  out[i] = vec4f(table[tokens[i / width] * width + i % width]);`,
  ),
  reference({ table, out }, { N, C }, { tokens }) {
    for (let n = 0; n < N; n++) for (let c = 0; c < C; c++) out[n * C + c] = table[tokens[n] * C + c];
  },
  fill: fillTokens,
  cases: [
    { N: 1, V: 1, C: 4 },
    { N: 67, V: 13, C: 20 },
    { N: 128, V: 300, C: 64 },
  ],
});

export const embeddingBackward = (storage: Storage): Kernel => ({
  name: `embedding_backward_${storage}`,
  backwardOf: `embedding_forward_${storage}`,
  inputs: { order: 'u32 N', starts: 'u32 V+1', dout: 'vec4f N C' },
  updates: { dtable: 'vec4f V C' },
  multiples: { C: 4 },
  grid: ({ V, C }) => linearGrid((V * C) / 4, WORKGROUP),
  wgsl: linearMain(
    WORKGROUP,
    'dims.V * dims.C / 4u',
    `  let width = dims.C / 4u;
${sumOfPositions('width', 'order[at] * width + i % width')}`,
  ),
  reference({ dout, dtable }, { V, C }, { order, starts }) {
    for (let v = 0; v < V; v++) {
      for (let p = starts[v]; p < starts[v + 1]; p++) {
        for (let c = 0; c < C; c++) dtable[v * C + c] += dout[order[p] * C + c];
      }
    }
  },
  fill: fillTokens,
  cases: [
    { N: 1, V: 1, C: 4 },
    { N: 67, V: 13, C: 20 },
    { N: 128, V: 300, C: 64 },
  ],
});

const VALUE_CASES = [
  { N: 1, V: 1, NH: 1, NKV: 1, HS: 4 },
  { N: 67, V: 13, NH: 4, NKV: 2, HS: 8 },
];

/** A copy of qkv whose values have the token's row added. */
export const valueEmbeddingForward = (storage: Storage): Kernel => ({
  name: `value_embedding_forward_${storage}`,
  inputs: { tokens: 'u32 N', qkv: `${vec4Of(storage)} N NH+NKV+NKV HS`, table: `${vec4Of(storage)} V NKV HS` },
  outputs: { out: `${vec4Of(storage)} N NH+NKV+NKV HS` },
  multiples: { HS: 4 },
  grid: ({ N, NH, NKV, HS }) => linearGrid((N * (NH + 2 * NKV) * HS) / 4, WORKGROUP),
  wgsl: linearMain(
    WORKGROUP,
    'dims.N * (dims.NH + 2u * dims.NKV) * dims.HS / 4u',
    `  let values = dims.NKV * dims.HS / 4u;
  let first = (dims.NH + dims.NKV) * dims.HS / 4u;
  let n = i / (first + values);
  let column = i % (first + values);
  var x = vec4f(qkv[i]);
  if (column >= first) { x += vec4f(table[tokens[n] * values + column - first]); }
  out[i] = ${vec4Of(storage)}(x);`,
  ),
  reference({ qkv, table, out }, { N, NH, NKV, HS }, { tokens }) {
    const [first, values] = [(NH + NKV) * HS, NKV * HS];
    for (let i = 0; i < N * (first + values); i++) {
      const column = i % (first + values);
      const row = tokens[Math.floor(i / (first + values))] * values;
      out[i] = qkv[i] + (column < first ? 0 : table[row + column - first]);
    }
  },
  fill: fillTokens,
  cases: VALUE_CASES,
});

/** The gradient of qkv is that of the copy; this one is the table's. */
export const valueEmbeddingBackward = (storage: Storage): Kernel => ({
  name: `value_embedding_backward_${storage}`,
  backwardOf: `value_embedding_forward_${storage}`,
  inputs: { order: 'u32 N', starts: 'u32 V+1', dout: `${vec4Of(storage)} N NH+NKV+NKV HS` },
  updates: { dtable: 'vec4f V NKV HS' },
  multiples: { HS: 4 },
  grid: ({ V, NKV, HS }) => linearGrid((V * NKV * HS) / 4, WORKGROUP),
  wgsl: linearMain(
    WORKGROUP,
    'dims.V * dims.NKV * dims.HS / 4u',
    `  let values = dims.NKV * dims.HS / 4u;
  let first = (dims.NH + dims.NKV) * dims.HS / 4u;
${sumOfPositions('values', 'order[at] * (first + values) + first + i % values')}`,
  ),
  reference({ dout, dtable }, { V, NH, NKV, HS }, { order, starts }) {
    const [first, values] = [(NH + NKV) * HS, NKV * HS];
    for (let i = 0; i < V * values; i++) {
      const token = Math.floor(i / values);
      for (let p = starts[token]; p < starts[token + 1]; p++) {
        dtable[i] += dout[order[p] * (first + values) + first + (i % values)];
      }
    }
  },
  fill: fillTokens,
  cases: VALUE_CASES,
});

/**
 * Positions sorted by token (stable): `order` [N] and `starts` [V + 1], where token v stands at
 * `order[starts[v]] … order[starts[v + 1] - 1]`.
 */
export function sortByToken(tokens: Uint32Array, order: Uint32Array, starts: Uint32Array): void {
  starts.fill(0);
  for (const token of tokens) starts[token + 1]++;
  for (let v = 1; v < starts.length; v++) starts[v] += starts[v - 1];
  const next = starts.slice(0, -1);
  for (let n = 0; n < tokens.length; n++) order[next[tokens[n]]++] = n;
}

/** Skewed as text is: the first token is frequent, the last ones absent. */
function fillTokens(buffers: Buffers, { N, V }: Dims, random: Random): void {
  const tokens = Uint32Array.from({ length: N }, () => Math.floor(random() ** 4 * V));
  buffers.tokens = tokens;
  if (!buffers.order) return;
  sortByToken(tokens, buffers.order as Uint32Array, buffers.starts as Uint32Array);
}
