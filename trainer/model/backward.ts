/**
 * The backward pass behind the head: the forward list read from its end. One buffer, `dstream`, carries the gradient of
 * the residual stream from layer to layer: each block adds its own through RMSNorm's backward. Scratch is shared by all
 * layers. Every gradient is added into the arena's `grads`, which the caller clears before the first micro-step.
 */

import { type Program, slice, type Tensor } from '../gpu/program.ts';
import { MIX_PARTS } from '../kernels/residual-mix.ts';
import { MOST_COLUMNS, slicesOf } from '../kernels/rmsnorm.ts';
import {
  EMBEDDING,
  FINAL_NORM,
  hasQkNorm,
  type LayerPart,
  layerName,
  usesValueEmbedding,
  VALUE_EMBEDDING,
} from './config.ts';
import { type Activations, addLayer, type BatchTensors, type LayerActivations } from './forward.ts';
import type { Network } from './network.ts';

export interface BackwardTensors extends BatchTensors {
  /** Positions sorted by token, [N] and [V + 1]. */
  readonly order: Tensor;
  readonly starts: Tensor;
  /** Gradient of the last normed stream, from the head. */
  readonly dnormed: Tensor;
}

/** A binding begins at a multiple of so many f32. */
const OFFSET = 64;

export interface BackwardOptions {
  readonly rows: number;
  readonly recompute?: boolean;
}

export function addBackward(
  program: Program,
  network: Network,
  a: Activations,
  batch: BackwardTensors,
  { rows, recompute = false }: BackwardOptions,
): void {
  const { config, arena, kernels } = network;
  const { width: C, context: T, paddedVocab: V, layers } = config;
  const N = rows * T;
  const pass = new BackwardPass(program, network, a, batch, rows);
  pass.norm({ dout: batch.dnormed, x: a.last, rstd: a.lastRstd, name: FINAL_NORM, starts: true });
  for (let l = layers - 1; l >= 0; l--) {
    const layer = a.layers[l];
    // Outputs are not needed again, and the input of this layer is kept.
    if (recompute) addLayer(program, network, layer, { l, rows, batch, rotary: a.rotary, embedded: a.embedded });
    pass.mlp(layer, l);
    pass.attention(layer, l);
    if (config.residualScalars) pass.mix(layer, l);
  }
  const { order, starts } = batch;
  for (const dout of [pass.dstream, ...(pass.dembedded ? [pass.dembedded] : [])]) {
    const tensors = { order, starts, dout, dtable: arena.gradient(EMBEDDING) };
    program.add(kernels.embedding.backward, { N, V, C }, tensors);
  }
}

/** Scratch of the pass and its four kinds of blocks. */
class BackwardPass {
  dstream: Tensor;
  /** What mixing sends straight to the embedded tokens. */
  readonly dembedded: Tensor | undefined;
  #dstreamHalf: Tensor;
  #spare: { readonly stream: Tensor; readonly half: Tensor } | undefined;
  readonly #program: Program;
  readonly #network: Network;
  readonly #a: Activations;
  readonly #batch: BackwardTensors;
  readonly #rows: number;
  /** Of the rows, in the gradients of norms' weights. */
  readonly #slices: number;
  readonly #scratch: Readonly<
    Record<'dh' | 'dactive' | 'dgateUp' | 'dattended' | 'dqk' | 'dqkv' | 'delta' | 'partial' | 'mixPartial', Tensor>
  >;

