/**
 * The forward pass as lists of dispatches: embedding, layers, last norm here; logits and losses in head.ts. What it
 * returns are the activations that the backward pass reads. With recomputation only the stream into each layer is kept:
 * all layers share one set of the other tensors, and the backward pass runs a layer again before it goes through it.
 */

import type { Program, Tensor } from '../gpu/program.ts';
import { rotaryTable } from '../kernels/heads.ts';
import {
  EMBEDDING,
  FINAL_NORM,
  hasQkNorm,
  type LayerPart,
  layerName,
  usesValueEmbedding,
  VALUE_EMBEDDING,
} from './config.ts';
import type { Network } from './network.ts';

/** Tensors of one layer. `input` is the stream as it comes; `x` what the layer starts from, the same without mixing. */
export interface LayerActivations {
  readonly input: Tensor; //     N C
  readonly x: Tensor; //         N C
  readonly rstd1: Tensor; //     N
  readonly h1: Tensor; //        N C
  readonly qkv: Tensor; //       N NH+2NKV HS
  readonly valued: Tensor; //    the same with value embeddings added, or qkv itself
  readonly qk: Tensor; //        N NH+NKV HS: normed and rotated
  readonly headRstd: Tensor; //  N NH+NKV
  readonly attended: Tensor; //  N NH HS
  readonly lse: Tensor; //       N NH
  readonly middle: Tensor; //    N C: the stream after attention
  readonly rstd2: Tensor; //     N
  readonly h2: Tensor; //        N C
  readonly gateUp: Tensor; //    N 2F, or N F
  readonly active: Tensor; //    N F
}

export interface Activations {
  readonly embedded: Tensor;
  readonly layers: readonly LayerActivations[];
  /** The stream after the last layer, and its norm, which the head reads. */
  readonly last: Tensor;
  readonly lastRstd: Tensor;
  readonly normed: Tensor;
  readonly rotary: Tensor;
}

/** u32 tensors [N] as the loader uploads them. */
export interface BatchTensors {
  readonly tokens: Tensor;
  readonly targets: Tensor;
  /** Position in its row at which a token's document begins. */
  readonly documentStarts: Tensor;
}

export interface ForwardOptions {
  /** Rows of a batch, B. */
  readonly rows: number;
  readonly recompute?: boolean;
}

/** Adds embedding, layers and last norm for N = rows·T tokens. */
export function addForward(
  program: Program,
  network: Network,
  batch: BatchTensors,
  { rows, recompute = false }: ForwardOptions,
): Activations {
  const { config, arena, kernels } = network;
  const { width: C, headSize: HS, context: T, paddedVocab: V } = config;
  const N = rows * T;
  const rotary = network.tensor('rotary table', T * HS);
  network.gpu.write(rotary.buffer, 0, rotaryTable({ T, HS }, config.ropeBase));
  const embedded = network.tensor('embedded', N * C);
  program.add(
    kernels.embedding.forward,
    { N, V, C },
    { tokens: batch.tokens, table: arena.weight(EMBEDDING), out: embedded },
  );
  const shared = recompute ? layerTensors(network, N, 'shared') : undefined;
  const layers: LayerActivations[] = [];
  let input = embedded;
  for (let l = 0; l < config.layers; l++) {
    const own = shared ?? layerTensors(network, N, `layer ${l}`);
    const layer = { ...own, input, x: own.mixed ?? input };
    const out = network.tensor(`layer ${l} out`, N * C);
    addLayer(program, network, layer, { l, rows, batch, rotary, embedded, out });
    layers.push(layer);
    input = out;
  }
  const lastRstd = network.tensor('last rstd', N);
  const normed = network.activation('normed', N * C);
  addNorm(program, network, { x: input, name: FINAL_NORM, out: normed, rstd: lastRstd }, N);
  return { embedded, layers, last: input, lastRstd, normed, rotary };
}

export type OwnTensors = Omit<LayerActivations, 'input' | 'x'> & { readonly mixed?: Tensor };

