/**
 * What forward and backward share: the kernels chosen for the adapter, and one way to add each op to a program.
 * Dimensions as llm.c: B, T, N = B·T, C, V, L, NH, HS.
 */
import type { Arena } from './arena.ts';
import type { Gpu } from './device.ts';
import { chooseKernels } from './kernels/index.ts';
import { type MatmulEpilogue, type MatmulLayout, matmul } from './kernels/matmul.ts';
import type { ModelConfig } from './model.ts';
import { type Program, type Tensor, tensor } from './program.ts';

export class Network {
  readonly gpu: Gpu;
  readonly config: ModelConfig;
  readonly arena: Arena;
  readonly crossEntropyLanes: number;
  readonly #matmul: ReturnType<typeof chooseKernels>['matmul'];
  readonly #own: Tensor[] = [];

  constructor(gpu: Gpu, config: ModelConfig, arena: Arena) {
    this.gpu = gpu;
    this.config = config;
    this.arena = arena;
    const choice = chooseKernels(gpu.facts.kind);
    this.#matmul = choice.matmul;
    this.crossEntropyLanes = choice.crossEntropyLanes;
  }

  /** A buffer that is released with the network. */
  tensor(name: string, elements: number): Tensor {
    const made = tensor(this.gpu, name, elements);
    this.#own.push(made);
    return made;
  }

  /** y [N, O] = x [N, C] · Wᵀ (+ residual). */
  linear(
    program: Program,
    x: Tensor,
    weight: Tensor,
    out: Tensor,
    { N, C, O }: { N: number; C: number; O: number },
    residual?: Tensor,
  ): void {
    const epilogue = residual ? 'add' : 'write';
    program.add(
      this.#kernel('nt', epilogue),
      { M: N, N: O, K: C },
      { a: x, b: weight, out, ...(residual && { residual }) },
    );
  }

  /** dW [O, C] += dyᵀ · x, and dx [N, C] = (or +=) dy · W. */
  linearBackward(
    program: Program,
    { dy, x, weight, dweight, dx }: Record<'dy' | 'x' | 'weight' | 'dweight' | 'dx', Tensor>,
    { N, C, O }: { N: number; C: number; O: number },
    epilogue: 'write' | 'accumulate' = 'write',
  ): void {
    program.add(this.#kernel('tn', 'accumulate'), { M: O, N: C, K: N }, { a: dy, b: x, out: dweight });
    program.add(this.#kernel('nn', epilogue), { M: N, N: C, K: O }, { a: dy, b: weight, out: dx });
  }

  /** out = beta·residual + alpha·AB, or AB alone. */
  product(
    program: Program,
    layout: MatmulLayout,
    dims: { readonly M: number; readonly N: number; readonly K: number },
    tensors: Readonly<Record<'a' | 'b' | 'out', Tensor>>,
    blend?: { readonly residual: Tensor; readonly alpha: number; readonly beta: number },
  ): void {
    if (blend) {
      const { residual, ...factors } = blend;
      program.add(this.#kernel(layout, 'blend'), { ...dims, ...factors }, { ...tensors, residual });
    } else program.add(this.#kernel(layout, 'write'), dims, tensors);
  }

  #kernel(layout: MatmulLayout, epilogue: MatmulEpilogue) {
    return matmul({ ...this.#matmul, layout, epilogue });
  }

  release(): void {
    for (const { buffer } of this.#own) this.gpu.release(buffer);
    this.#own.length = 0;
  }
}
