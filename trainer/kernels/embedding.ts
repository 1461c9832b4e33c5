/**
 * Token embedding. Forward copies rows of the table. Backward sums, for each vocabulary entry, the gradients of the
 * positions that hold it: the loader sorts positions by token (`order`, `starts`), so every sum runs in one fixed order
 * and no float atomics are needed.
 */
import type { Buffers, Dims, Kernel, Random } from './kernel.ts';
import { linearGrid, linearMain } from './snippets.ts';

const WORKGROUP = 64;

export const embeddingForward: Kernel = {
  name: 'embedding_forward',
  inputs: { tokens: 'u32 N', table: 'vec4f V C' },
  outputs: { out: 'vec4f N C' },
  multiples: { C: 4 },
  grid: ({ N, C }) => linearGrid((N * C) / 4, WORKGROUP),
  wgsl: linearMain(
    WORKGROUP,
    'dims.N * dims.C / 4u',
    `  let width = dims.C / 4u;
  out[i] = table[tokens[i / width] * width + i % width];`,
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
};

export const embeddingBackward: Kernel = {
  name: 'embedding_backward',
  backwardOf: 'embedding_forward',
  inputs: { order: 'u32 N', starts: 'u32 V1', dout: 'vec4f N C' },
  updates: { dtable: 'vec4f V C' },
  multiples: { C: 4 },
  grid: ({ V, C }) => linearGrid((V * C) / 4, WORKGROUP),
  wgsl: linearMain(
    WORKGROUP,
    'dims.V * dims.C / 4u',
    `  let width = dims.C / 4u;
  let token = i / width;
  let column = i % width;
  let end = starts[token + 1u];
  var sum = vec4f();
  for (var p = starts[token]; p < end; p++) { sum += dout[order[p] * width + column]; }
  dtable[i] += sum;`,
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
    { N: 1, V: 1, V1: 2, C: 4 },
    { N: 67, V: 13, V1: 14, C: 20 },
    { N: 128, V: 300, V1: 301, C: 64 },
  ],
};

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

function fillTokens(buffers: Buffers, { N, V }: Dims, random: Random): void {
  const tokens = Uint32Array.from({ length: N }, () => Math.floor(random() * V));
  buffers.tokens = tokens;
  if (!buffers.order) return;
  sortByToken(tokens, buffers.order as Uint32Array, buffers.starts as Uint32Array);
}
