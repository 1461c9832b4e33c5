/**
 * The optimizer as a list of dispatches: gradient norm, clip factor and loss scale; Muon on the matrices; AdamW on the
 * rest, each group with its own factor on the learning rate and its own decay.
 */
import type { ArenaPart } from './arena.ts';
import { muonMomentum, muonNormalise, muonScale, muonUpdate, NEWTON_SCHULZ } from './kernels/muon.ts';
import { gradNorm, gradNormPartial, NORM_PARTS } from './kernels/optimizer.ts';
import { PARAMETER_GROUPS, type ParameterGroup, sizeOf } from './model.ts';
import type { Network } from './network.ts';
import { type Program, slice, type Tensor } from './program.ts';

export const MATRIX_OPTIMIZERS = ['muon', 'adamw'] as const;
export type MatrixOptimizer = (typeof MATRIX_OPTIMIZERS)[number];

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
  /** Scalars of this step, the optimizer's state, the step's mean loss [4]: see kernels/optimizer.ts. */
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
  program.add(gradNormPartial, { P: arena.size }, { grads: arena.whole.grads!, partial });
  program.add(gradNorm, { dynamic: dynamicLossScale ? 1 : 0 }, { partial, step, total, state });
  for (const group of PARAMETER_GROUPS) {
    const grads = arena.group('grads', group);
    if (!grads) continue;
    const decay = group === 'norm' || group === 'scalar' ? 0 : weightDecay;
    if (group === 'matrix' && matrices === 'muon') {
      addMuon(program, network, decay, { step, state, partial, grads });
      continue;
    }
    const part = (name: ArenaPart): Tensor => arena.group(name, group)!;
    const half = arena.whole.half && { half: arena.group('half', group)! };
    const tensors = { grads, step, state, params: part('params'), m: part('m'), v: part('v'), ...half };
    program.add(kernels.adamw, { P: grads.elements, lr_scale: rateOf[group] ?? 1, decay }, tensors);
  }
}

/** One matrix after the other through shared scratch buffers. */
function addMuon(
  program: Program,
  network: Network,
  decay: number,
  { step, state, partial, grads }: Record<'step' | 'state' | 'partial' | 'grads', Tensor>,
): void {
  const { arena } = network;
  const ahead = network.tensor('muon ahead', grads.elements);
  program.add(muonMomentum, { P: grads.elements }, { grads, state, ahead, m: arena.group('m', 'matrix')! });

  const matrices = arena.parameters.filter(({ group }) => group === 'matrix');
  const largest = Math.max(...matrices.map(sizeOf));
  const square = Math.max(...matrices.map(({ shape }) => Math.min(...(shape as [number, number])) ** 2));
  const scratch = {
    x: network.tensor('muon x', largest),
    next: network.tensor('muon next', largest),
    gram: network.tensor('muon gram', square),
    polynomial: network.tensor('muon polynomial', square),
    scale: network.tensor('muon scale', 4),
  };
  for (const parameter of matrices) {
    const [O, C] = parameter.shape as [number, number];
    const side = Math.min(O, C);
    const params = arena.view('params', parameter.name);
    const half = arena.whole.half && { half: arena.view('half', parameter.name) };
    const own = slice(ahead, (params.offset - arena.group('params', 'matrix')!.offset) / 4, O * C);
    const gram = slice(scratch.gram, 0, side * side);
    const polynomial = slice(scratch.polynomial, 0, side * side);
    let x = slice(scratch.x, 0, O * C);
    let next = slice(scratch.next, 0, O * C);
    program.add(gradNormPartial, { P: O * C }, { grads: own, partial });
    program.add(muonScale, { R: NORM_PARTS }, { partial, scale: scratch.scale });
    program.add(muonNormalise('f32'), { P: O * C }, { ahead: own, scale: scratch.scale, x });
    const { a, b, c, steps } = NEWTON_SCHULZ;
    const squares = { M: side, N: side, K: side };
    for (let i = 0; i < steps; i++) {
      if (O <= C) network.product(program, 'nt', { M: O, N: O, K: C }, { a: x, b: x, out: gram });
      else network.product(program, 'tn', { M: C, N: C, K: O }, { a: x, b: x, out: gram });
      const blend = { residual: gram, alpha: c, beta: b };
      network.product(program, 'nn', squares, { a: gram, b: gram, out: polynomial }, blend);
      const [left, right] = O <= C ? [polynomial, x] : [x, polynomial];
      const shape = { M: O, N: C, K: side };
      network.product(program, 'nn', shape, { a: left, b: right, out: next }, { residual: x, alpha: 1, beta: a });
      [x, next] = [next, x];
    }
    const rate = { lr_scale: Math.sqrt(Math.max(1, O / C)), decay };
    program.add(muonUpdate(network.storage), { P: O * C, ...rate }, { x, step, state, params, ...half });
  }
}