export function layerTensors(network: Network, N: number, label: string): OwnTensors {
  const { width: C, heads: NH, keyHeads: NKV, headSize: HS, hidden: F, activation } = network.config;
  const stream = (name: string): Tensor => network.tensor(`${label} ${name}`, N * C);
  const make = (name: string, elements: number): Tensor => network.activation(`${label} ${name}`, elements);
  const scalars = (name: string, elements: number): Tensor => network.tensor(`${label} ${name}`, elements);
  const qkv = make('qkv', N * (NH + 2 * NKV) * HS);
  return {
    ...(network.config.residualScalars && { mixed: stream('mixed') }),
    rstd1: scalars('rstd1', N),
    h1: make('h1', N * C),
    qkv,
    valued: network.config.valueEmbeddings ? make('valued', qkv.elements) : qkv,
    qk: make('qk', N * (NH + NKV) * HS),
    headRstd: scalars('head rstd', N * (NH + NKV)),
    attended: make('attended', N * NH * HS),
    lse: scalars('lse', N * NH),
    middle: stream('middle'),
    rstd2: scalars('rstd2', N),
    h2: make('h2', N * C),
    gateUp: make('gate up', N * (activation === 'swiglu' ? 2 * F : F)),
    active: make('active', N * F),
  };
}

export interface LayerContext {
  readonly l: number;
  readonly rows: number;
  readonly batch: BatchTensors;
  readonly rotary: Tensor;
  readonly embedded: Tensor;
  /** Where the stream goes on; absent when only the activations are wanted again. */
  readonly out?: Tensor;
  /** In place of attention within the rows of the batch. */
  readonly attend?: (layer: LayerActivations) => void;
}

/** One layer: out = middle + mlp(norm(middle)), middle = x + attention(norm(x)). */
export function addLayer(
  program: Program,
  network: Network,
  a: LayerActivations,
  { l, rows, batch, rotary, embedded, out, attend }: LayerContext,
): void {
  const { config, arena, kernels } = network;
  const { width: C, heads: NH, keyHeads: NKV, headSize: HS, hidden: F, context: T, paddedVocab: V, eps } = config;
  const N = rows * T;
  const name = (part: LayerPart): string => layerName(l, part);
  const parameter = (part: LayerPart): Tensor => arena.view('params', name(part));
  if (config.residualScalars) {
    const tensors = { x: a.input, x0: embedded, mix: parameter('mix'), out: a.x };
    program.add(kernels.residualMix.forward, { N, C }, tensors);
  }
  addNorm(program, network, { x: a.x, name: name('norm1'), out: a.h1, rstd: a.rstd1 }, N);
  const qkvWeight = arena.weight(name('q'), name('k'), name('v'));
  network.linear(program, a.h1, qkvWeight, a.qkv, { N, C, O: (NH + 2 * NKV) * HS });
  let { qkv } = a;
  if (usesValueEmbedding(config, l)) {
    const tensors = { tokens: batch.tokens, qkv, table: arena.weight(VALUE_EMBEDDING), out: a.valued };
    program.add(kernels.valueEmbedding.forward, { N, V, NH, NKV, HS }, tensors);
    qkv = a.valued;
  }
  const normed = hasQkNorm(config);
  program.add(
    kernels.heads(normed).forward,
    { N, T, NH, NKV, HS, eps },
    {
      qkv,
      table: rotary,
      qk: a.qk,
      ...(normed && { q_norm: parameter('qNorm'), k_norm: parameter('kNorm'), rstd: a.headRstd }),
    },
  );
  if (attend) attend({ ...a, qkv });
  else {
    const tensors = { qk: a.qk, qkv, starts: batch.documentStarts, out: a.attended, lse: a.lse };
    program.add(kernels.attention(HS).forward, { N, T, NH, NKV }, tensors);
  }
  network.linear(program, a.attended, arena.weight(name('o')), a.middle, { N, C: NH * HS, O: C }, a.x);
  addNorm(program, network, { x: a.middle, name: name('norm2'), out: a.h2, rstd: a.rstd2 }, N);
  if (config.activation === 'swiglu') {
    network.linear(program, a.h2, arena.weight(name('gate'), name('up')), a.gateUp, { N, C, O: 2 * F });
    program.add(kernels.swiglu.forward, { N, F }, { gate_up: a.gateUp, out: a.active });
  } else {
    network.linear(program, a.h2, arena.weight(name('up')), a.gateUp, { N, C, O: F });
    program.add(kernels.relu2.forward, { N, F }, { x: a.gateUp, out: a.active });
  }
  if (out) network.linear(program, a.active, arena.weight(name('down')), out, { N, C: F, O: C }, a.middle);
}

export function addNorm(
  program: Program,
  { config, arena, kernels }: Network,
  { x, name, out, rstd }: { x: Tensor; name: string; out: Tensor; rstd: Tensor },
  N: number,
): void {
  const { width: C, eps } = config;
  program.add(kernels.rmsnorm.forward, { N, C, eps }, { x, weight: arena.view('params', name), out, rstd });
}
