/**
 * Log-likelihoods of texts under a model, many at a time: what texts begin with alike is computed once (tree.ts).
 *
 *   a tile of N positions → embedding → layers, whose attention reads a table of keys and values, the tile's own in it
 *   → positions that are scored, HEAD of them at a time → logits → nats of their targets
 *
 * Every model that can be trained can be scored, in f32.
 */
import { ToolkitError } from '../../crawlers/shell/errors.ts';
import type { Gpu } from '../gpu/device.ts';
import { Program, type Tensor } from '../gpu/program.ts';
import { rowsKeep, rowsSeen, SEEN, WALKS, walksOf } from '../kernels/attention-rows.ts';
import { IGNORED } from '../kernels/cross-entropy.ts';
import { rotaryTable } from '../kernels/heads.ts';
import { decodeVariant } from '../kernels/index.ts';
import type { Arena } from '../model/arena.ts';
import { EMBEDDING, FINAL_NORM, headName, type ModelConfig } from '../model/config.ts';
import { addLayer, addNorm, layerTensors } from '../model/forward.ts';
import { Network } from '../model/network.ts';
import { type Item, type Scored, type Text, type Tile, tilesOf } from './tree.ts';

/** Positions of a tile, N; scored positions of one product with the head. */
const [TILE, HEAD] = [256, 64];
/** What keys and values of all layers take, about. */
const TABLE_BYTES = 2 ** 28;
const MOST_ROWS = 8192;

/** Of a text. */
export interface Likelihood {
  /** −log p of its scored tokens, given what stands before each. */
  readonly nats: number;
  readonly tokens: number;
  /** The likeliest token behind it, where that was asked for. */
  readonly greedy?: number;
}

export interface ScorerOptions {
  readonly tile?: number;
  /** False: no beginning is shared, for comparison. */
  readonly share?: boolean;
}

export class Scorer {
  readonly config: ModelConfig;
  /** Positions that were computed so far. */
  computed = 0;
  readonly #gpu: Gpu;
  readonly #network: Network;
  readonly #body: Program;
  readonly #head: Program;
  readonly #tile: number;
  readonly #share: boolean;
  readonly #rows: number;
  /** Angles of every position, [T, HS]. */
  readonly #angles: Float32Array;
  readonly #in: Readonly<Record<'tokens' | 'angles' | 'seen' | 'walks' | 'base' | 'picked' | 'targets', Tensor>>;
  readonly #losses: Tensor;
  readonly #logits: Tensor;

