/** What a matmul computes, apart from how: layouts (drawn in matmul.ts), what becomes of the sums, storages, sizes. */
import type { Storage } from '../gpu/kernel.ts';

export const MATMUL_LAYOUTS = ['nn', 'nt', 'tn'] as const;
export type MatmulLayout = (typeof MATMUL_LAYOUTS)[number];
/**
 * `write`: out = AB. `add`: out = residual + AB. `accumulate`: out += AB (gradients over micro-steps).
 * `blend`: out = beta·residual + alpha·AB (Newton–Schulz).
 */
const MATMUL_EPILOGUES = ['write', 'add', 'accumulate', 'blend'] as const;
export type MatmulEpilogue = (typeof MATMUL_EPILOGUES)[number];

export interface MatmulProblem {
  readonly layout: MatmulLayout;
  readonly epilogue: MatmulEpilogue;
  /** Storage of A and B. Sums are always f32. */
  readonly from: Storage;
  /** Storage of `out`, and of a blend's residual; the residual of `add` is the stream: f32. */
  readonly into: Storage;
}
export interface MatmulDims {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly Z?: number;
}
