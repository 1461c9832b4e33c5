/**
 * Parameters, gradients and the optimizer's moments, each packed into buffers of one layout, so that a dispatch updates
 * all of an optimizer group that a buffer holds:
 *
 *   params | matrices …… | embeddings …… | head | norms … |    every tensor starts at a multiple of 128 elements (256
 *   grads  | same        | same          | same | same    |    bytes of f16, WebGPU's binding alignment); gaps stay zero
 *   m      | same        | same          | same | same    |
 *   v                    | same          | same | same    |    Muon's matrices have no second moment
 *   ema    | same, where an average of the weights is kept |
 *   half   | same, f16: in mixed precision what the network reads |
 *   page   | 0         | 1        | 2           …         |    a buffer each, PAGE_BYTES at most, cut between tensors
 *
 * Pages are cut where no product reads across: q, k and v, and gate and up, stay together. What is computed does not
 * depend on where they are cut, to the bit.
 */
import type { Gpu } from '../gpu/device.ts';
import type { Storage } from '../gpu/kernel.ts';
import { type Tensor, tensor } from '../gpu/program.ts';
import { normal } from '../gpu/random.ts';
import { type ModelConfig, type Parameter, type ParameterGroup, parametersOf, sizeOf } from './config.ts';

const ALIGN = 128;
const ARENA_PARTS = ['params', 'grads', 'm', 'v'] as const;
export type ArenaPart = (typeof ARENA_PARTS)[number] | 'ema';
const aligned = (elements: number): number => Math.ceil(elements / ALIGN) * ALIGN;

export interface ArenaOptions {
  readonly parts?: readonly ArenaPart[];
  /** An average of the weights is kept too. */
  readonly averages?: boolean;
  /** f16: the network reads a copy in half precision. */
  readonly storage?: Storage;
  /** Group without a second moment, which must be the first of the arena. */
  readonly without?: ParameterGroup;
  /** Of f32, at most; PAGE_BYTES and the adapter's limit where left out. */
  readonly pageBytes?: number;
}

const PAGE_BYTES = 2 ** 30;

/** Elements of the layout that lie in one buffer. */
interface Page {
  readonly first: number;
  readonly end: number;
}
type Part = ArenaPart | 'half';

/** What of an optimizer group lies in one page. */
export interface GroupPage {
  readonly parameters: readonly Parameter[];
  readonly elements: number;
  view(part: Part): Tensor;
  /** Element of the view at which a parameter begins. */
  offsetOf(parameter: Parameter): number;
}

/** Parameters that stand behind the one before them as one matrix. */
const JOINED = /\.(k_proj|v_proj|up_proj)\.weight$/;

/** Where a checkpoint takes its tensors from. */
export type ArenaReader = Pick<Arena, 'parameters' | 'has' | 'holds' | 'readTensor'>;

export class Arena {
  readonly parameters: readonly Parameter[];
  readonly storage: Storage;
  /** The copy in half precision is behind the parameters: whoever reads it casts first. */
  isStale = true;
  readonly #offsets = new Map<string, number>();
  readonly #parameterOf: ReadonlyMap<string, Parameter>;
  /** Element of the layout at which `v` begins. */
  readonly #firstOfV: number;
  readonly #pages: readonly Page[];
  /** A tensor for each page; of `v` undefined where a page lies before it begins. */
  readonly #buffers = new Map<Part, readonly (Tensor | undefined)[]>();
  readonly #gpu: Gpu;

  constructor(gpu: Gpu, config: ModelConfig, options: ArenaOptions = {}) {
    const { averages, storage = 'f32', without, pageBytes = PAGE_BYTES } = options;
    const { parts = averages ? [...ARENA_PARTS, 'ema' as const] : ARENA_PARTS } = options;
    this.#gpu = gpu;
    this.storage = storage;
    this.parameters = parametersOf(config);
    this.#parameterOf = new Map(this.parameters.map((parameter) => [parameter.name, parameter]));
    let at = 0;
    let firstOfV = 0;
    for (const parameter of this.parameters) {
      this.#offsets.set(parameter.name, at);
      at += aligned(sizeOf(parameter));
      if (parameter.group === without) firstOfV = at;
    }
    this.#firstOfV = firstOfV;
    const limit = Math.min(pageBytes, gpu.facts.limits.maxStorageBufferBindingSize ?? pageBytes);
    this.#pages = this.#cut(Math.floor(limit / 4), at);
    for (const part of parts) this.#allocate(part, 'f32');
    if (storage === 'f16') this.#allocate('half', 'f16');
  }

  /** Pages of whole units: a tensor, or neighbours that products read as one. A unit that is larger has its own. */
  #cut(most: number, size: number): Page[] {
    const starts = this.parameters.filter(({ name }) => !JOINED.test(name)).map(({ name }) => this.#offsets.get(name)!);
    const pages: Page[] = [];
    let first = 0;
    for (const [i, start] of starts.entries()) {
      const end = starts[i + 1] ?? size;
      if (start > first && end - first > most) {
        pages.push({ first, end: start });
        first = start;
      }
    }
    return [...pages, { first, end: size }];
  }

