/** The kernels of a network for one adapter and storage; and all of them, which the generic test and `vua check` walk. */

import type { Kernel, Storage } from '../gpu/kernel.ts';
import { type AttentionTile, attention } from './attention.ts';
import { attentionDecode } from './attention-decode.ts';
import { rowsKeep, rowsSeen } from './attention-rows.ts';
import { castHalf } from './cast.ts';
import {
  attentionTile,
  chooseKernels,
  KERNEL_CHOICES,
  type KernelChoice,
  matmulTile,
  PLAIN,
  slicesOfK,
} from './choice.ts';
import { crossEntropy } from './cross-entropy.ts';
import { embeddingBackward, embeddingForward, valueEmbeddingBackward, valueEmbeddingForward } from './embedding.ts';
import { HEAD_SIZES } from './head-sizes.ts';
import { heads } from './heads.ts';
import { gradNorm, gradNormPage, gradNormPartial, lossTotal, lossWeights } from './loss-scale.ts';
import { exactMatmul, isExact, type MatmulTile, matmul } from './matmul.ts';
import type { MatmulDims, MatmulProblem } from './matmul-problem.ts';
import type { SubgroupTile } from './matmul-subgroup.ts';
import { type MatvecVariant, matvec } from './matvec.ts';
import { relu2, swiglu } from './mlp.ts';
import { muonMomentum, muonNormalise, muonScale, muonSquares, muonUpdate } from './muon.ts';
import { adamw, average, type DecayKind, swapAverage } from './optimizer.ts';
import { peakCopy, peakFma } from './peak.ts';
import {
  residualMixBackward,
  residualMixBackwardPart,
  residualMixBackwardSum,
  residualMixForward,
} from './residual-mix.ts';
import { type RmsnormKernels, rmsnorm, sumSlices } from './rmsnorm.ts';

const MATMUL_SUM_SLICES = sumSlices('matmul_sum_slices', 1, undefined);

/** For one token at a time (decode.ts): lanes per head, and the shape of a matrix product with one row. */
export interface DecodeVariant {
  readonly attentionLanes: number;
  /** Of positions that walk over a table of rows together (attention-rows.ts), and rows of a step. */
  readonly rows: (headSize: number) => readonly [lanes: number, block: number];
  readonly matvec: Omit<MatvecVariant, 'epilogue'>;
}
const DECODE_CPU: DecodeVariant = {
  attentionLanes: 4,
  rows: (headSize) => [8, headSize > 32 ? 1 : 4],
  matvec: { teams: 4, lanes: 1, rows: 8 },
};
const DECODE_GPU: DecodeVariant = { attentionLanes: 32, rows: () => [32, 1], matvec: { teams: 4, lanes: 32, rows: 2 } };
export const decodeVariant = (kind: 'gpu' | 'software' | 'embedded'): DecodeVariant =>
  kind === 'gpu' ? DECODE_GPU : DECODE_CPU;

/** A kernel's text is made once a network: a step has hundreds of dispatches of a few kernels. */
function once<Key, Made>(make: (key: Key) => Made): (key: Key) => Made {
  const known = new Map<string, Made>();
  return (key) => {
    const name = JSON.stringify(key);
    if (!known.has(name)) known.set(name, make(key));
    return known.get(name)!;
  };
}

/** One workgroup alone: as many lanes as WebGPU guarantees. */
const MOST_LANES = 256;

const product = once(([problem, tile, exact]: readonly [MatmulProblem, MatmulTile, boolean]) =>
  exact ? exactMatmul(problem, tile as SubgroupTile) : matmul(problem, tile),
);

