/**
 * What forward and backward share: the kernels chosen for the adapter, storage, and one way to add each op to a program.
 * Dimensions as llm.c: B, T, N = B·T, C, V, L, NH, HS.
 *
 * Storage: weights and activations are f32, or in mixed precision f16; the residual stream, its gradient, norms' weights,
 * sums and everything of the optimizer are always f32.
 */
import type { Arena } from './arena.ts';
import type { Gpu } from './device.ts';
import { chooseKernels, type KernelChoice, type KernelSet, kernelSet } from './kernels/index.ts';
import type { Storage } from './kernels/kernel.ts';
import type { MatmulLayout } from './kernels/matmul.ts';
import type { ModelConfig } from './model.ts';
import { type Program, type Tensor, tensor } from './program.ts';

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
  readonly #own: Tensor[] = [];

  constructor(gpu: Gpu, config: ModelConfig, arena: Arena, choice: KernelChoice = chooseKernels(gpu.facts.kind)) {
    this.gpu = gpu;
    this.config = config;
    this.arena = arena;
    this.storage = arena.whole.half ? 'f16' : 'f32';
    this.kernels = kernelSet(choice, this.storage);
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
    const kernel = residual
      ? this.kernels.matmul('nt', 'add', this.storage, 'f32')
      : this.kernels.matmul('nt', 'write', this.storage, this.storage);
    program.add(kernel, { M: N, N: O, K: C }, { a: x, b: weight, out, ...(residual && { residual }) });
  }

  /** dW [O, C] += dyᵀ · x (f32), and dx [N, C] = dy · W. */
  linearBackward(
    program: Program,
    { dy, x, weight, dweight, dx }: Record<'dy' | 'x' | 'weight' | 'dweight' | 'dx', Tensor>,
    { N, C, O }: LinearDims,
  ): void {
    const { matmul } = this.kernels;
    program.add(matmul('tn', 'accumulate', this.storage, 'f32'), { M: O, N: C, K: N }, { a: dy, b: x, out: dweight });
    program.add(matmul('nn', 'write', this.storage, this.storage), { M: N, N: C, K: O }, { a: dy, b: weight, out: dx });
  }

  /** f32: out = beta·residual + alpha·AB, or AB alone. */
  product(
    program: Program,
    layout: MatmulLayout,
    dims: { readonly M: number; readonly N: number; readonly K: number },
    tensors: Readonly<Record<'a' | 'b' | 'out', Tensor>>,
    blend?: { readonly residual: Tensor; readonly alpha: number; readonly beta: number },
  ): void {
    const kernel = this.kernels.matmul(layout, blend ? 'blend' : 'write', 'f32', 'f32');
    if (blend) {
      const { residual, ...factors } = blend;
      program.add(kernel, { ...dims, ...factors }, { ...tensors, residual });
    } else program.add(kernel, dims, tensors);
  }

  release(): void {
    for (const { buffer } of this.#own) this.gpu.release(buffer);
    this.#own.length = 0;
  }
}
