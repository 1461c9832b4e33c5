/** The kernels of a network for one adapter and storage; and all of them, which the generic test and `vua check` walk. */
import { attention } from './attention.ts';
import { attentionDecode } from './attention-decode.ts';
import { castHalf } from './cast.ts';
import { crossEntropy } from './cross-entropy.ts';
import { embeddingBackward, embeddingForward, valueEmbeddingBackward, valueEmbeddingForward } from './embedding.ts';
import { heads } from './heads.ts';
import type { Kernel, Storage } from './kernel.ts';
import { type MatmulEpilogue, type MatmulLayout, type MatmulVariant, matmul } from './matmul.ts';
import { type MatvecVariant, matvec } from './matvec.ts';
import { relu2, swiglu } from './mlp.ts';
import { muonMomentum, muonNormalise, muonScale, muonUpdate } from './muon.ts';
import { adamw, gradNorm, gradNormPartial, lossTotal, lossWeights } from './optimizer.ts';
import {
  residualMixBackward,
  residualMixBackwardPart,
  residualMixBackwardSum,
  residualMixForward,
} from './residual-mix.ts';
import { rmsnorm } from './rmsnorm.ts';

/** The shape of work that suits an adapter. */
export interface KernelChoice {
  readonly matmul: Pick<MatmulVariant, 'lanes' | 'rows' | 'vectors'>;
  /** Lanes that share one row of the residual stream in a norm. */
  readonly normLanes: number;
  /** Lanes that share one row of logits. */
  readonly lossLanes: number;
}

export const KERNEL_CHOICES = ['embedded', 'software', 'gpu', 'naive'] as const;
export type KernelChoiceName = (typeof KERNEL_CHOICES)[number];

/**
 * SwiftShader (subgroups of 4): 8 rows × two vec4 a lane, 8 lanes. Other CPU drivers want one vec4 a lane. GPUs get wide
 * workgroups. `naive` is the plainest form of everything, to hold the others against.
 */
const CHOICES: Readonly<Record<KernelChoiceName, KernelChoice>> = {
  embedded: { matmul: { lanes: 8, rows: 8, vectors: 2 }, normLanes: 1, lossLanes: 4 },
  software: { matmul: { lanes: 8, rows: 8, vectors: 1 }, normLanes: 1, lossLanes: 8 },
  gpu: { matmul: { lanes: 32, rows: 4, vectors: 1 }, normLanes: 64, lossLanes: 128 },
  naive: { matmul: { lanes: 1, rows: 4, vectors: 1 }, normLanes: 1, lossLanes: 1 },
};
export const chooseKernels = (name: KernelChoiceName): KernelChoice => CHOICES[name];

/** For one token at a time (decode.ts): lanes per head, and the shape of a matrix product with one row. */
export interface DecodeVariant {
  readonly attentionLanes: number;
  readonly matvec: Omit<MatvecVariant, 'epilogue'>;
}
const DECODE_CPU: DecodeVariant = { attentionLanes: 4, matvec: { teams: 4, lanes: 1, rows: 8 } };
const DECODE_GPU: DecodeVariant = { attentionLanes: 32, matvec: { teams: 4, lanes: 32, rows: 2 } };
export const decodeVariant = (kind: 'gpu' | 'software' | 'embedded'): DecodeVariant =>
  kind === 'gpu' ? DECODE_GPU : DECODE_CPU;

/** Head sizes that a model may have: a head lives in registers. */
export const HEAD_SIZES: readonly number[] = [16, 32, 64];

/** What a network of one storage runs, by role; matmuls are made as they are asked for. */
export function kernelSet(choice: KernelChoice, storage: Storage) {
  return {
    embedding: { forward: embeddingForward(storage), backward: embeddingBackward(storage) },
    valueEmbedding: { forward: valueEmbeddingForward(storage), backward: valueEmbeddingBackward(storage) },
    rmsnorm: rmsnorm(storage, choice.normLanes),
    heads: (normed: boolean) => heads(storage, normed),
    attention: (headSize: number) => attention(headSize, storage),
    swiglu: swiglu(storage),
    relu2: relu2(storage),
    crossEntropy: (softcap: boolean) => crossEntropy(storage, choice.lossLanes, softcap),
    residualMix: {
      forward: residualMixForward,
      backward: residualMixBackward('write', storage),
      backwardAccumulate: residualMixBackward('accumulate', storage),
      part: residualMixBackwardPart,
      sum: residualMixBackwardSum,
    },
    adamw: adamw(storage),
    muonUpdate: muonUpdate(storage),
    matmul: (layout: MatmulLayout, epilogue: MatmulEpilogue, from: Storage, into: Storage) =>
      matmul({ ...choice.matmul, layout, epilogue, from, into }),
  };
}
export type KernelSet = ReturnType<typeof kernelSet>;

const LAYOUTS: readonly MatmulLayout[] = ['nn', 'nt', 'tn'];
const EPILOGUES: readonly MatmulEpilogue[] = ['write', 'add', 'accumulate', 'blend'];

/** Every kernel of some storage in every variant that any adapter may get. */
export function allKernels(storage: Storage): Kernel[] {
  const kernels = KERNEL_CHOICES.flatMap((name): Kernel[] => {
    const set = kernelSet(chooseKernels(name), storage);
    const { residualMix } = set;
    return [
      ...Object.values(set.embedding),
      ...Object.values(set.valueEmbedding),
      ...Object.values(set.rmsnorm),
      ...[true, false].flatMap((normed) => {
        const { forward, backward, backwardWeights } = set.heads(normed);
        return [forward, backward, ...backwardWeights.flatMap(({ part, sum }) => [part, sum])];
      }),
      ...HEAD_SIZES.flatMap((headSize) => Object.values(set.attention(headSize))),
      ...Object.values(set.swiglu),
      ...Object.values(set.relu2),
      ...[false, true].flatMap((softcap) => Object.values(set.crossEntropy(softcap))),
      ...Object.values(residualMix),
      ...LAYOUTS.flatMap((layout) =>
        EPILOGUES.flatMap((epilogue) =>
          [...new Set<Storage>([storage, 'f32'])].map((into) => set.matmul(layout, epilogue, storage, into)),
        ),
      ),
      ...decodeKernels(),
      gradNormPartial,
      gradNorm,
      lossTotal,
      lossWeights,
      set.adamw,
      muonMomentum,
      muonScale,
      muonNormalise(storage),
      set.muonUpdate,
      ...(storage === 'f16' ? [castHalf] : []),
    ];
  });
  return [...new Map(kernels.map((kernel) => [kernel.name, kernel])).values()];
}

const decodeKernels = (): Kernel[] =>
  [DECODE_CPU, DECODE_GPU].flatMap((variant) => [
    ...HEAD_SIZES.map((headSize) => attentionDecode(headSize, variant.attentionLanes)),
    matvec({ ...variant.matvec, epilogue: 'write' }),
    matvec({ ...variant.matvec, epilogue: 'add' }),
  ]);