  private constructor(gpu: Gpu, config: ModelConfig, arena: Arena, { tile = TILE, share = true }: ScorerOptions) {
    const {
      width: C,
      headSize: HS,
      keyHeads: NKV,
      layers,
      context,
      paddedVocab: V,
      vocabSize: used,
      softcap: cap,
    } = config;
    [this.#gpu, this.config, this.#tile, this.#share] = [gpu, config, tile, share];
    const each = Math.min(MOST_ROWS, TABLE_BYTES / (layers * 2 * NKV * HS * 4));
    this.#rows = Math.ceil(Math.max(each, 3 * (context + 1) + tile) / tile) * tile;
    this.#angles = rotaryTable({ T: context, HS }, config.ropeBase);
    this.#network = new Network(gpu, { ...config, context: tile }, arena);
    this.#body = new Program(gpu);
    this.#head = new Program(gpu);
    const make = (name: string, elements: number): Tensor => this.#network.tensor(`score ${name}`, elements);
    const groups = Math.ceil(tile / decodeVariant(gpu.facts.kind).rows(HS)[0]);
    this.#in = {
      ...{ tokens: make('tokens', tile), angles: make('angles', tile * HS), base: make('base', 1) },
      ...{ seen: make('seen', tile * SEEN), walks: make('walks', groups * WALKS) },
      ...{ picked: make('picked', HEAD), targets: make('targets', HEAD) },
    };
    const normed = this.#addBody(make, groups);
    const { kernels } = this.#network;
    const picked = make('picked rows', HEAD * C);
    this.#losses = make('losses', HEAD);
    this.#logits = make('logits', HEAD * V);
    const table = { tokens: this.#in.picked, table: normed, out: picked };
    this.#head.add(kernels.embedding.forward, { N: HEAD, V: tile, C }, table);
    this.#network.linear(this.#head, picked, arena.weight(headName(config)), this.#logits, { N: HEAD, C, O: V });
    const ends = { logits: this.#logits, targets: this.#in.targets, losses: this.#losses, lse: make('lse', HEAD) };
    this.#head.add(kernels.crossEntropy(cap > 0).forward, { N: HEAD, V, used, cap, z_loss: 0 }, ends);
  }

  /** @param arena holds the parameters, in f32 */
  static async create(gpu: Gpu, config: ModelConfig, arena: Arena, options: ScorerOptions = {}): Promise<Scorer> {
    const scorer = new Scorer(gpu, config, arena, options);
    await Promise.all([scorer.#body.compile(), scorer.#head.compile()]);
    return scorer;
  }

  /** The last stream, normed. */
  #addBody(make: (name: string, elements: number) => Tensor, G: number): Tensor {
    const { config } = this;
    const [network, program, N, R] = [this.#network, this.#body, this.#tile, this.#rows];
    const { width: C, heads: NH, keyHeads: NKV, headSize: HS, paddedVocab: V } = config;
    const { tokens, angles, seen, walks, base } = this.#in;
    const [embedded, ...streams] = ['embedded', 'stream', 'stream beside'].map((name) => make(name, N * C));
    const tensors = layerTensors(network, N, 'score');
    const attention = rowsSeen(HS, ...decodeVariant(this.#gpu.facts.kind).rows(HS));
    const batch = { tokens, targets: tokens, documentStarts: tokens };
    program.add(
      network.kernels.embedding.forward,
      { N, V, C },
      { tokens, table: network.arena.weight(EMBEDDING), out: embedded },
    );
    let input = embedded;
    for (let l = 0; l < config.layers; l++) {
      const keys = make(`keys ${l}`, R * NKV * HS);
      const values = make(`values ${l}`, R * NKV * HS);
      const out = streams[l % 2];
      addLayer(
        program,
        network,
        { ...tensors, input, x: tensors.mixed ?? input },
        {
          ...{ l, rows: 1, batch, rotary: angles, embedded, out },
          attend: ({ qk, qkv, attended }) => {
            program.add(rowsKeep, { N, R, NH, NKV, HS }, { qk, qkv, base, keys, values });
            program.add(attention, { N, R, NH, NKV, G }, { qk, keys, values, seen, walks, base, out: attended });
          },
        },
      );
      input = out;
    }
    const normed = make('normed', N * C);
    addNorm(program, network, { x: input, name: FINAL_NORM, out: normed, rstd: make('last rstd', N) }, N);
    return normed;
  }

  /**
   * Likelihoods of the texts of each item, in their order. A text longer than the context loses its beginning, as in
   * lm-evaluation-harness.
   */
  async *score(items: readonly Item[], signal?: AbortSignal): AsyncGenerator<readonly Likelihood[]> {
    const { context } = this.config;
    const fitted = items.map((item) => item.map((text) => lastOf(text, context)));
    const found = fitted.map((item) =>
      item.map(() => ({ nats: 0, tokens: 0, greedy: undefined as number | undefined })),
    );
    let told = 0;
    for (const tile of tilesOf(fitted, { tile: this.#tile, rows: this.#rows, share: this.#share })) {
      if (signal?.aborted) return;
      this.#upload(tile);
      for (let from = 0; from < tile.scored.length || from === 0; from += HEAD) {
        const scored = tile.scored.slice(from, from + HEAD);
        for (const [i, { nats, greedy }] of (await this.#run(scored, from === 0)).entries()) {
          const one = found[scored[i].item][scored[i].text];
          if (Number.isNaN(nats)) throw lost();
          if (scored[i].target === undefined) one.greedy = greedy;
          else [one.nats, one.tokens] = [one.nats + nats, one.tokens + 1];
        }
      }
      this.computed += tile.count;
      for (; told < tile.done; told++) yield found[told];
    }
    for (; told < found.length; told++) yield found[told];
  }

  #upload({ tokens, positions, seen, base }: Tile): void {
    const gpu = this.#gpu;
    const { headSize: HS } = this.config;
    const angles = new Float32Array(positions.length * HS);
    for (const [n, at] of positions.entries()) angles.set(this.#angles.subarray(at * HS, (at + 1) * HS), n * HS);
    gpu.write(this.#in.tokens.buffer, 0, tokens);
    gpu.write(this.#in.angles.buffer, 0, angles);
    gpu.write(this.#in.seen.buffer, 0, seen);
    gpu.write(this.#in.walks.buffer, 0, walksOf(seen, base, decodeVariant(gpu.facts.kind).rows(HS)[0]));
    gpu.write(this.#in.base.buffer, 0, Uint32Array.of(base));
  }

  /** Nats, or the likeliest token, at these positions of the tile that was uploaded. */
  async #run(scored: readonly Scored[], isFirst: boolean): Promise<{ nats: number; greedy?: number }[]> {
    const gpu = this.#gpu;
    const encoder = gpu.device.createCommandEncoder();
    if (isFirst) this.#body.encode(encoder);
    if (scored.length > 0) {
      const picked = new Uint32Array(HEAD);
      const targets = new Uint32Array(HEAD).fill(IGNORED);
      for (const [i, { n, target = IGNORED }] of scored.entries()) [picked[i], targets[i]] = [n, target];
      gpu.write(this.#in.picked.buffer, 0, picked);
      gpu.write(this.#in.targets.buffer, 0, targets);
      this.#head.encode(encoder);
    }
    gpu.device.queue.submit([encoder.finish()]);
    if (scored.length === 0) return [];
    const losses = new Float32Array(await gpu.read(this.#losses.buffer, 0, HEAD * 4));
    const found: { nats: number; greedy?: number }[] = [];
    for (const [i, { target }] of scored.entries()) {
      found.push(target === undefined ? { nats: 0, greedy: await this.#likeliest(i) } : { nats: losses[i] });
    }
    return found;
  }

  /** Of equal logits the lower id. */
  async #likeliest(i: number): Promise<number> {
    const { paddedVocab: V, vocabSize } = this.config;
    const logits = new Float32Array(await this.#gpu.read(this.#logits.buffer, i * V * 4, vocabSize * 4));
    if (Number.isNaN(logits[0])) throw lost();
    return logits.reduce((best, logit, id) => (logit > logits[best] ? id : best), 0);
  }

  release(): void {
    this.#body.release();
    this.#head.release();
    this.#network.release();
  }
}

const lost = (): ToolkitError =>
  new ToolkitError({
    code: 'NAN_LOSS',
    message: 'a likelihood is no number, expected finite weights',
    hint: 'score an older checkpoint, or take the weights from where they came again',
  });

/** The last tokens of a text, as many as are read. */
function lastOf({ tokens, from, greedy }: Text, context: number): Text {
  const cut = Math.max(0, tokens.length - context - (greedy ? 0 : 1));
  return { tokens: tokens.slice(cut), from: Math.max(1, from - cut), greedy };
}
