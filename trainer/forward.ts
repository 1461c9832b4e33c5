/** The forward pass as a list of dispatches. What it returns are the activations that the backward pass reads. */
import { attention } from './kernels/attention.ts';
import { crossEntropy } from './kernels/cross-entropy.ts';
import { embeddingForward } from './kernels/embedding.ts';
import { rmsnormForward } from './kernels/rmsnorm.ts';
import { rotaryForward, rotaryTable } from './kernels/rotary.ts';
import { swigluForward } from './kernels/swiglu.ts';
import { EMBEDDING, FINAL_NORM, layerName } from './model.ts';
import type { Network } from './network.ts';
import type { Program, Tensor } from './program.ts';

/** Tensors of one layer; names as in the op's forward kernels. */
export type LayerActivations = Readonly<
  Record<
    | 'x'
    | 'rstd1'
    | 'h1' // stream in, its norm                          N C, N, N C
    | 'q'
    | 'k'
    | 'v' // projections                                     N NH HS, N NKV HS ×2
    | 'qRstd'
    | 'kRstd'
    | 'qNormed'
    | 'kNormed'
    | 'qRotated'
    | 'kRotated'
    | 'attended'
    | 'lse' // attention                                     N NH HS, N NH
    | 'middle'
    | 'rstd2'
    | 'h2' // stream after attention, its norm       N C, N, N C
    | 'gate'
    | 'up'
    | 'active', // the MLP                                N F ×3
    Tensor
  >
>;

export interface Activations {
  readonly layers: readonly LayerActivations[];
  /** The stream after the last layer, its norm, and what the head sees. */
  readonly last: Tensor;
  readonly lastRstd: Tensor;
  readonly normed: Tensor;
  readonly logits: Tensor;
  readonly losses: Tensor;
  readonly lse: Tensor;
  readonly rotary: Tensor;
}

/** u32 tokens [N] and targets [N] as the loader uploads them. */
export interface BatchTensors {
  readonly tokens: Tensor;
  readonly targets: Tensor;
}

/** Adds embedding, layers, head and losses (nats per token) for N = rows·T tokens. */
export function addForward(
  program: Program,
  network: Network,
  batch: BatchTensors,
  rows: number,
  T: number,
): Activations {
  const { config, arena } = network;
  const { width: C, heads: NH, keyHeads: NKV, headSize: HS, hidden: F, paddedVocab: V, eps } = config;
  const N = rows * T;
  const weight = (name: string): Tensor => arena.view('params', name);
  const norm = (x: Tensor, name: string, out: Tensor, rstd: Tensor, count: number, size: number): void =>
    program.add(rmsnormForward, { N: count, C: size, eps }, { x, weight: weight(name), out, rstd });

  const rotary = network.tensor('rotary table', T * HS);
  network.gpu.write(rotary.buffer, 0, rotaryTable({ T, HS }, config.ropeBase));

  let x = network.tensor('embedded', N * C);
  program.add(embeddingForward, { N, V, C }, { tokens: batch.tokens, table: weight(EMBEDDING), out: x });

  const layers = Array.from({ length: config.layers }, (_, l): LayerActivations => {
    const name = (part: Parameters<typeof layerName>[1]): string => layerName(l, part);
    const make = (label: string, elements: number): Tensor => network.tensor(`layer ${l} ${label}`, elements);
    const a: LayerActivations = {
      x,
      rstd1: make('rstd1', N),
      h1: make('h1', N * C),
      q: make('q', N * NH * HS),
      k: make('k', N * NKV * HS),
      v: make('v', N * NKV * HS),
      qRstd: make('qRstd', N * NH),
      kRstd: make('kRstd', N * NKV),
      qNormed: make('qNormed', N * NH * HS),
      kNormed: make('kNormed', N * NKV * HS),
      qRotated: make('qRotated', N * NH * HS),
      kRotated: make('kRotated', N * NKV * HS),
      attended: make('attended', N * NH * HS),
      lse: make('lse', N * NH),
      middle: make('middle', N * C),
      rstd2: make('rstd2', N),
      h2: make('h2', N * C),
      gate: make('gate', N * F),
      up: make('up', N * F),
      active: make('active', N * F),
    };
    norm(a.x, name('norm1'), a.h1, a.rstd1, N, C);
    network.linear(program, a.h1, weight(name('q')), a.q, { N, C, O: NH * HS });
    network.linear(program, a.h1, weight(name('k')), a.k, { N, C, O: NKV * HS });
    network.linear(program, a.h1, weight(name('v')), a.v, { N, C, O: NKV * HS });
    norm(a.q, name('qNorm'), a.qNormed, a.qRstd, N * NH, HS);
    norm(a.k, name('kNorm'), a.kNormed, a.kRstd, N * NKV, HS);
    program.add(rotaryForward, { N, T, H: NH, HS }, { x: a.qNormed, table: rotary, out: a.qRotated });
    program.add(rotaryForward, { N, T, H: NKV, HS }, { x: a.kNormed, table: rotary, out: a.kRotated });
    const qkv = { q: a.qRotated, k: a.kRotated, v: a.v };
    program.add(attention(HS).forward, { N, T, NH, NKV }, { ...qkv, out: a.attended, lse: a.lse });
    network.linear(program, a.attended, weight(name('o')), a.middle, { N, C: NH * HS, O: C }, a.x);
    norm(a.middle, name('norm2'), a.h2, a.rstd2, N, C);
    network.linear(program, a.h2, weight(name('gate')), a.gate, { N, C, O: F });
    network.linear(program, a.h2, weight(name('up')), a.up, { N, C, O: F });
    program.add(swigluForward, { N, F }, { gate: a.gate, up: a.up, out: a.active });
    x = make('out', N * C);
    network.linear(program, a.active, weight(name('down')), x, { N, C: F, O: C }, a.middle);
    return a;
  });

  const head = {
    lastRstd: network.tensor('last rstd', N),
    normed: network.tensor('normed', N * C),
    logits: network.tensor('logits', N * V),
    losses: network.tensor('losses', N),
    lse: network.tensor('lse', N),
  };
  norm(x, FINAL_NORM, head.normed, head.lastRstd, N, C);
  network.linear(program, head.normed, weight(EMBEDDING), head.logits, { N, C, O: V });
  const { forward } = crossEntropy(network.crossEntropyLanes);
  const { logits, losses, lse } = head;
  program.add(forward, { N, V, used: config.vocabSize }, { logits, targets: batch.targets, losses, lse });
  return { layers, last: x, ...head, rotary };
}
