/**
 * The optimizer as a list of dispatches: gradient norm, clip factor and loss scale; Muon on the matrices; AdamW on the
 * rest, each group with its own factor on the learning rate and its own decay.
 */

import { type Program, slice, type Tensor } from '../gpu/program.ts';
import { gradNorm, NORM_PARTS } from '../kernels/loss-scale.ts';
import { MUON_PARTS, muonMomentum, NEWTON_SCHULZ } from '../kernels/muon.ts';
import type { ArenaPart } from './arena.ts';
import { type MatrixOptimizer, PARAMETER_GROUPS, type Parameter, type ParameterGroup } from './config.ts';
import type { Network } from './network.ts';

export interface UpdateOptions {
  readonly matrices: MatrixOptimizer;
  /** Decoupled weight decay of matrices, embeddings and head; norms and scalars do not decay. */
  readonly weightDecay: number;
  /** AdamW's learning rate of a group over the step's; 1 where it says nothing. */
  readonly rateOf?: Partial<Readonly<Record<ParameterGroup, number>>>;
  /** The loss scale moves: halved by an overflow, doubled by a long stretch without. */
  readonly dynamicLossScale?: boolean;
}

export interface UpdateTensors {
  /** Scalars of this step, the optimizer's state, the step's mean loss [4]: see kernels/loss-scale.ts. */
  readonly step: Tensor;
  readonly state: Tensor;
  readonly total: Tensor;
}

export function addUpdate(
  program: Program,
  network: Network,
  options: UpdateOptions,
  { step, state, total }: UpdateTensors,
): void {
  const { arena, kernels } = network;
  const { matrices, weightDecay, rateOf = {}, dynamicLossScale = false } = options;
  const partial = network.tensor('norm partial', NORM_PARTS);
  program.add(kernels.gradNormPartial, { P: arena.size }, { grads: arena.whole.grads!, partial });
  program.add(gradNorm, { dynamic: dynamicLossScale ? 1 : 0 }, { partial, step, total, state });
  for (const group of PARAMETER_GROUPS) {
    const grads = arena.group('grads', group);
    if (!grads) continue;
    const decay = group === 'norm' || group === 'scalar' ? 0 : weightDecay;
    if (group === 'matrix' && matrices === 'muon') {
      addMuon(program, network, decay, { step, state, grads });
      continue;
    }
    const part = (name: ArenaPart): Tensor => arena.group(name, group)!;
    const half = arena.whole.half && { half: arena.group('half', group)! };
    const tensors = { grads, step, state, params: part('params'), m: part('m'), v: part('v'), ...half };
    program.add(kernels.adamw, { P: grads.elements, lr_scale: rateOf[group] ?? 1, decay }, tensors);
  }
}

/** Elements of the scratch that a batch of matrices goes through: 16 Mi, 64 MiB of f32. */
const BATCH_ELEMENTS = 2 ** 24;

/** Matrices of one shape together, as many as the scratch holds. */
function addMuon(
  program: Program,
  network: Network,
  decay: number,
  { step, state, grads }: Record<'step' | 'state' | 'grads', Tensor>,
): void {
  const { arena, gpu, kernels, storage } = network;
  const P = grads.elements;
  const group = (part: ArenaPart | 'half'): Tensor => arena.group(part, 'matrix')!;
  const ahead = network.tensor('muon ahead', P);
  program.add(muonMomentum, { P }, { grads, state, ahead, m: group('m') });

  const batches = batchesOf(arena.parameters.filter(({ group }) => group === 'matrix'));
  const largest = Math.max(...batches.map(({ parameters, O, C }) => parameters.length * O * C));
  const square = Math.max(...batches.map(({ parameters, O, C }) => parameters.length * Math.min(O, C) ** 2));
  const most = Math.max(...batches.map(({ parameters }) => parameters.length));
  const make = (name: string, elements: number): Tensor => network.tensor(`muon ${name}`, elements, storage);
  const scratch = {
    x: make('x', largest),
    next: make('next', largest),
    gram: make('gram', square),
    polynomial: make('polynomial', square),
    partial: network.tensor('muon partial', most * MUON_PARTS),
    scale: network.tensor('muon scale', most),
  };
  for (const [i, { parameters, O, C }] of batches.entries()) {
    const [Z, S, side] = [parameters.length, O * C, Math.min(O, C)];
    const offsets = network.tensor(`muon offsets ${i}`, Z);
    const first = group('params').offset;
    const starts = parameters.map(({ name }) => (arena.view('params', name).offset - first) / 16);
    gpu.write(offsets.buffer, 0, Uint32Array.from(starts));
    const gram = slice(scratch.gram, 0, Z * side * side);
    const polynomial = slice(scratch.polynomial, 0, Z * side * side);
    const partial = slice(scratch.partial, 0, Z * MUON_PARTS);
    const scale = slice(scratch.scale, 0, Z);
    let x = slice(scratch.x, 0, Z * S);
    let next = slice(scratch.next, 0, Z * S);
    program.add(kernels.muonSquares, { P, Z, S }, { ahead, offsets, partial });
    program.add(kernels.muonScale, { Z }, { partial, scale });
    program.add(kernels.muonNormalise, { P, Z, S }, { ahead, offsets, scale, x });
    const { a, b, c, steps } = NEWTON_SCHULZ;
    const squares = { Z, M: side, N: side, K: side };
    for (let i = 0; i < steps; i++) {
      if (O <= C) network.product(program, 'nt', { Z, M: O, N: O, K: C }, { a: x, b: x, out: gram });
      else network.product(program, 'tn', { Z, M: C, N: C, K: O }, { a: x, b: x, out: gram });
      const blend = { residual: gram, alpha: c, beta: b };
      network.product(program, 'nn', squares, { a: gram, b: gram, out: polynomial }, blend);
      const [left, right] = O <= C ? [polynomial, x] : [x, polynomial];
      const shape = { Z, M: O, N: C, K: side };
      network.product(program, 'nn', shape, { a: left, b: right, out: next }, { residual: x, alpha: 1, beta: a });
      [x, next] = [next, x];
    }
    const half = arena.whole.half && { half: group('half') };
    const rate = { lr_scale: Math.sqrt(Math.max(1, O / C)), decay };
    program.add(
      kernels.muonUpdate,
      { P, Z, S, ...rate },
      { x, offsets, step, state, params: group('params'), ...half },
    );
  }
}

interface MuonBatch {
  readonly O: number;
  readonly C: number;
  readonly parameters: readonly Parameter[];
}

function batchesOf(matrices: readonly Parameter[]): MuonBatch[] {
  const shapes = new Map<string, Parameter[]>();
  for (const matrix of matrices) {
    const same = shapes.get(matrix.shape.join()) ?? [];
    shapes.set(matrix.shape.join(), [...same, matrix]);
  }
  return [...shapes.values()].flatMap((same) => {
    const [O, C] = same[0].shape as [number, number];
    const together = Math.max(1, Math.floor(BATCH_ELEMENTS / (O * C)));
    return Array.from({ length: Math.ceil(same.length / together) }, (_, i) => ({
      ...{ O, C },
      parameters: same.slice(i * together, (i + 1) * together),
    }));
  });
}
