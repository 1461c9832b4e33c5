/**
 * The model for one token at a time, with the keys and values of all tokens before it kept on the GPU:
 *
 *   copy token, position, rotary row → embedding → [rmsnorm → qkv → qk-norm + rotary → attention over the cache
 *   → o + stream, rmsnorm → gate|up → swiglu → down + stream] × L;  behind the last token also rmsnorm → logits
 *
 * A prompt goes through the same program, token by token in few submits: nothing is read back before its end.
 */

import type { Gpu } from '../gpu/device.ts';
import { Program, type Tensor, tensor } from '../gpu/program.ts';
import { attentionDecode } from '../kernels/attention-decode.ts';
import { kernelsFor } from '../kernels/choice.ts';
import { rotaryTable } from '../kernels/heads.ts';
import { decodeVariant, type KernelSet, kernelSet } from '../kernels/index.ts';
import { matvec } from '../kernels/matvec.ts';
import { range } from '../kernels/snippets.ts';
import type { Arena } from '../model/arena.ts';
import {
  EMBEDDING,
  FINAL_NORM,
  hasQkNorm,
  headName,
  type LayerPart,
  layerName,
  type ModelConfig,
} from '../model/config.ts';

/** Tokens of a prompt in one submit. */
const SUBMIT_TOKENS = 32;
/** What a position needs before it can be worked at. */
type Part = 'tokens' | 'positions' | 'angles';

export class Decoder {
  readonly #gpu: Gpu;
  readonly #config: ModelConfig;
  readonly #own: Tensor[] = [];
  readonly #body: Program;
  readonly #head: Program;
  /** Of all positions: uploaded tokens, 0 … T−1, cos and sin; and the one that the programs work at. */
  readonly #all: Readonly<Record<Part, Tensor>>;
  readonly #now: Readonly<Record<Part, Tensor>>;
  readonly #logits: Tensor;
  readonly #rstd: Tensor;
  readonly #kernels: KernelSet;
  /** Tokens whose keys and values are in the cache. */
  #cached: readonly number[] = [];

  private constructor(gpu: Gpu, config: ModelConfig, arena: Arena) {
    this.#gpu = gpu;
    this.#config = config;
    this.#kernels = kernelSet(kernelsFor(gpu.facts), 'f32');
    this.#body = new Program(gpu);
    this.#head = new Program(gpu);
    const { context: T, headSize: HS, width: C, paddedVocab } = config;
    this.#all = {
      tokens: this.#tensor('tokens', T),
      positions: this.#tensor('positions', T),
      angles: this.#tensor('angles', T * HS),
    };
    gpu.write(this.#all.positions.buffer, 0, Uint32Array.from(range(T)));
    gpu.write(this.#all.angles.buffer, 0, rotaryTable({ T, HS }, config.ropeBase));
    this.#now = {
      tokens: this.#tensor('token', 1),
      positions: this.#tensor('position', 1),
      angles: this.#tensor('angle', HS),
    };
    this.#rstd = this.#tensor('rstd', 1);
    const last = this.#addLayers(arena);
    this.#logits = this.#tensor('logits', paddedVocab);
    const normed = this.#tensor('normed', C);
    this.#norm(this.#head, last, arena.view('params', FINAL_NORM), normed);
    this.#linear(this.#head, normed, arena.view('params', headName(config)), this.#logits, C, paddedVocab);
  }

