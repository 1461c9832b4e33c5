/**
 * Muon for matrices (Jordan et al. 2024): the momentum of the gradient, orthogonalised by five Newton–Schulz steps.
 *   v ← μ·v + g;  X₀ = (g + μ·v) / ‖g + μ·v‖;  X ← a·X + (b·A + c·A²)·X with A = X·Xᵀ;  W ← W·(1 − lr·decay) − lr·s·X
 * s = √max(1, O/C) keeps the update's size alike for all shapes. The matmuls are `matmul` with the `blend` epilogue; a
 * tall matrix [O > C] multiplies from the right with A = Xᵀ·X instead, so that A is the smaller square. Z matrices of one
 * shape go through every product together: `offsets` [Z] says where each begins in the matrix group, in vec4, and S is
 * the size of one.
 * `step` and `state` as in optimizer.ts.
 */
import { type Buffers, type Dims, type Kernel, type Storage, vec4Of } from '../gpu/kernel.ts';
import { type DecayKind, decayName, decayOf, decayText } from './optimizer.ts';
import { linearGrid, linearMain, rowGrid, rowMain, SUM4 } from './snippets.ts';

/** Coefficients of the quintic, chosen for a steep slope at zero. */
export const NEWTON_SCHULZ = { a: 3.4445, b: -4.775, c: 2.0315, steps: 5 };
const WORKGROUP = 64;

/** Updates the momentum of the whole matrix group at once and writes the look-ahead gradient. */
export const muonMomentum: Kernel = {
  name: 'muon_momentum',
  inputs: { grads: 'vec4f P', step: '12', state: '8' },
  outputs: { ahead: 'vec4f P' },
  updates: { m: 'vec4f P' },
  multiples: { P: 4 },
  grid: ({ P }) => linearGrid(P / 4, WORKGROUP),
  wgsl: linearMain(
    WORKGROUP,
    'dims.P / 4u',
    `  if (state[3] > 0f) { return; }
  let g = grads[i] * state[1];
  let next = step[7] * m[i] + g;
  m[i] = next;
  ahead[i] = g + step[7] * next;`,
  ),
  reference({ grads, step, state, ahead, m }, { P }) {
    for (let i = 0; i < P; i++) {
      const g = grads[i] * state[1];
      m[i] = step[7] * m[i] + g;
      ahead[i] = g + step[7] * m[i];
    }
  },
  fill: (buffers) => fillState(buffers),
  cases: [{ P: 4 }, { P: 1028 }],
};

/** Partial sums of squares of a matrix. */
export const MUON_PARTS = 64;
const CASES = [
  { P: 4, Z: 1, S: 4 },
  { P: 1540, Z: 3, S: 500 },
];
/** Matrices one after the other with a gap, the last first. */
const fillOffsets = ({ offsets }: Buffers, { Z, S }: Dims): void => {
  for (let z = 0; z < Z; z++) offsets[z] = ((Z - 1 - z) * (S + 20)) / 4;
};
const fillState = ({ state, step }: Buffers): void => {
  (step as Float64Array).set([0.01, 0.9, 0.95, 1e-8, 1, 0.007, 0, 0.95, 0.8, 0, 0, 0]);
  (state as Float64Array).set([1, 0.7, 0, 0, 1, 0, 0.81, 0.9025]);
};

export const muonSquares = (lanes: number): Kernel => ({
  name: `muon_squares_${lanes}`,
  inputs: { ahead: 'vec4f P', offsets: 'u32 Z' },
  outputs: { partial: `Z ${MUON_PARTS}` },
  scalars: { S: 'u32' },
  multiples: { P: 4 },
  bytes: ({ Z, S }) => 4 * Z * (S + 1 + MUON_PARTS),
  serial: ({ S }) => S / 4 / MUON_PARTS / lanes,
  grid: ({ Z }) => rowGrid(Z * MUON_PARTS, lanes),
  wgsl: `${SUM4}
${rowMain(
  lanes,
  `dims.Z * ${MUON_PARTS}u`,
  `  let begin = offsets[n / ${MUON_PARTS}u];
  var squares = vec4f();
  for (var p = n % ${MUON_PARTS}u * LANES + lane; p < dims.S / 4u; p += ${MUON_PARTS}u * LANES) {
    let x = ahead[begin + p];
    squares += x * x;
  }
  let sum = sum_lanes(add_lanes(squares), lane);
  if (lane == 0u) { partial[n] = sum; }`,
)}`,
  reference({ ahead, partial }, { Z, S }, { offsets }) {
    partial.fill(0);
    for (let at = 0; at < Z * S; at++) {
      const [z, i] = [Math.floor(at / S), at % S];
      partial[z * MUON_PARTS + (Math.floor(i / 4 / lanes) % MUON_PARTS)] += ahead[offsets[z] * 4 + i] ** 2;
    }
  },
  fill: fillOffsets,
  cases: CASES,
});

