/** What an adapter can do at most: multiply-adds that stay in registers, and bytes copied. For the shares in bench.ts. */
import type { Kernel } from '../gpu/kernel.ts';
import { linearGrid, linearMain, lines, range } from './snippets.ts';

const WORKGROUP = 64;
const CHAINS = range(8);
const TURNS = 64;

/** Eight independent chains of vec4 multiply-adds: x ← 0.5·x + 0.25·y. */
export const peakFma: Kernel = {
  name: 'peak_fma',
  inputs: { y: 'vec4f P' },
  outputs: { out: 'vec4f P' },
  multiples: { P: 4 },
  flops: ({ P }) => 2 * P * CHAINS.length * TURNS,
  grid: ({ P }) => linearGrid(P / 4, WORKGROUP),
  wgsl: linearMain(
    WORKGROUP,
    'dims.P / 4u',
    `  let own = 0.25f * y[i];
${lines(CHAINS, (c) => `  var x${c} = own + ${c}f;`)}
  for (var turn = 0u; turn < ${TURNS}u; turn++) {
${lines(CHAINS, (c) => `    x${c} = fma(vec4f(0.5f), x${c}, own);`)}
  }
  out[i] = ${CHAINS.map((c) => `x${c}`).join(' + ')};`,
  ),
  // The chains forget where they began: each ends at 2·own.
  reference({ y, out }) {
    for (let i = 0; i < out.length; i++) out[i] = 0.5 * CHAINS.length * y[i];
  },
  cases: [{ P: 4 }, { P: 1028 }],
};

/** Vectors that an invocation copies, far apart: neighbours copy neighbours. */
const COPIES = 16;

export const peakCopy: Kernel = {
  name: 'peak_copy',
  inputs: { x: 'vec4f P' },
  outputs: { out: 'vec4f P' },
  multiples: { P: 4 * COPIES },
  grid: ({ P }) => linearGrid(P / 4 / COPIES, WORKGROUP),
  wgsl: linearMain(
    WORKGROUP,
    `dims.P / ${4 * COPIES}u`,
    `  for (var at = i; at < dims.P / 4u; at += dims.P / ${4 * COPIES}u) { out[at] = x[at]; }`,
  ),
  reference({ x, out }) {
    out.set(x);
  },
  cases: [{ P: 64 }, { P: 1088 }],
};