  constructor(program: Program, network: Network, a: Activations, batch: BackwardTensors, rows: number) {
    const { width: C, heads: NH, keyHeads: NKV, headSize: HS, hidden: F, context: T, activation } = network.config;
    const N = rows * T;
    const make = (name: string, elements: number): Tensor => network.activation(`grad ${name}`, elements);
    const stream = (name: string): { stream: Tensor; half: Tensor } => {
      const whole = network.tensor(`grad ${name}`, N * C);
      return { stream: whole, half: network.storage === 'f16' ? make(`${name} half`, N * C) : whole };
    };
    this.#program = program;
    this.#network = network;
    this.#a = a;
    this.#batch = batch;
    this.#rows = rows;
    const first = stream('stream');
    this.dstream = first.stream;
    this.#dstreamHalf = first.half;
    const mixes = network.config.residualScalars;
    this.#spare = mixes ? stream('stream mixed') : undefined;
    this.dembedded = mixes ? network.tensor('grad embedded', N * C) : undefined;
    this.#slices = slicesOf(N, network.kernels.normLanes);
    this.#scratch = {
      dh: make('h', N * C),
      dactive: make('active', N * F),
      dgateUp: make('gate up', N * (activation === 'swiglu' ? 2 * F : F)),
      dattended: make('attended', N * NH * HS),
      dqk: make('qk', N * (NH + NKV) * HS),
      dqkv: make('qkv', N * (NH + 2 * NKV) * HS),
      delta: network.tensor('delta', N * NH),
      partial: network.tensor('norm weight partial', Math.max(this.#slices * C, 2 * this.#slices * HS + OFFSET)),
      mixPartial: network.tensor('mix partial', 2 * MIX_PARTS),
    };
  }

  get #N(): number {
    return this.#rows * this.#network.config.context;
  }

