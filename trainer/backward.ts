/**
 * The backward pass, the forward list read from its end. One buffer, `dstream`, carries the gradient of the residual
 * stream from layer to layer: each block adds its own through RMSNorm's backward. Scratch is shared by all layers.
 */
import type { Activations } from './forward.ts';
import { attention } from './kernels/attention.ts';
import { crossEntropy } from './kernels/cross-entropy.ts';
import { embeddingBackward } from './kernels/embedding.ts';
import { rmsnormBackward, rmsnormBackwardAccumulate, rmsnormBackwardWeight } from './kernels/rmsnorm.ts';
import { rotaryBackward } from './kernels/rotary.ts';
import { swigluBackward } from './kernels/swiglu.ts';
import { EMBEDDING, FINAL_NORM, layerName } from './model.ts';
import type { Network } from './network.ts';
import type { Program, Tensor } from './program.ts';

export interface BackwardTensors {
  readonly targets: Tensor;
  /** Gradient of each token's loss: 1/N. */
  readonly dlosses: Tensor;
  /** Positions sorted by token, [N] and [V + 1]. */
  readonly order: Tensor;
  readonly starts: Tensor;
}

/**
 * Adds every gradient into the arena's `grads`, which the caller clears before the first micro-step.
 */
export function addBackward(
  program: Program,
  network: Network,
  a: Activations,
  batch: BackwardTensors,
  rows: number,
  T: number,
): void {
  const { config, arena } = network;
  const { width: C, heads: NH, keyHeads: NKV, headSize: HS, hidden: F, paddedVocab: V } = config;
  const N = rows * T;
  const weight = (name: string): Tensor => arena.view('params', name);
  const gradient = (name: string): Tensor => arena.view('grads', name);
  const make = (name: string, elements: number): Tensor => network.tensor(`grad ${name}`, elements);

  const dlogits = make('logits', N * V);
  const dstream = make('stream', N * C);
  const dh = make('h', N * C);
  const dactive = make('active', N * F);
  const dgate = make('gate', N * F);
  const dup = make('up', N * F);
  const dattended = make('attended', N * NH * HS);
  const dqRotated = make('qRotated', N * NH * HS);
  const dkRotated = make('kRotated', N * NKV * HS);
  const dqNormed = make('qNormed', N * NH * HS);
  const dkNormed = make('kNormed', N * NKV * HS);
  const dv = make('v', N * NKV * HS);
  const dq = make('q', N * NH * HS);
  const dk = make('k', N * NKV * HS);
  const delta = make('delta', N * NH);

  const linear = (
    dy: Tensor,
    x: Tensor,
    name: string,
    dx: Tensor,
    inner: number,
    out: number,
    mode?: 'accumulate',
  ): void =>
    network.linearBackward(
      program,
      { dy, x, weight: weight(name), dweight: gradient(name), dx },
      { N, C: inner, O: out },
      mode,
    );
  const norm = (dout: Tensor, x: Tensor, rstd: Tensor, name: string, dx: Tensor, count: number, size: number): void => {
    program.add(rmsnormBackwardWeight, { N: count, C: size }, { dout, x, rstd, dweight: gradient(name) });
    // Into the stream a block adds its gradient; the head's norm, the first, starts it.
    const kernel = dx === dstream && name !== FINAL_NORM ? rmsnormBackwardAccumulate : rmsnormBackward;
    program.add(kernel, { N: count, C: size }, { dout, x, weight: weight(name), rstd, dx });
  };

  const { backward } = crossEntropy(network.crossEntropyLanes);
  const { logits, lse } = a;
  const { dlosses, targets } = batch;
  program.add(backward, { N, V, used: config.vocabSize }, { dlosses, logits, targets, lse, dlogits });
  linear(dlogits, a.normed, EMBEDDING, dh, C, V);
  norm(dh, a.last, a.lastRstd, FINAL_NORM, dstream, N, C);

  for (const [l, layer] of [...a.layers.entries()].reverse()) {
    const name = (part: Parameters<typeof layerName>[1]): string => layerName(l, part);
    // MLP: stream = middle + down(silu(gate) · up)
    linear(dstream, layer.active, name('down'), dactive, F, C);
    program.add(swigluBackward, { N, F }, { dout: dactive, gate: layer.gate, up: layer.up, dgate, dup });
    linear(dgate, layer.h2, name('gate'), dh, C, F);
    linear(dup, layer.h2, name('up'), dh, C, F, 'accumulate');
    norm(dh, layer.middle, layer.rstd2, name('norm2'), dstream, N, C);
    // Attention: middle = x + o(attend(rotate(norm(q)), rotate(norm(k)), v))
    linear(dstream, layer.attended, name('o'), dattended, NH * HS, C);
    const qkv = { q: layer.qRotated, k: layer.kRotated, v: layer.v };
    const { backwardQuery, backwardKeyValue } = attention(HS);
    const dims = { N, T, NH, NKV };
    const shared = { ...qkv, dout: dattended, lse: layer.lse, delta };
    program.add(backwardQuery, dims, { ...shared, out: layer.attended, dq: dqRotated });
    program.add(backwardKeyValue, dims, { ...shared, dk: dkRotated, dv });
    program.add(rotaryBackward, { N, T, H: NH, HS }, { dout: dqRotated, table: a.rotary, dx: dqNormed });
    program.add(rotaryBackward, { N, T, H: NKV, HS }, { dout: dkRotated, table: a.rotary, dx: dkNormed });
    norm(dqNormed, layer.q, layer.qRstd, name('qNorm'), dq, N * NH, HS);
    norm(dkNormed, layer.k, layer.kRstd, name('kNorm'), dk, N * NKV, HS);
    linear(dq, layer.h1, name('q'), dh, C, NH * HS);
    linear(dk, layer.h1, name('k'), dh, C, NKV * HS, 'accumulate');
    linear(dv, layer.h1, name('v'), dh, C, NKV * HS, 'accumulate');
    norm(dh, layer.x, layer.rstd1, name('norm1'), dstream, N, C);
  }
  const { order, starts } = batch;
  program.add(embeddingBackward, { N, V, V1: V + 1, C }, { order, starts, dout: dstream, dtable: gradient(EMBEDDING) });
}
