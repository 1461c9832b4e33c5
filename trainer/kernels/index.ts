/** Every kernel in every variant that any adapter may get: what the generic test walks and `vua check` proves. */
import { attention } from './attention.ts';
import { attentionDecode } from './attention-decode.ts';
import { crossEntropy } from './cross-entropy.ts';
import { embeddingBackward, embeddingForward } from './embedding.ts';
import type { Kernel } from './kernel.ts';
import { type MatmulEpilogue, type MatmulLayout, type MatmulVariant, matmul } from './matmul.ts';
import { type MatvecVariant, matvec } from './matvec.ts';
import { muonMomentum, muonNormalise, muonScale, muonUpdate } from './muon.ts';
import { adamw, gradNorm, gradNormPartial } from './optimizer.ts';
import { rmsnormBackward, rmsnormBackwardAccumulate, rmsnormBackwardWeight, rmsnormForward } from './rmsnorm.ts';
import { rotaryBackward, rotaryForward } from './rotary.ts';
import { swigluBackward, swigluForward } from './swiglu.ts';

/** The shape of work that suits an adapter. */
export interface KernelChoice {
  readonly matmul: Pick<MatmulVariant, 'lanes' | 'rows' | 'vectors'>;
  /** Lanes that share one row of logits. */
  readonly crossEntropyLanes: number;
}

/**
 * SwiftShader (subgroups of 4): 8 rows × two vec4 a lane, 8 lanes. Other CPU drivers want one vec4 a lane.
 * GPUs get wide workgroups. Measured choice per adapter and shape belongs to the autotuner.
 */
export function chooseKernels(kind: 'gpu' | 'software' | 'embedded'): KernelChoice {
  if (kind === 'embedded') return { matmul: { lanes: 8, rows: 8, vectors: 2 }, crossEntropyLanes: 4 };
  if (kind === 'software') return { matmul: { lanes: 8, rows: 8, vectors: 1 }, crossEntropyLanes: 8 };
  return { matmul: { lanes: 32, rows: 4, vectors: 1 }, crossEntropyLanes: 128 };
}

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

const LAYOUTS: readonly MatmulLayout[] = ['nn', 'nt', 'tn'];
const EPILOGUES: readonly MatmulEpilogue[] = ['write', 'add', 'accumulate', 'blend'];

export function allKernels(): Kernel[] {
  const choices = (['embedded', 'software', 'gpu'] as const).map(chooseKernels);
  return [
    embeddingForward,
    embeddingBackward,
    rmsnormForward,
    rmsnormBackward,
    rmsnormBackwardAccumulate,
    rmsnormBackwardWeight,
    rotaryForward,
    rotaryBackward,
    ...HEAD_SIZES.flatMap((headSize) => Object.values(attention(headSize))),
    ...[DECODE_CPU, DECODE_GPU].flatMap((variant) => [
      ...HEAD_SIZES.map((headSize) => attentionDecode(headSize, variant.attentionLanes)),
      matvec({ ...variant.matvec, epilogue: 'write' }),
      matvec({ ...variant.matvec, epilogue: 'add' }),
    ]),
    swigluForward,
    swigluBackward,
    ...choices.flatMap(({ crossEntropyLanes }) => Object.values(crossEntropy(crossEntropyLanes))),
    ...choices.flatMap((choice) =>
      LAYOUTS.flatMap((layout) => EPILOGUES.map((epilogue) => matmul({ ...choice.matmul, layout, epilogue }))),
    ),
    gradNormPartial,
    gradNorm,
    adamw,
    muonMomentum,
    muonScale,
    muonNormalise,
    muonUpdate,
  ];
}
