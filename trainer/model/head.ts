/**
 * From the last normed stream to losses and back, in chunks of rows, so that logits never stand in memory whole:
 *
 *   normed [N, C] ─ chunk of R rows ─ · Wᵀ ─→ logits [R, V] ─→ losses [R], lse [R]
 *                                       └─ training: their gradient in their place ─→ dW [V, C] += , dnormed [R, C]
 */

import { type Program, slice, type Tensor } from '../gpu/program.ts';
import { headName } from './config.ts';
import type { Network } from './network.ts';

/** A chunk begins at a multiple of this many rows: 256 bytes of any tensor. */
const ROW_ALIGN = 128;

export interface HeadTensors {
  readonly normed: Tensor;
  readonly targets: Tensor;
  /** Gradient of each loss. */
  readonly dlosses: Tensor;
  /** Nats per token [N], 0 where ignored. */
  readonly losses: Tensor;
  readonly dnormed: Tensor;
}

export interface Head {
  /** Adds logits and losses, without z-loss. */
  addLosses(program: Program): void;
  /** Adds losses (z-loss included) and every gradient of the head; the embedding's or the head's is added to. */
  addLossesAndGradients(program: Program): void;
}

/**
 * Rows of a chunk of logits: as many as the bytes allow, in chunks of equal length where some number of them, at most
 * twice the fewest, allows that.
 */
export function rowsOfChunk(N: number, rowBytes: number, bytes: number): number {
  const fitting = Math.max(ROW_ALIGN, Math.floor(bytes / rowBytes / ROW_ALIGN) * ROW_ALIGN);
  if (N <= fitting) return N;
  const fewest = Math.ceil(N / fitting);
  for (let chunks = fewest; chunks <= 2 * fewest; chunks++) {
    if (N % (chunks * ROW_ALIGN) === 0) return N / chunks;
  }
  return Math.ceil(N / fewest / ROW_ALIGN) * ROW_ALIGN;
}

export function createHead(network: Network, tensors: HeadTensors, N: number, zLoss: number): Head {
  const { config, arena, kernels } = network;
  const { width: C, paddedVocab: V, vocabSize: used, softcap: cap } = config;
  const R = rowsOfChunk(N, V * (network.storage === 'f16' ? 2 : 4), network.logitsBytes);
  const logits = network.activation('logits', R * V);
  const lse = network.tensor('lse', N);
  const { forward, train } = kernels.crossEntropy(cap > 0);
  const weight = arena.weight(headName(config));
  const dweight = arena.gradient(headName(config));

  const add = (program: Program, training: boolean): void => {
    for (let from = 0; from < N; from += R) {
      const rows = Math.min(R, N - from);
      const part = (tensor: Tensor, width: number): Tensor => slice(tensor, from * width, rows * width);
      const [targets, losses] = [part(tensors.targets, 1), part(tensors.losses, 1)];
      const chunk = slice(logits, 0, rows * V);
      const normed = part(tensors.normed, C);
      const scalars = { N: rows, V, used, cap, z_loss: training ? zLoss : 0 };
      network.linear(program, normed, weight, chunk, { N: rows, C, O: V });
      if (!training) {
        program.add(forward, scalars, { logits: chunk, targets, losses, lse: part(lse, 1) });
        continue;
      }
      const dy = chunk; // the gradient takes the logits' place
      program.add(train, scalars, { logits: dy, targets, losses, dlosses: part(tensors.dlosses, 1) });
      const dx = part(tensors.dnormed, C);
      network.linearBackward(program, { dy, x: normed, weight, dweight, dx }, { N: rows, C, O: V });
    }
  };
  return {
    addLosses: (program) => add(program, false),
    addLossesAndGradients: (program) => add(program, true),
  };
}
