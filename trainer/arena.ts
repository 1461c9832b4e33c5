/**
 * Parameters, gradients and the two AdamW moments, each packed into one buffer of the same layout, so that one dispatch
 * updates a whole optimizer group:
 *
 *   params | matrices …… | embedding …… | norms … |     every tensor starts at a multiple of 64 elements (256 bytes,
 *   grads  | same        | same         | same    |     WebGPU's binding alignment); the gaps stay zero
 */
import type { Gpu } from './device.ts';
import { type ModelConfig, type Parameter, type ParameterGroup, parametersOf, sizeOf } from './model.ts';
import { type Tensor, tensor } from './program.ts';
import { normal } from './random.ts';

const ALIGN = 64;
export const ARENA_PARTS = ['params', 'grads', 'm', 'v'] as const;
export type ArenaPart = (typeof ARENA_PARTS)[number];

export class Arena {
  readonly parameters: readonly Parameter[];
  /** Elements of each buffer. */
  readonly size: number;
  readonly whole: Readonly<Record<ArenaPart, Tensor>>;
  readonly #offsets = new Map<string, number>();
  readonly #gpu: Gpu;

  constructor(gpu: Gpu, config: ModelConfig, parts: readonly ArenaPart[] = ARENA_PARTS) {
    this.#gpu = gpu;
    this.parameters = parametersOf(config);
    let at = 0;
    for (const parameter of this.parameters) {
      this.#offsets.set(parameter.name, at);
      at += Math.ceil(sizeOf(parameter) / ALIGN) * ALIGN;
    }
    this.size = at;
    this.whole = Object.fromEntries(parts.map((part) => [part, tensor(gpu, part, at)])) as Record<ArenaPart, Tensor>;
  }

  /** One parameter, or its gradient or moment. */
  view(part: ArenaPart, name: string): Tensor {
    const parameter = this.parameters.find((candidate) => candidate.name === name)!;
    return {
      name: `${part} ${name}`,
      buffer: this.whole[part].buffer,
      offset: this.#offsets.get(name)! * 4,
      elements: sizeOf(parameter),
    };
  }

  /** The contiguous range of one optimizer group. */
  group(part: ArenaPart, group: ParameterGroup): Tensor {
    const members = this.parameters.filter((parameter) => parameter.group === group);
    const start = this.#offsets.get(members[0].name)!;
    const last = members.at(-1)!;
    const end = this.#offsets.get(last.name)! + Math.ceil(sizeOf(last) / ALIGN) * ALIGN;
    return { name: `${part} ${group}`, buffer: this.whole[part].buffer, offset: start * 4, elements: end - start };
  }

  /** Seeded initial values: the same bits on every adapter. Embedding rows behind the vocabulary stay zero. */
  initialise(config: ModelConfig, seed: number): void {
    for (const [i, parameter] of this.parameters.entries()) {
      const values =
        parameter.group === 'norm'
          ? new Float32Array(sizeOf(parameter)).fill(1)
          : normal(seed * 1000 + i, sizeOf(parameter), parameter.deviation);
      if (parameter.group === 'embedding') values.fill(0, config.vocabSize * config.width);
      this.write('params', parameter.name, values);
    }
  }

  write(part: ArenaPart, name: string, values: Float32Array<ArrayBuffer>): void {
    const { buffer, offset } = this.view(part, name);
    this.#gpu.write(buffer, offset, values);
  }

  /** One tensor, read back. */
  async readTensor(part: ArenaPart, name: string): Promise<Float32Array<ArrayBuffer>> {
    const { buffer, offset, elements } = this.view(part, name);
    return new Float32Array(await this.#gpu.read(buffer, offset, elements * 4));
  }

  /** All tensors of one part, read back in one copy. */
  async read(part: ArenaPart): Promise<Map<string, Float32Array<ArrayBuffer>>> {
    const all = await this.#gpu.read(this.whole[part].buffer, 0, this.size * 4);
    return new Map(
      this.parameters.map((parameter) => [
        parameter.name,
        new Float32Array(all, this.#offsets.get(parameter.name)! * 4, sizeOf(parameter)),
      ]),
    );
  }

  release(): void {
    for (const { buffer } of Object.values(this.whole)) this.#gpu.release(buffer);
  }
}
