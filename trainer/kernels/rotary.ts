/**
 * Rotary position embedding (Su et al. 2021), rotating halves as Hugging Face's Llama and Qwen do: with the pair
 * (a, b) = (x[d], x[d + HS/2]) and angle θ = position · base^(−2d/HS),
 *   out = (a·cos θ − b·sin θ, b·cos θ + a·sin θ)
 * Backward rotates by −θ. `table` holds cos for d < HS/2, then sin, per position: computed once in f64 on the CPU.
 * Rows are [N, H] heads of HS; row n stands at position n mod T. Work split: one invocation per four pairs.
 */
import type { Dims, Kernel } from './kernel.ts';
import { linearGrid, linearMain } from './snippets.ts';

const WORKGROUP = 64;
const CASES = [
  { N: 1, T: 1, H: 1, HS: 8 },
  { N: 21, T: 7, H: 3, HS: 8 },
  { N: 64, T: 32, H: 2, HS: 32 },
];

const rotary = (direction: 'forward' | 'backward'): Kernel => {
  const [from, to, sign] = direction === 'forward' ? ['x', 'out', 1] : ['dout', 'dx', -1];
  return {
    name: `rotary_${direction}`,
    ...(direction === 'backward' && { backwardOf: 'rotary_forward' }),
    inputs: { [from]: 'vec4f N H HS', table: 'vec4f T HS' },
    outputs: { [to]: 'vec4f N H HS' },
    multiples: { HS: 8 },
    grid: ({ N, H, HS }) => linearGrid((N * H * HS) / 8, WORKGROUP),
    wgsl: linearMain(
      WORKGROUP,
      'dims.N * dims.H * dims.HS / 8u',
      `  let half = dims.HS / 8u;
  let head = i / half;
  let d = i % half;
  let at = head * 2u * half + d;
  let angle = ((head / dims.H) % dims.T) * 2u * half + d;
  let cosine = table[angle];
  let sine = ${sign}f * table[angle + half];
  let a = ${from}[at];
  let b = ${from}[at + half];
  ${to}[at] = a * cosine - b * sine;
  ${to}[at + half] = b * cosine + a * sine;`,
    ),
    reference(buffers, { N, T, H, HS }) {
      const { table, [from]: x, [to]: out } = buffers;
      const half = HS / 2;
      for (let head = 0; head < N * H; head++) {
        const position = Math.floor(head / H) % T;
        for (let d = 0; d < half; d++) {
          const cosine = table[position * HS + d];
          const sine = sign * table[position * HS + half + d];
          const a = x[head * HS + d];
          const b = x[head * HS + half + d];
          out[head * HS + d] = a * cosine - b * sine;
          out[head * HS + half + d] = b * cosine + a * sine;
        }
      }
    },
    cases: CASES,
  };
};

export const rotaryForward = rotary('forward');
export const rotaryBackward = rotary('backward');

/** cos and sin for T positions: [T, HS], the first half cos. */
export function rotaryTable({ T, HS }: Dims, base: number): Float32Array<ArrayBuffer> {
  const table = new Float32Array(T * HS);
  for (let t = 0; t < T; t++) {
    for (let d = 0; d < HS / 2; d++) {
      const angle = t * base ** ((-2 * d) / HS);
      table[t * HS + d] = Math.cos(angle);
      table[t * HS + HS / 2 + d] = Math.sin(angle);
    }
  }
  return table;
}