  #linear(dy: Tensor, x: Tensor, names: readonly string[], dx: Tensor, inner: number, out: number): void {
    const { arena } = this.#network;
    this.#network.linearBackward(
      this.#program,
      { dy, x, weight: arena.weight(...names), dweight: arena.gradient(...names), dx },
      { N: this.#N, C: inner, O: out },
    );
  }

  /** Through a norm into `dstream`; `starts`: the first to write it. */
  norm({
    dout,
    x,
    rstd,
    name,
    starts = false,
  }: {
    dout: Tensor;
    x: Tensor;
    rstd: Tensor;
    name: string;
    starts?: boolean;
  }): void {
    const { arena, kernels, config, storage } = this.#network;
    const { rmsnorm } = kernels;
    const dims = { N: this.#N, C: config.width, P: this.#slices };
    const partial = slice(this.#scratch.partial, 0, dims.P * dims.C);
    const half = storage === 'f16' && { dx_half: this.#dstreamHalf };
    const tensors = { dout, x, weight: arena.view('params', name), rstd, dx: this.dstream, ...half };
    if (rmsnorm.backwardWhole && dims.C <= MOST_COLUMNS) {
      const whole = rmsnorm.backwardWhole(starts ? 'write' : 'accumulate', dims.C);
      this.#program.add(whole, dims, { ...tensors, partial });
    } else {
      this.#program.add(rmsnorm.backwardWeight, dims, { dout, x, rstd, partial });
      this.#program.add(starts ? rmsnorm.backward : rmsnorm.backwardAccumulate, dims, tensors);
    }
    this.#program.add(rmsnorm.backwardWeightSum, dims, { partial, dweight: arena.gradient(name) });
  }

  /** stream = middle + down(activation(gate, up)) */
  mlp(layer: LayerActivations, l: number): void {
    const { config, kernels } = this.#network;
    const { width: C, hidden: F, activation } = config;
    const { dactive, dgateUp, dh } = this.#scratch;
    const name = (part: LayerPart): string => layerName(l, part);
    const dims = { N: this.#N, F };
    this.#linear(this.#dstreamHalf, layer.active, [name('down')], dactive, F, C);
    if (activation === 'swiglu') {
      const tensors = { dout: dactive, gate_up: layer.gateUp, dgate_up: dgateUp };
      this.#program.add(kernels.swiglu.backward, dims, tensors);
      this.#linear(dgateUp, layer.h2, [name('gate'), name('up')], dh, C, 2 * F);
    } else {
      this.#program.add(kernels.relu2.backward, dims, { dout: dactive, x: layer.gateUp, dx: dgateUp });
      this.#linear(dgateUp, layer.h2, [name('up')], dh, C, F);
    }
    this.norm({ dout: dh, x: layer.middle, rstd: layer.rstd2, name: name('norm2') });
  }

  /** middle = x + o(attend(rotate(norm(q, k)), v)) */
  attention(layer: LayerActivations, l: number): void {
    const { config, kernels, arena } = this.#network;
    const { width: C, heads: NH, keyHeads: NKV, headSize: HS, context: T, paddedVocab: V } = config;
    const { dattended, dqk, dqkv, delta, dh, partial } = this.#scratch;
    const { order, starts, documentStarts } = this.#batch;
    const name = (part: LayerPart): string => layerName(l, part);
    const N = this.#N;
    const valued = usesValueEmbedding(config, l);
    this.#linear(this.#dstreamHalf, layer.attended, [name('o')], dattended, NH * HS, C);

    const { backwardQuery, backwardKeyValue } = kernels.attention(HS);
    const qkv = valued ? layer.valued : layer.qkv;
    const shared = { dout: dattended, qk: layer.qk, qkv, starts: documentStarts, lse: layer.lse, delta, dqk };
    this.#program.add(backwardQuery, { N, T, NH, NKV }, { ...shared, out: layer.attended });
    this.#program.add(backwardKeyValue, { N, T, NH, NKV }, { ...shared, dqkv });

    const normed = hasQkNorm(config);
    const { backward, backwardWeights } = kernels.heads(normed);
    const dims = { N, T, NH, NKV, HS, P: this.#slices };
    const forward = { dqk, qkv: layer.qkv, table: this.#a.rotary, rstd: layer.headRstd };
    const slices = {
      partial_q: slice(partial, 0, dims.P * HS),
      partial_k: slice(partial, Math.ceil((dims.P * HS) / OFFSET) * OFFSET, dims.P * HS),
    };
    for (const { part } of backwardWeights) if (part) this.#program.add(part, dims, { ...forward, ...slices });
    const weights = normed && {
      q_norm: arena.view('params', name('qNorm')),
      k_norm: arena.view('params', name('kNorm')),
    };
    this.#program.add(backward, dims, { ...forward, ...weights, ...slices, dqkv });
    for (const { sum, weight } of backwardWeights) {
      const dweight = arena.gradient(name(weight === 'q' ? 'qNorm' : 'kNorm'));
      this.#program.add(sum, dims, { ...slices, [`d${weight}_norm`]: dweight });
    }
    if (valued) {
      const tensors = { order, starts, dout: dqkv, dtable: arena.gradient(VALUE_EMBEDDING) };
      this.#program.add(kernels.valueEmbedding.backward, { N, V, NH, NKV, HS }, tensors);
    }
    this.#linear(dqkv, layer.h1, [name('q'), name('k'), name('v')], dh, C, (NH + 2 * NKV) * HS);
    this.norm({ dout: dh, x: layer.x, rstd: layer.rstd1, name: name('norm1') });
  }

  /** x = mix[0] · input + mix[1] · embedded: the gradient goes on in the spare buffer. */
  mix(layer: LayerActivations, l: number): void {
    const { config, kernels, arena, storage } = this.#network;
    const { backward, backwardAccumulate, part, sum } = kernels.residualMix;
    const dims = { N: this.#N, C: config.width };
    const partial = this.#scratch.mixPartial;
    const name = layerName(l, 'mix');
    this.#program.add(part, dims, { dout: this.dstream, x: layer.input, x0: this.#a.embedded, partial });
    this.#program.add(sum, {}, { partial, dmix: arena.gradient(name) });
    const next = this.#spare!;
    this.#program.add(l === config.layers - 1 ? backward : backwardAccumulate, dims, {
      dout: this.dstream,
      mix: arena.view('params', name),
      dx: next.stream,
      dx0: this.dembedded!,
      ...(storage === 'f16' && { dx_half: next.half }),
    });
    this.#spare = { stream: this.dstream, half: this.#dstreamHalf };
    this.dstream = next.stream;
    this.#dstreamHalf = next.half;
  }
}
