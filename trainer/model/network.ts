/**
 * What forward and backward share: the kernels chosen for the adapter, storage, and one way to add each op to a program.
 * Dimensions as llm.c: B, T, N = B·T, C, V, L, NH, HS.
 *
 * Storage: weights and activations are f32, or in mixed precision f16; the residual stream, its gradient, norms' weights,
 * sums and everything of the optimizer are always f32.
 */

import type { Gpu } from '../gpu/device.ts';
import type { Dims, Storage } from '../gpu/kernel.ts';
import { type Program, type Tensor, tensor } from '../gpu/program.ts';
import { type KernelChoice, kernelsFor, LOGITS_BYTES } from '../kernels/choice.ts';
import { type KernelSet, kernelSet } from '../kernels/index.ts';
import type { MatmulDims, MatmulLayout, MatmulProblem } from '../kernels/matmul-problem.ts';
import type { Arena } from './arena.ts';
import type { ModelConfig } from './config.ts';

/** Elements that slices of one weight's gradient may take: 32 MiB. */
const SLICES_ROOM = 2 ** 23;

/** Which columns of what: y [N, O] from x [N, C]. */
interface LinearDims {
  readonly N: number;
  readonly C: number;
  readonly O: number;
}

export class Network {
  readonly gpu: Gpu;
  readonly config: ModelConfig;
  readonly arena: Arena;
  readonly storage: Storage;
  readonly kernels: KernelSet;
  /** Of a chunk of logits: one binding holds it. */
  readonly logitsBytes: number;
  readonly #own: Tensor[] = [];
  #slices: Tensor | undefined;

  constructor(gpu: Gpu, config: ModelConfig, arena: Arena, choice: KernelChoice = kernelsFor(gpu.facts)) {
    this.gpu = gpu;
    this.config = config;
    this.arena = arena;
    this.storage = arena.storage;
    this.kernels = kernelSet(choice, this.storage);
    const { maxStorageBufferBindingSize: binding = LOGITS_BYTES } = gpu.facts.limits;
    this.logitsBytes = Math.min(choice.logitsBytes ?? LOGITS_BYTES, binding);
  }

  /** A buffer of f32 (or u32) that is released with the network. */
  tensor(name: string, elements: number, storage: Storage = 'f32'): Tensor {
    const made = tensor(this.gpu, name, elements, storage);
    this.#own.push(made);
    return made;
  }

  /** A buffer of activations, in the network's storage. */
  activation(name: string, elements: number): Tensor {
    return this.tensor(name, elements, this.storage);
  }

  /** y [N, O] = x [N, C] · Wᵀ; with `residual` (f32) y = residual + x · Wᵀ, in f32. */
  linear(program: Program, x: Tensor, weight: Tensor, out: Tensor, { N, C, O }: LinearDims, residual?: Tensor): void {
    const { storage } = this;
    const problem = residual
      ? ({ layout: 'nt', epilogue: 'add', from: storage, into: 'f32' } as const)
      : ({ layout: 'nt', epilogue: 'write', from: storage, into: storage } as const);
    this.#matmul(program, problem, { M: N, N: O, K: C }, { a: x, b: weight, out, ...(residual && { residual }) });
  }

  /** dW [O, C] += dyᵀ · x (f32), and dx [N, C] = dy · W. */
  linearBackward(
    program: Program,
    { dy, x, weight, dweight, dx }: Record<'dy' | 'x' | 'weight' | 'dweight' | 'dx', Tensor>,
    { N, C, O }: LinearDims,
  ): void {
    const { storage: from } = this;
    const size = { M: O, N: C, K: N };
    const slices = this.kernels.slicesOfK(size, SLICES_ROOM);
    if (slices === 1) {
      const gradient = { layout: 'tn', epilogue: 'accumulate', from, into: 'f32' } as const;
      this.#matmul(program, gradient, size, { a: dy, b: x, out: dweight });
    } else {
      this.#slices ??= this.tensor('slices of a gradient', SLICES_ROOM);
      const partial = { ...this.#slices, elements: slices * O * C };
      const part = { layout: 'tn', epilogue: 'write', from, into: 'f32' } as const;
      this.#matmul(program, part, { ...size, Z: slices, K: N / slices }, { a: dy, b: x, out: partial });
      program.add(this.kernels.sumSlices, { P: slices, C: O * C }, { partial, dweight });
    }
    const back = { layout: 'nn', epilogue: 'write', from, into: from } as const;
    this.#matmul(program, back, { M: N, N: C, K: O }, { a: dy, b: weight, out: dx });
  }

  /** Z products at once, in one storage: out = beta·residual + alpha·AB, or AB alone. */
  product(
    program: Program,
    layout: MatmulLayout,
    dims: MatmulDims,
    tensors: Readonly<Record<'a' | 'b' | 'out', Tensor>>,
    blend?: { readonly residual: Tensor; readonly alpha: number; readonly beta: number },
  ): void {
    const storage = tensors.a.elementBytes === 2 ? 'f16' : 'f32';
    const problem = { layout, epilogue: blend ? 'blend' : 'write', from: storage, into: storage } as const;
    const { residual, ...factors } = blend ?? {};
    this.#matmul(program, problem, { ...dims, ...factors }, { ...tensors, ...(residual && { residual }) });
  }

  #matmul(
    program: Program,
    problem: MatmulProblem,
    dims: MatmulDims & Dims,
    tensors: Readonly<Record<string, Tensor>>,
  ): void {
    program.add(this.kernels.matmul(problem, dims), { Z: 1, ...dims }, tensors);
  }

  release(): void {
    for (const { buffer } of this.#own) this.gpu.release(buffer);
    this.#own.length = 0;
  }
}