/** What a network of one storage runs, by role; matmuls and attention are made as they are asked for. */
export function kernelSet(choice: KernelChoice, storage: Storage) {
  return {
    embedding: { forward: embeddingForward(storage), backward: embeddingBackward(storage) },
    valueEmbedding: { forward: valueEmbeddingForward(storage), backward: valueEmbeddingBackward(storage) },
    normLanes: choice.normLanes,
    rmsnorm: rmsnorm(storage, choice.normLanes),
    heads: once((normed: boolean) => heads(storage, normed, choice.normLanes)),
    attention: once((headSize: number) => attention(headSize, storage, attentionTile(choice, storage, headSize))),
    swiglu: swiglu(storage),
    relu2: relu2(storage),
    crossEntropy: once((softcap: boolean) => crossEntropy(storage, choice.lossLanes, softcap)),
    residualMix: {
      forward: residualMixForward,
      backward: residualMixBackward('write', storage),
      backwardAccumulate: residualMixBackward('accumulate', storage),
      part: residualMixBackwardPart(choice.normLanes),
      sum: residualMixBackwardSum,
    },
    adamw: once((kind: DecayKind) => adamw(storage, kind)),
    gradNormPartial: gradNormPartial(choice.normLanes),
    gradNormPage: gradNormPage(choice.normLanes),
    lossTotal: lossTotal(choice.normLanes === 1 ? 64 : MOST_LANES),
    muonSquares: muonSquares(choice.normLanes),
    muonScale: muonScale(choice.normLanes),
    muonNormalise: muonNormalise(storage),
    muonUpdate: once((kind: DecayKind) => muonUpdate(storage, kind)),
    sumSlices: MATMUL_SUM_SLICES,
    slicesOfK: (dims: MatmulDims, room: number) => slicesOfK(choice, storage, dims, room),
    matmul(problem: MatmulProblem, dims: MatmulDims) {
      const tile = matmulTile(choice, problem.layout, problem.from, dims);
      return product([problem, tile, isExact(tile, dims)]);
    },
  };
}
export type KernelSet = ReturnType<typeof kernelSet>;

/** The products of a network in one storage, Newton–Schulz's included; `plain`: one of each layout. */
export const matmulProblems = (from: Storage, plain = false): MatmulProblem[] => [
  { layout: 'nn', epilogue: 'write', from, into: from },
  { layout: 'nt', epilogue: 'write', from, into: from },
  { layout: 'tn', epilogue: 'write', from, into: from },
  ...(plain
    ? []
    : ([
        { layout: 'nn', epilogue: 'blend', from, into: from },
        { layout: 'nt', epilogue: 'add', from, into: 'f32' },
        { layout: 'tn', epilogue: 'accumulate', from, into: 'f32' },
        { layout: 'tn', epilogue: 'write', from, into: 'f32' },
      ] as const)),
];

/** Small tiles for what takes long to compile or is a GPU's: several blocks a side, as in the larger ones. */
const SMALL_TILES: readonly MatmulTile[] = [
  { kind: 'lanes', lanes: 4, rows: 4, vectors: 1, ahead: 2 },
  { kind: 'broadcast', lanes: 4, rows: 8, vectors: 1, ahead: 2 },
  { kind: 'broadcast', lanes: 8, rows: 8, vectors: 1, ahead: 2 },
  { kind: 'tiles', m: 16, n: 32, k: 8, rows: 8, columns: 8 },
  { kind: 'tiles', m: 32, n: 16, k: 16, rows: 4, columns: 4 },
  { kind: 'subgroup', m: 16, n: 32, k: 16, down: 1, across: 2, M: 8, N: 8, K: 8, lanes: 8, size: 'only' },
];

const SMALL_ATTENTIONS: readonly AttentionTile[] = [
  { kind: 'lanes', lanes: 16, block: 2, staged: true },
  { kind: 'broadcast', lanes: 8, block: 4, staged: false },
  { kind: 'subgroup', down: 2, across: 16, M: 8, N: 8, K: 8, lanes: 8, size: 'asked' },
  { kind: 'subgroup', down: 1, across: 16, M: 8, N: 8, K: 8, lanes: 16, blocks: 2 },
];

/**
 * Every kernel of some storage, in every family: what any adapter's tests run. Large tiles are the same text with other
 * numbers and take CPU drivers long to compile; those of GPUs are checked where there is one (`vua check`).
 */