  #allocate(part: Part, storage: Storage): void {
    const hint = 'one matrix or table alone is that large: lower --width, or take a smaller vocabulary';
    const buffers = this.#pages.map((page, i) => {
      const { first, end } = this.#rangeOf(part, page);
      const name = this.#pages.length > 1 ? `${part} page ${i}` : part;
      return first < end ? tensor(this.#gpu, name, end - first, storage, hint) : undefined;
    });
    this.#buffers.set(part, buffers);
  }

  #rangeOf(part: Part, { first, end }: Page): Page {
    return { first: part === 'v' ? Math.max(first, this.#firstOfV) : first, end };
  }

  /** Elements of the layout. */
  get size(): number {
    return this.#pages.at(-1)!.end;
  }

  /** Of all parts. */
  get bytes(): number {
    const all = [...this.#buffers.values()].flat();
    return all.reduce((sum, buffer) => sum + (buffer ? buffer.elements * buffer.elementBytes : 0), 0);
  }

  /** True when the arena has this part at all. */
  holds(part: Part): boolean {
    return this.#buffers.has(part);
  }

  /** A part page by page, with where each begins in the layout. */
  pages(part: Part): readonly { readonly tensor: Tensor; readonly first: number }[] {
    const buffers = this.#buffers.get(part) ?? [];
    return buffers.flatMap((tensor, i) =>
      tensor ? [{ tensor, first: this.#rangeOf(part, this.#pages[i]).first }] : [],
    );
  }

  /** True when the arena holds this part of this parameter. */
  has(part: ArenaPart, name: string): boolean {
    return this.holds(part) && (part !== 'v' || this.#offsets.get(name)! >= this.#firstOfV);
  }

  /** One parameter, or its gradient or moment. */
  view(part: Part, name: string): Tensor {
    return this.#range(part, name, this.#offsets.get(name)!, sizeOf(this.#parameterOf.get(name)!));
  }

  /** Neighbours in the layout as one tensor: q, k and v, or gate and up. */
  span(part: Part, names: readonly string[]): Tensor {
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
    return this.span(this.holds('half') ? 'half' : 'params', names);
  }

  gradient(...names: string[]): Tensor {
    return this.span('grads', names);
  }

  /**
   * An optimizer group page by page, the same pages of every part; none when the model has no such parameter.
   * `parameters` are those in the page.
   */
  group(group: ParameterGroup): readonly GroupPage[] {
    const members = this.parameters.filter((parameter) => parameter.group === group);
    return this.#pages.flatMap((page) => {
      const inside = members.filter(({ name }) => {
        const at = this.#offsets.get(name)!;
        return at >= page.first && at < page.end;
      });
      if (inside.length === 0) return [];
      const start = this.#offsets.get(inside[0].name)!;
      const last = inside.at(-1)!;
      const elements = this.#offsets.get(last.name)! + aligned(sizeOf(last)) - start;
      const view = (part: Part): Tensor => this.#range(part, group, start, elements);
      const offsetOf = ({ name }: Parameter): number => this.#offsets.get(name)! - start;
      return [{ parameters: inside, elements, view, offsetOf }];
    });
  }

  #range(part: Part, name: string, from: number, elements: number): Tensor {
    const at = this.#pages.findIndex(({ first, end }) => from >= first && from + elements <= end);
    const whole = this.#buffers.get(part)?.[at];
    if (!whole) throw new Error(`arena: no ${part} of ${name}`);
    const offset = from - this.#rangeOf(part, this.#pages[at]).first;
    return { ...whole, name: `${part} ${name}`, offset: offset * whole.elementBytes, elements };
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

  /**
   * What a checkpoint holds, as it is now: read while later steps run. Undefined where the host's memory is short.
   */
  async captured(): Promise<(ArenaReader & { release(): void }) | undefined> {
    const kept = (['params', 'm', 'v', 'ema'] as const).flatMap((part) => this.pages(part));
    const captured = await this.#gpu.capture(kept.map(({ tensor }) => tensor.buffer));
    return (
      captured && {
        parameters: this.parameters,
        has: (part, name) => this.has(part, name),
        holds: (part) => this.holds(part),
        readTensor: async (part, name) => {
          const { buffer, offset, elements } = this.view(part, name);
          return new Float32Array(await captured.read(buffer, offset, elements * 4));
        },
        release: () => captured.release(),
      }
    );
  }

  /** All tensors of one part, read back one after the other. */
  async read(part: ArenaPart): Promise<Map<string, Float32Array<ArrayBuffer>>> {
    const all = new Map<string, Float32Array<ArrayBuffer>>();
    for (const { name } of this.parameters) if (this.has(part, name)) all.set(name, await this.readTensor(part, name));
    return all;
  }

  release(): void {
    for (const part of this.#buffers.keys())
      for (const { tensor } of this.pages(part)) this.#gpu.release(tensor.buffer);
  }
}
