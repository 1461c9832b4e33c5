/**
 * The optimizer as a list of dispatches: gradient norm, clip factor and loss scale; Muon on the matrices; AdamW on the
 * rest, each group with its own factor on the learning rate and its own decay.
 */

import type { Kernel } from '../gpu/kernel.ts';
import { type Program, slice, type Tensor } from '../gpu/program.ts';
import { gradNorm, NORM_PARTS } from '../kernels/loss-scale.ts';
import { MUON_PARTS, muonMomentum, NEWTON_SCHULZ } from '../kernels/muon.ts';
import { average, type DecayKind } from '../kernels/optimizer.ts';
import type { Arena, GroupPage } from './arena.ts';
import { type MatrixOptimizer, PARAMETER_GROUPS, type Parameter, type ParameterGroup } from './config.ts';
import type { Network } from './network.ts';

export interface UpdateOptions {
  readonly matrices: MatrixOptimizer;
  /** Decoupled weight decay of matrices, embeddings and head; norms and scalars do not decay. */
  readonly weightDecay: number;
  readonly decayKind?: DecayKind;
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
  const { matrices, weightDecay, decayKind = {}, rateOf = {}, dynamicLossScale = false } = options;
  const partial = addGradNormParts(program, network);
  program.add(gradNorm, { dynamic: dynamicLossScale ? 1 : 0 }, { partial, step, total, state });
  for (const group of PARAMETER_GROUPS) {
    const decay = group === 'norm' || group === 'scalar' ? 0 : weightDecay;
    const pages = arena.group(group);
    if (group === 'matrix' && matrices === 'muon') {
      addMuon(program, network, pages, { decay, decayKind }, { step, state });
      continue;
    }
    for (const { elements: P, view } of pages) {
      const half = arena.holds('half') && { half: view('half') };
      const tensors = {
        grads: view('grads'),
        step,
        state,
        params: view('params'),
        m: view('m'),
        v: view('v'),
        ...half,
      };
      program.add(kernels.adamw(decayKind), { P, lr_scale: rateOf[group] ?? 1, decay }, tensors);
    }
  }
  addToPages(program, arena, average, { step, state });
}

/** A kernel on the parameters and their average, page by page, where one is kept. */
export function addToPages(
  program: Program,
  arena: Arena,
  kernel: Kernel,
  tensors: Readonly<Record<string, Tensor>>,
): void {
  const averages = arena.pages('ema');
  for (const [i, { tensor: params }] of arena.pages('params').entries()) {
    if (averages[i]) program.add(kernel, { P: params.elements }, { params, ema: averages[i].tensor, ...tensors });
  }
}

/** Sums of squares of all gradients, in an order that pages do not change. */
function addGradNormParts(program: Program, network: Network): Tensor {
  const { arena, kernels } = network;
  const partial = network.tensor('norm partial', NORM_PARTS);
  const pages = arena.pages('grads');
  if (pages.length === 1) {
    program.add(kernels.gradNormPartial, { P: arena.size }, { grads: pages[0].tensor, partial });
    return partial;
  }
  const sums = network.tensor('norm sums', NORM_PARTS * 4 * kernels.normLanes);
  for (const [i, { tensor: grads, first }] of pages.entries()) {
    const dims = { P: grads.elements, first: first / 4, last: i === pages.length - 1 ? 1 : 0 };
    program.add(kernels.gradNormPage, dims, { grads, sums, partial });
  }
  return partial;
}

/** Elements of the scratch that a batch of matrices goes through: 16 Mi, 64 MiB of f32. */
const BATCH_ELEMENTS = 2 ** 24;

/** Page by page, matrices of one shape together, as many as the scratch holds. */
function addMuon(
  program: Program,
  network: Network,
  pages: readonly GroupPage[],
  { decay, decayKind }: { readonly decay: number; readonly decayKind: DecayKind },
  { step, state }: Record<'step' | 'state', Tensor>,
): void {
  const { storage, kernels } = network;
  const all = pages.flatMap((page) => batchesOf(page.parameters).map((batch) => ({ page, ...batch })));
  const largest = Math.max(...all.map(({ parameters, O, C }) => parameters.length * O * C));
  const square = Math.max(...all.map(({ parameters, O, C }) => parameters.length * Math.min(O, C) ** 2));
  const most = Math.max(...all.map(({ parameters }) => parameters.length));
  const make = (name: string, elements: number): Tensor => network.tensor(`muon ${name}`, elements, storage);
  const whole = network.tensor('muon ahead', Math.max(...pages.map(({ elements }) => elements)));
  const scratch = {
    x: make('x', largest),
    next: make('next', largest),
    gram: make('gram', square),
    polynomial: make('polynomial', square),
    partial: network.tensor('muon partial', most * MUON_PARTS),
    scale: network.tensor('muon scale', most),
  };
  for (const page of pages) {
    const P = page.elements;
    const ahead = slice(whole, 0, P);
    program.add(muonMomentum, { P }, { grads: page.view('grads'), step, state, ahead, m: page.view('m') });
    for (const batch of all.filter((one) => one.page === page)) {
      const offsets = network.tensor('muon offsets', batch.parameters.length);
      const starts = batch.parameters.map((parameter) => page.offsetOf(parameter) / 4);
      network.gpu.write(offsets.buffer, 0, Uint32Array.from(starts));
      const x = addNewtonSchulz(program, network, batch, { ...scratch, ahead, offsets }, P);
      const { O, C, parameters } = batch;
      const half = network.arena.holds('half') && { half: page.view('half') };
      const dims = { P, Z: parameters.length, S: O * C, lr_scale: Math.sqrt(Math.max(1, O / C)), decay };
      program.add(kernels.muonUpdate(decayKind), dims, {
        x,
        offsets,
        step,
        state,
        params: page.view('params'),
        ...half,
      });
    }
  }
}

type MuonScratch = Readonly<
  Record<'x' | 'next' | 'gram' | 'polynomial' | 'partial' | 'scale' | 'ahead' | 'offsets', Tensor>
>;

/** @returns the matrices of a batch, orthogonalised */
function addNewtonSchulz(
  program: Program,
  network: Network,
  { O, C, parameters }: MuonBatch,
  { ahead, offsets, ...scratch }: MuonScratch,
  P: number,
): Tensor {
  const { kernels } = network;
  const [Z, S, side] = [parameters.length, O * C, Math.min(O, C)];
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
  return x;
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