/** scale = 1 / ‖ahead‖ of each matrix. */
export const muonScale = (lanes: number): Kernel => ({
  name: `muon_scale_${lanes}`,
  inputs: { partial: `Z ${MUON_PARTS}` },
  outputs: { scale: 'Z' },
  serial: () => MUON_PARTS / lanes,
  grid: ({ Z }) => rowGrid(Z, lanes),
  wgsl: rowMain(
    lanes,
    'dims.Z',
    `  var squares = 0f;
  for (var p = lane; p < ${MUON_PARTS}u; p += LANES) { squares += partial[n * ${MUON_PARTS}u + p]; }
  squares = sum_lanes(squares, lane);
  if (lane == 0u) { scale[n] = 1f / (sqrt(squares) + 1e-7f); }`,
  ),
  reference({ partial, scale }) {
    for (let z = 0; z < scale.length; z++) {
      const squares = partial.subarray(z * MUON_PARTS, (z + 1) * MUON_PARTS).reduce((a, b) => a + b, 0);
      scale[z] = 1 / (Math.sqrt(squares) + 1e-7);
    }
  },
  // Sums of squares are never negative.
  fill({ partial }) {
    for (let i = 0; i < partial.length; i++) partial[i] = Math.abs(partial[i]);
  },
  cases: [{ Z: 1 }, { Z: 5 }],
});

/** x [Z, S] = ahead · scale, in the storage of the products behind it. */
export const muonNormalise = (storage: Storage): Kernel => ({
  name: `muon_normalise_${storage}`,
  inputs: { ahead: 'vec4f P', offsets: 'u32 Z', scale: 'Z' },
  outputs: { x: `${vec4Of(storage)} Z S` },
  multiples: { P: 4, S: 4 },
  bytes: ({ Z, S }) => Z * (S * (storage === 'f16' ? 6 : 8) + 8),
  grid: ({ Z, S }) => linearGrid((Z * S) / 4, WORKGROUP),
  wgsl: linearMain(
    WORKGROUP,
    'dims.Z * dims.S / 4u',
    `  let z = i / (dims.S / 4u);
  x[i] = ${vec4Of(storage)}(ahead[offsets[z] + i % (dims.S / 4u)] * scale[z]);`,
  ),
  reference({ ahead, scale, x }, { S }, { offsets }) {
    for (let at = 0; at < x.length; at++) {
      const z = Math.floor(at / S);
      x[at] = ahead[offsets[z] * 4 + (at % S)] * scale[z];
    }
  },
  fill: fillOffsets,
  cases: CASES,
});

/** W ← W·(1 − lr·decay) − lr·lr_scale·X, with lr = step[5]; nothing in a skipped step. f16: writes `half` as adamw does. */
export const muonUpdate = (storage: Storage, kind: DecayKind = {}): Kernel => ({
  name: `muon_update_${storage}${decayName(kind)}`,
  inputs: { x: `${vec4Of(storage)} Z S`, offsets: 'u32 Z', step: '12', state: '8' },
  updates: { params: 'vec4f P', ...(storage === 'f16' && { half: 'vec4h P' }) },
  scalars: { lr_scale: 'f32', decay: 'f32' },
  multiples: { P: 4, S: 4 },
  bytes: ({ Z, S }) => Z * (S * 12 + 4) + 80,
  grid: ({ Z, S }) => linearGrid((Z * S) / 4, WORKGROUP),
  wgsl: linearMain(
    WORKGROUP,
    'dims.Z * dims.S / 4u',
    `  if (state[3] > 0f) { return; }
  let at = offsets[i / (dims.S / 4u)] + i % (dims.S / 4u);
  let next = params[at] * (1f - ${decayText(kind, 'step[5]', 'vec4f(x[i])', 'params[at]')}) - step[5] * dims.lr_scale * vec4f(x[i]);
  params[at] = next;
${storage === 'f16' ? '  half[at] = vec4h(next);' : ''}`,
  ),
  reference({ x, step, params, half }, { S, lr_scale, decay }, { offsets }) {
    for (let i = 0; i < x.length; i++) {
      const at = offsets[Math.floor(i / S)] * 4 + (i % S);
      const own = decayOf(kind, { decay, factor: step[8], move: x[i], value: params[at] });
      params[at] = params[at] * (1 - step[5] * own) - step[5] * lr_scale * x[i];
      if (half) half[at] = params[at];
    }
  },
  fill(buffers, dims) {
    fillState(buffers);
    fillOffsets(buffers, dims);
  },
  cases: [
    { ...CASES[0], lr_scale: 1, decay: 0.1 },
    { ...CASES[1], lr_scale: 1.7, decay: 0 },
  ],
});
