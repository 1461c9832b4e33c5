/**
 * Parameters, gradients and the optimizer's moments, each packed into one buffer of the same layout, so that one
 * dispatch updates a whole optimizer group:
 *
 *   params | matrices …… | embeddings …… | head | norms … |    every tensor starts at a multiple of 128 elements (256
 *   grads  | same        | same          | same | same    |    bytes of f16, WebGPU's binding alignment); gaps stay zero
 *   m      | same        | same          | same | same    |
 *   v                    | same          | same | same    |    Muon's matrices have no second moment
 *   half   | same, f16: in mixed precision what the network reads |
 */
import type { Gpu } from '../gpu/device.ts';
import type { Storage } from '../gpu/kernel.ts';
import { type Tensor, tensor } from '../gpu/program.ts';
import { normal } from '../gpu/random.ts';
import { type ModelConfig, type Parameter, type ParameterGroup, parametersOf, sizeOf } from './config.ts';

const ALIGN = 128;
const ARENA_PARTS = ['params', 'grads', 'm', 'v'] as const;
export type ArenaPart = (typeof ARENA_PARTS)[number];
const aligned = (elements: number): number => Math.ceil(elements / ALIGN) * ALIGN;

export interface ArenaOptions {
  readonly parts?: readonly ArenaPart[];
  /** f16: the network reads a copy in half precision. */
  readonly storage?: Storage;
  /** Group without a second moment, which must be the first of the arena. */
  readonly without?: ParameterGroup;
}

export class Arena {
  readonly parameters: readonly Parameter[];
  /** Elements of each buffer (`v` may lack the first group). */
  readonly size: number;
  readonly whole: Readonly<Partial<Record<ArenaPart | 'half', Tensor>>>;
  /** The copy in half precision is behind the parameters: whoever reads it casts first. */
  isStale = true;
  readonly #offsets = new Map<string, number>();
  readonly #parameterOf: ReadonlyMap<string, Parameter>;
  /** Element of the layout at which `v` begins. */
  readonly #firstOfV: number;
  readonly #gpu: Gpu;

  constructor(gpu: Gpu, config: ModelConfig, { parts = ARENA_PARTS, storage = 'f32', without }: ArenaOptions = {}) {
    this.#gpu = gpu;
    this.parameters = parametersOf(config);
    this.#parameterOf = new Map(this.parameters.map((parameter) => [parameter.name, parameter]));
    let at = 0;
    let firstOfV = 0;
    for (const parameter of this.parameters) {
      this.#offsets.set(parameter.name, at);
      at += aligned(sizeOf(parameter));
      if (parameter.group === without) firstOfV = at;
    }
    this.size = at;
    this.#firstOfV = firstOfV;
    const whole: Partial<Record<ArenaPart | 'half', Tensor>> = {};
    for (const part of parts) whole[part] = tensor(gpu, part, part === 'v' ? at - firstOfV : at);
    if (storage === 'f16') whole.half = tensor(gpu, 'half', at, 'f16');
    this.whole = whole;
  }

  /** True when the arena holds this part of this parameter. */
  has(part: ArenaPart, name: string): boolean {
    return this.whole[part] !== undefined && (part !== 'v' || this.#offsets.get(name)! >= this.#firstOfV);
  }

  /** One parameter, or its gradient or moment. */
  view(part: ArenaPart | 'half', name: string): Tensor {
    return this.#range(part, name, this.#offsets.get(name)!, sizeOf(this.#parameterOf.get(name)!));
  }

  /** Neighbours in the layout as one tensor: q, k and v, or gate and up. */
  span(part: ArenaPart | 'half', names: readonly string[]): Tensor {
    const first = this.#offsets.get(names[0])!;
    let end = first;
    for (const name of names) {
      if (this.#offsets.get(name) !== end) throw new Error(`arena: ${name} does not stand behind its neighbour`);
      end += sizeOf(this.#parameterOf.get(name)!);
    }
    return this.#range(part, names.join(' '), first, end - first);
  }

  /** What the network reads: the copy in half precision where there is one. */
  weight(...names: string[]): Tensor {
    return this.span(this.whole.half ? 'half' : 'params', names);
  }

  gradient(...names: string[]): Tensor {
    return this.span('grads', names);
  }

  /** The contiguous range of one optimizer group; `undefined` when the model has no such parameter. */
  group(part: ArenaPart | 'half', group: ParameterGroup): Tensor | undefined {
    const members = this.parameters.filter((parameter) => parameter.group === group);
    if (members.length === 0) return undefined;
    const start = this.#offsets.get(members[0].name)!;
    const last = members.at(-1)!;
    return this.#range(part, group, start, this.#offsets.get(last.name)! + aligned(sizeOf(last)) - start);
  }

  #range(part: ArenaPart | 'half', name: string, from: number, elements: number): Tensor {
    const whole = this.whole[part]!;
    const first = part === 'v' ? from - this.#firstOfV : from;
    return { ...whole, name: `${part} ${name}`, offset: first * whole.elementBytes, elements };
  }

  /** Seeded initial values: the same bits on every adapter. Rows behind the vocabulary stay zero. */
  initialise(config: ModelConfig, seed: number): void {
    for (const [i, parameter] of this.parameters.entries()) {
      const { mean, deviation, group, name } = parameter;
      const values = normal(seed * 1000 + i, sizeOf(parameter), deviation);
      for (let at = 0; at < values.length; at++) values[at] += typeof mean === 'number' ? mean : mean[at];
      if (group === 'embedding' || group === 'head') values.fill(0, config.vocabSize * parameter.shape[1]!);
      this.write('params', name, values);
    }
  }

  /** The first values of a tensor; the rest stays. */
  write(part: ArenaPart, name: string, values: Float32Array<ArrayBuffer>): void {
    const { buffer, offset } = this.view(part, name);
    this.#gpu.write(buffer, offset, values);
    if (part === 'params') this.isStale = true;
  }

  /** One tensor, read back. */
  async readTensor(part: ArenaPart, name: string): Promise<Float32Array<ArrayBuffer>> {
    const { buffer, offset, elements } = this.view(part, name);
    return new Float32Array(await this.#gpu.read(buffer, offset, elements * 4));
  }

  /** All tensors of one part, read back one after the other. */
  async read(part: ArenaPart): Promise<Map<string, Float32Array<ArrayBuffer>>> {
    const all = new Map<string, Float32Array<ArrayBuffer>>();
    for (const { name } of this.parameters) if (this.has(part, name)) all.set(name, await this.readTensor(part, name));
    return all;
  }

  release(): void {
    for (const { buffer } of Object.values(this.whole)) this.#gpu.release(buffer);
  }
}