  static async create(gpu: Gpu, config: ModelConfig, arena: Arena): Promise<Decoder> {
    const decoder = new Decoder(gpu, config, arena);
    await Promise.all([decoder.#body.compile(), decoder.#head.compile()]);
    return decoder;
  }

  /** The stream behind the last layer. */
  #addLayers(arena: Arena): Tensor {
    const { width: C, heads: NH, keyHeads: NKV, headSize: HS, hidden: F, context, paddedVocab: V, eps } = this.#config;
    const program = this.#body;
    const { tokens, positions: position, angles: table } = this.#now;
    const weight = (...names: string[]): Tensor => arena.span('params', names);
    // Shared by all layers: a dispatch is over before the next one reads.
    const make = (name: string, elements: number): Tensor => this.#tensor(name, elements);
    const h = make('h', C);
    const qkv = make('qkv', (NH + 2 * NKV) * HS);
    const qk = make('qk', (NH + NKV) * HS);
    const rstd = make('head rstd', NH + NKV);
    const attended = make('attended', NH * HS);
    const [gateUp, active] = [make('gate up', 2 * F), make('active', F)];
    const stream = [make('stream', C), make('middle', C)];
    const attention = attentionDecode(HS, decodeVariant(this.#gpu.facts.kind).attentionLanes);
    const normed = hasQkNorm(this.#config);
    const heads = this.#kernels.heads(normed).forward;

    const embedded = { tokens, table: weight(EMBEDDING), out: stream[0] };
    program.add(this.#kernels.embedding.forward, { N: 1, V, C }, embedded);
    for (let layer = 0; layer < this.#config.layers; layer++) {
      const of = (...parts: LayerPart[]): Tensor => weight(...parts.map((part) => layerName(layer, part)));
      const cache = {
        keys: make(`keys ${layer}`, context * NKV * HS),
        values: make(`values ${layer}`, context * NKV * HS),
      };
      this.#norm(program, stream[0], of('norm1'), h);
      this.#linear(program, h, of('q', 'k', 'v'), qkv, C, (NH + 2 * NKV) * HS);
      const norms = normed && { q_norm: of('qNorm'), k_norm: of('kNorm'), rstd };
      program.add(heads, { N: 1, T: 1, NH, NKV, HS, eps }, { qkv, table, qk, ...norms });
      program.add(attention, { T: context, NH, NKV }, { qk, qkv, position, ...cache, out: attended });
      this.#linear(program, attended, of('o'), stream[1], NH * HS, C, stream[0]);
      this.#norm(program, stream[1], of('norm2'), h);
      this.#linear(program, h, of('gate', 'up'), gateUp, C, 2 * F);
      program.add(this.#kernels.swiglu.forward, { N: 1, F }, { gate_up: gateUp, out: active });
      this.#linear(program, active, of('down'), stream[0], F, C, stream[1]);
    }
    return stream[0];
  }

  #norm(program: Program, x: Tensor, weight: Tensor, out: Tensor): void {
    const { width: C, eps } = this.#config;
    program.add(this.#kernels.rmsnorm.forward, { N: 1, C, eps }, { x, weight, out, rstd: this.#rstd });
  }

  #linear(program: Program, x: Tensor, weight: Tensor, out: Tensor, C: number, O: number, residual?: Tensor): void {
    const { matvec: shape } = decodeVariant(this.#gpu.facts.kind);
    const kernel = matvec({ ...shape, epilogue: residual ? 'add' : 'write' });
    program.add(kernel, { O, C }, { weight, x, out, ...(residual && { residual }) });
  }

  #tensor(name: string, elements: number): Tensor {
    const made = tensor(this.#gpu, `decode ${name}`, elements);
    this.#own.push(made);
    return made;
  }

  /**
   * Logits [V] behind the last of `tokens`, 1 to T of them. What they share from the start on with those of the call
   * before is not computed again.
   */
  async logits(tokens: readonly number[]): Promise<Float32Array> {
    const { device } = this.#gpu;
    const { headSize: HS, vocabSize } = this.#config;
    let shared = 0;
    while (shared < tokens.length - 1 && tokens[shared] === this.#cached[shared]) shared++;
    this.#cached = Array.from(tokens);
    this.#gpu.write(this.#all.tokens.buffer, 0, Uint32Array.from(tokens));
    for (let from = shared; from < tokens.length; from += SUBMIT_TOKENS) {
      const encoder = device.createCommandEncoder();
      const to = Math.min(tokens.length, from + SUBMIT_TOKENS);
      for (let at = from; at < to; at++) {
        const copy = (part: Part, elements: number): void => {
          const [all, now, bytes] = [this.#all[part].buffer, this.#now[part].buffer, elements * 4];
          encoder.copyBufferToBuffer(all, at * bytes, now, 0, bytes);
        };
        copy('tokens', 1);
        copy('positions', 1);
        copy('angles', HS);
        this.#body.encode(encoder);
      }
      if (to === tokens.length) this.#head.encode(encoder);
      device.queue.submit([encoder.finish()]);
    }
    return new Float32Array(await this.#gpu.read(this.#logits.buffer, 0, vocabSize * 4));
  }

  /** To be called when the weights have changed: what is cached was made with the old ones. */
  forget(): void {
    this.#cached = [];
  }

  release(): void {
    this.#body.release();
    this.#head.release();
    for (const { buffer } of this.#own) this.#gpu.release(buffer);
  }
}
