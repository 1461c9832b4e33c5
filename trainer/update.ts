/** The optimizer as a list of dispatches: gradient norm and clip factor, Muon on the matrices, AdamW on the rest. */
import type { ArenaPart } from './arena.ts';
import { muonMomentum, muonNormalise, muonScale, muonUpdate, NEWTON_SCHULZ } from './kernels/muon.ts';
import { adamw, gradNorm, gradNormPartial, NORM_PARTS } from './kernels/optimizer.ts';
import { type ParameterGroup, sizeOf } from './model.ts';
import type { Network } from './network.ts';
import type { Program, Tensor } from './program.ts';

export const MATRIX_OPTIMIZERS = ['muon', 'adamw'] as const;
export type MatrixOptimizer = (typeof MATRIX_OPTIMIZERS)[number];

export interface UpdateOptions {
  readonly matrices: MatrixOptimizer;
  /** Decoupled weight decay of matrices and embedding. */
  readonly weightDecay: number;
}

export interface UpdateTensors {
  /** Nats per token of the batch [N]. */
  readonly losses: Tensor;
  /** Scalars of this step, and what the norm wrote: see kernels/optimizer.ts. */
  readonly step: Tensor;
  readonly state: Tensor;
}

export function addUpdate(
  program: Program,
  network: Network,
  options: UpdateOptions,
  { losses, step, state }: UpdateTensors,
): void {
  const { arena } = network;
  const partial = network.tensor('norm partial', NORM_PARTS);
  program.add(gradNormPartial, { P: arena.size }, { grads: arena.whole.grads, partial });
  program.add(gradNorm, { N: losses.elements }, { partial, step, losses, state });
  const decays: Record<ParameterGroup, number> = {
    matrix: options.weightDecay,
    embedding: options.weightDecay,
    norm: 0,
  };
  if (options.matrices === 'muon') addMuon(program, network, decays.matrix, { step, state, partial });
  for (const group of ['matrix', 'embedding', 'norm'] as const) {
    if (group === 'matrix' && options.matrices === 'muon') continue;
    const part = (name: ArenaPart): Tensor => arena.group(name, group);
    const tensors = { grads: part('grads'), step, state, params: part('params'), m: part('m'), v: part('v') };
    program.add(adamw, { P: tensors.grads.elements, lr_scale: 1, decay: decays[group] }, tensors);
  }
}

/** One matrix after the other through shared scratch buffers. */
function addMuon(
  program: Program,
  network: Network,
  decay: number,
  { step, state, partial }: Record<'step' | 'state' | 'partial', Tensor>,
): void {
  const { arena } = network;
  const grads = arena.group('grads', 'matrix');
  const ahead = network.tensor('muon ahead', grads.elements);
  program.add(muonMomentum, { P: grads.elements }, { grads, state, ahead, m: arena.group('m', 'matrix') });

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
    const of = (tensor: Tensor, elements: number): Tensor => ({ ...tensor, elements });
    const params = arena.view('params', parameter.name);
    const own = { ...ahead, offset: params.offset - grads.offset, elements: O * C };
    const gram = of(scratch.gram, side * side);
    const polynomial = of(scratch.polynomial, side * side);
    let x = of(scratch.x, O * C);
    let next = of(scratch.next, O * C);
    program.add(gradNormPartial, { P: O * C }, { grads: own, partial });
    program.add(muonScale, { R: NORM_PARTS }, { partial, scale: scratch.scale });
    program.add(muonNormalise, { P: O * C }, { ahead: own, scale: scratch.scale, x });
    const { a, b, c, steps } = NEWTON_SCHULZ;
    const squares = { M: side, N: side, K: side };
    for (let i = 0; i < steps; i++) {
      if (O <= C) network.product(program, 'nt', { M: O, N: O, K: C }, { a: x, b: x, out: gram });
      else network.product(program, 'tn', { M: C, N: C, K: O }, { a: x, b: x, out: gram });
      network.product(
        program,
        'nn',
        squares,
        { a: gram, b: gram, out: polynomial },
        { residual: gram, alpha: c, beta: b },
      );
      const [left, right] = O <= C ? [polynomial, x] : [x, polynomial];
      network.product(
        program,
        'nn',
        { M: O, N: C, K: side },
        { a: left, b: right, out: next },
        { residual: x, alpha: 1, beta: a },
      );
      [x, next] = [next, x];
    }
    program.add(muonUpdate, { P: O * C, lr_scale: Math.sqrt(Math.max(1, O / C)), decay }, { x, step, params });
  }
}