export function allKernels(storage: Storage): Kernel[] {
  const choices = KERNEL_CHOICES.map(chooseKernels);
  const tiles = choices
    .flatMap(({ matmul }) => Object.values(matmul))
    .filter((tile): boolean => 'vectors' in tile)
    .concat(PLAIN);
  const attentions = [
    ...(['embedded', 'software'] as const).flatMap((name) =>
      HEAD_SIZES.map((size) => [size, attentionTile(chooseKernels(name), storage, size)] as const),
    ),
    ...choices
      .map((choice) => attentionTile(choice, storage, 16))
      .filter((tile) => tile.kind !== 'subgroup' && !tile.staged)
      .concat(SMALL_ATTENTIONS.filter(({ kind }) => storage === 'f16' || kind !== 'subgroup'))
      .map((tile) => [16, tile] as const),
  ];
  const kernels = [
    ...choices.flatMap((choice): Kernel[] => {
      const set = kernelSet(choice, storage);
      return [
        ...normKernels(set.rmsnorm),
        set.gradNormPartial,
        set.gradNormPage,
        set.lossTotal,
        set.muonSquares,
        set.muonScale,
        set.residualMix.part,
        ...[true, false].flatMap((normed) => {
          const { forward, backward, backwardWeights } = set.heads(normed);
          return [forward, backward, ...backwardWeights.flatMap(({ part, sum }) => [...(part ? [part] : []), sum])];
        }),
        ...[false, true].flatMap((softcap) => Object.values(set.crossEntropy(softcap))),
      ];
    }),
    ...SMALL_TILES.flatMap((tile, i) => matmulProblems(storage, i % 2 === 0).map((problem) => matmul(problem, tile))),
    ...SMALL_TILES.flatMap((tile) =>
      tile.kind === 'subgroup' && storage === 'f16'
        ? matmulProblems(storage).map((problem) => exactMatmul(problem, tile))
        : [],
    ),
    ...tiles.flatMap((tile, i) => matmulProblems(storage, i > 0).map((problem) => matmul(problem, tile))),
    ...attentions.flatMap(([size, tile]) => Object.values(attention(size, storage, tile))),
    ...otherKernels(storage),
  ];
  return oncePerName(kernels);
}

/** The gradient of a weight is summed behind all that leave slices of it. */
function normKernels({ backwardWhole, backwardWeightSum, ...others }: RmsnormKernels): Kernel[] {
  const whole = (['write', 'accumulate'] as const).flatMap((mode) => (backwardWhole ? [backwardWhole(mode, 64)] : []));
  return [...Object.values(others), ...whole, backwardWeightSum];
}

/** Kernels of one name are the same code. */
export const oncePerName = (kernels: readonly Kernel[]): Kernel[] => [
  ...new Map(kernels.map((kernel) => [kernel.name, kernel])).values(),
];

const DECAY_KINDS: readonly DecayKind[] = [{}, { cautious: true }, { cautious: true, scheduled: true }];

/** Those without variants. */
function otherKernels(storage: Storage): Kernel[] {
  const set = kernelSet(chooseKernels('naive'), storage);
  return [
    ...Object.values(set.embedding),
    ...Object.values(set.valueEmbedding),
    ...Object.values(set.swiglu),
    ...Object.values(set.relu2),
    ...Object.values(set.residualMix),
    MATMUL_SUM_SLICES,
    ...decodeKernels(),
    rowsKeep,
    gradNorm,
    peakFma,
    peakCopy,
    lossWeights,
    ...DECAY_KINDS.map(set.adamw),
    average,
    swapAverage,
    muonMomentum,
    set.muonNormalise,
    ...DECAY_KINDS.map(set.muonUpdate),
    ...(storage === 'f16' ? [castHalf] : []),
  ];
}

const decodeKernels = (): Kernel[] =>
  [DECODE_CPU, DECODE_GPU].flatMap((variant) => [
    ...HEAD_SIZES.map((headSize) => attentionDecode(headSize, variant.attentionLanes)),
    ...HEAD_SIZES.map((headSize) => rowsSeen(headSize, ...variant.rows(headSize))),
    matvec({ ...variant.matvec, epilogue: 'write' }),
    matvec({ ...variant.matvec, epilogue: 'add' }),
  ]);
