/**
 * Causal grouped-query attention without the T×T matrix (online softmax, Dao 2022; Milakov & Gimelshein 2018).
 *   qk  [N, NH+NKV, HS]: rotated queries and keys (heads.ts);  qkv [N, NH+2·NKV, HS]: its last NKV heads are the values
 *   starts [N]: position within its row of T where a token's document begins; 0 where documents may see each other
 * N = B·T; query head h reads key head h / (NH/NKV). For starts_t ≤ u ≤ t:
 *   s_tu = q_t·k_u / √HS;  p = softmax(s);  out_t = Σ_u p_tu v_u;  lse_t = log Σ_u exp s_tu
 * Backward recomputes p = exp(s − lse):
 *   delta_t = dout_t·out_t;  ds_tu = p_tu (dout_t·v_u − delta_t)
 *   dq_t = Σ_u ds_tu k_u / √HS;  dk_u = Σ_t ds_tu q_t / √HS;  dv_u = Σ_t p_tu dout_t
 * dq is one kernel, dk and dv another: no atomics, so every sum has one order. HS is a literal. Two families:
 *   lanes     attention-lanes.ts      a lane owns a query (or a key); keys straight from memory, or staged for GPUs
 *   subgroup  attention-subgroup.ts   blocks of queries × keys on matrix units
 */

import { type Dims, type Kernel, type Storage, vec4Of } from '../gpu/kernel.ts';
import { type AttentionLanes, attentionLanes } from './attention-lanes.ts';
import { fillStarts, referencesOf } from './attention-reference.ts';
import { type AttentionSubgroup, attentionSubgroup } from './attention-subgroup.ts';
import { subgroupNeeds } from './matmul-subgroup.ts';

export interface AttentionKernels {
  readonly forward: Kernel;
  /** The queries' part of dqk, and delta for the next one. */
  readonly backwardQuery: Kernel;
  /** The keys' part of dqk and the values' part of dqkv. */
  readonly backwardKeyValue: Kernel;
}
export type AttentionTile = AttentionLanes | AttentionSubgroup;

const CASES: readonly Dims[] = [
  { N: 1, T: 1, NH: 1, NKV: 1 },
  { N: 14, T: 7, NH: 4, NKV: 2 },
  { N: 82, T: 41, NH: 3, NKV: 3, rise: 3 },
];

/** The three kernels for one head size, a multiple of 16. */
export function attention(HS: number, storage: Storage, tile: AttentionTile): AttentionKernels {
  const V = vec4Of(storage);
  const { kind, ...numbers } = tile;
  const name = (part: string): string =>
    `attention_${part}_${HS}_${storage}_${kind}_${Object.values(numbers)
      .map((value) => (typeof value === 'boolean' ? Number(value) : value))
      .join('x')}`;
  const query = `${V} N NH ${HS}`;
  const qk = `${V} N NH+NKV ${HS}`;
  const qkv = `${V} N NH+NKV+NKV ${HS}`;
  const parts = tile.kind === 'subgroup' ? attentionSubgroup(HS, storage, tile) : attentionLanes(HS, storage, tile);
  const references = referencesOf(HS);
  /** Products of one head with another, for every pair of a query and a key that it sees. */
  const flops =
    (products: number) =>
    ({ N, T, NH }: Dims): number =>
      products * 2 * HS * N * NH * ((T + 1) / 2);
  const shared = {
    scalars: { T: 'u32' },
    ...(tile.kind === 'subgroup' && subgroupNeeds(tile)),
    ...(kind === 'broadcast' && {
      ...{ features: ['subgroups'], directives: 'enable subgroups;', subgroupSize: tile.lanes },
    }),
    fill: fillStarts,
    cases: CASES,
  } as const;
  const forward: Kernel = {
    ...shared,
    ...parts.forward,
    flops: flops(2),
    name: name('forward'),
    inputs: { qk, qkv, starts: 'u32 N' },
    outputs: { out: query, lse: 'N NH' },
    reference: references.forward,
    // Scores that rise along the row raise the running maximum again and again.
    fill(buffers, dims, random) {
      fillStarts(buffers, dims, random);
      const { qk } = buffers;
      const width = qk.length / dims.N;
      for (let i = 0; i < qk.length; i++) {
        qk[i] *= 1 + ((dims.rise ?? 0) * (Math.floor(i / width) % dims.T)) / dims.T;
      }
    },
  };
  return {
    forward,
    backwardQuery: {
      ...shared,
      ...parts.backwardQuery,
      flops: flops(3),
      name: name('backward_query'),
      backwardOf: forward.name,
      inputs: { dout: query, out: query, qk, qkv, starts: 'u32 N', lse: 'N NH' },
      outputs: { delta: 'N NH' },
      updates: { dqk: qk },
      reference: references.backwardQuery,
    },
    backwardKeyValue: {
      ...shared,
      ...parts.backwardKeyValue,
      flops: flops(4),
      name: name('backward_key_value'),
      backwardOf: forward.name,
      inputs: { dout: query, qk, qkv, starts: 'u32 N', lse: 'N NH', delta: 'N NH' },
      updates: { dqk: qk, dqkv: qkv },
      reference: references.backwardKeyValue,
    },
  };
}
