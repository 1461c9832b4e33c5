/**
 * What a training run would need, before it is started: tokens, epochs over the data at hand, arithmetic, time, memory.
 *
 *   tokens   20 for each parameter (Hoffmann et al. 2022) unless said otherwise
 *   data     U tokens seen E times are worth U + U·R·(1 − exp(−(E − 1)/R)) fresh ones, R = 15.39 (Muennighoff et al.
 *            2023, eq. 5): four epochs nearly as good as fresh text, and however long the run, no more than 16.4 U
 *   size     parameters beyond those that U fresh tokens are best spent on (U/20) lose their worth in the same way, faster
 *            (their second term, R = 5.31): a larger model learns little more from the same text
 *   time     FLOPs (gpu/cards.ts) over devices · peak · the share of it that training reaches
 *   memory   what the trainer would allocate (memory.ts), with Muon and without recomputation; of sizes that are trained
 *            elsewhere 16 bytes a parameter, sharded over the devices
 */
import { badInput } from '../../crawlers/shell/errors.ts';
import { CARDS } from '../gpu/cards.ts';
import type { AdapterFacts } from '../gpu/device.ts';
import type { Storage } from '../gpu/kernel.ts';
import { type ModelConfig, modelConfig, parameterCount } from '../model/config.ts';
import { flopsPerToken, TOKENS_PER_PARAMETER } from './flops.ts';
import { memoryNeed } from './memory.ts';
import { OPTIMIZER } from './recipe-options.ts';
import type { Preset } from './sizes.ts';

/** Half-life-like constant of repeated data; and the epochs up to which repeating costs next to nothing. */
const REPEAT = 15.387756;
/** The same of parameters in excess. */
const EXCESS = 5.309743;
export const GOOD_EPOCHS = 4;
/** Beyond so many there is nothing left to learn: their runs of more epochs gained nothing and began to lose. */
export const WORTHLESS_EPOCHS = 40;

/**
 * Bytes of a parameter with AdamW in mixed precision: weight and gradient in bf16, weight and two moments in f32
 * (Rajbhandari et al. 2020, §3.1). Where all is sharded a device has its part; activations are not counted.
 */
const SHARDED_BYTES = 16;

export interface Device {
  readonly name: string;
  readonly count: number;
  /** TFLOP/s of one. */
  readonly peak: number;
  /** GB of one; unknown for a device of the user's own. */
  readonly memoryGb?: number;
  /** `peak` is what training steps reached here: `utilisation` does not lower it. */
  readonly isMeasured?: boolean;
}

/** Stands for the adapter at hand among devices. */
export const THIS = 'this';

/**
 * `h100`, `8xh100`, or `mine=12.5` and `2xmine=12.5` with a peak in TFLOP/s.
 * @throws ToolkitError BAD_OPTION (exit 2) naming the known devices.
 */
export function parseDevice(text: string, precision: 'f32' | 'f16'): Device {
  const match = /^(?:(\d+)x)?([a-z][a-z0-9-]*)(?:=(\d+(?:\.\d+)?))?$/i.exec(text);
  const known = CARDS.find(({ name }) => name === match?.[2].toLowerCase());
  const peak = match?.[3] === undefined ? known?.[precision] : Number(match[3]);
  if (!match || !peak || Number(match[1] ?? 1) === 0) {
    throw badInput(
      'BAD_OPTION',
      `--device ${text}: expected NAME, COUNTxNAME, NAME=TFLOPS or ${THIS}`,
      `known names: ${CARDS.map(({ name }) => name).join(', ')}`,
    );
  }
  return { name: match[2], count: Number(match[1] ?? 1), peak, memoryGb: known?.memoryGb };
}

/** Fresh tokens that `tokens` tokens of training on `unique` ones are worth. */
export function effectiveTokens(unique: number, tokens: number): number {
  return worthOf(unique, tokens, REPEAT);
}

/** Parameters that a model is worth where there are so many distinct tokens: those that it has, where they are enough. */
export function effectiveParameters(unique: number, parameters: number): number {
  return worthOf(unique / TOKENS_PER_PARAMETER, parameters, EXCESS);
}

/** The first `fresh` count whole, those beyond less and less. */
function worthOf(fresh: number, all: number, decay: number): number {
  if (all <= fresh) return all;
  return fresh + fresh * decay * (1 - Math.exp(-(all / fresh - 1) / decay));
}

export interface PlanOptions {
  readonly preset: Preset;
  /** Training tokens; 0: TOKENS_PER_PARAMETER for each parameter. */
  readonly tokens: number;
  /** Distinct training tokens at hand; none: as many as needed. */
  readonly uniqueTokens?: number;
  /** Rows of a step on one device. */
  readonly rows: number;
  readonly storage: Storage;
  readonly devices: readonly Device[];
  /** Share of the peak that training reaches. */
  readonly utilisation: number;
  /** Weights, gradients and moments are dealt over the devices: another engine trains. */
  readonly sharded?: boolean;
}

export interface Plan {
  readonly config: ModelConfig;
  readonly parameters: number;
  readonly tokens: number;
  readonly steps: number;
  readonly epochs?: number;
  /** What the tokens are worth in fresh ones. */
  readonly effectiveTokens: number;
  /** What the parameters are worth for the data at hand. */
  readonly effectiveParameters: number;
  /** Tokens for which the data at hand is good: four epochs. */
  readonly dataCeiling?: number;
  readonly flops: number;
  readonly memoryBytes: number;
  /** `memoryBytes` is of all devices together. */
  readonly sharded: boolean;
  readonly devices: readonly { readonly device: Device; readonly seconds: number; readonly fits?: boolean }[];
}

export function planOf(options: PlanOptions): Plan {
  const { preset, tokens: wanted, uniqueTokens, rows, storage, devices, utilisation } = options;
  const config = modelConfig(preset);
  const parameters = parameterCount(config);
  const tokens = wanted || TOKENS_PER_PARAMETER * parameters;
  const flops = flopsPerToken(config) * tokens;
  const memory = options.sharded
    ? SHARDED_BYTES * parameters
    : memoryNeed(ANY_GPU, config, { rows, optimizer: OPTIMIZER, storage }).bytes;
  return {
    config,
    parameters,
    tokens,
    steps: Math.ceil(tokens / (rows * config.context)),
    ...(uniqueTokens && { epochs: tokens / uniqueTokens, dataCeiling: GOOD_EPOCHS * uniqueTokens }),
    effectiveTokens: uniqueTokens ? effectiveTokens(uniqueTokens, tokens) : tokens,
    effectiveParameters: uniqueTokens ? effectiveParameters(uniqueTokens, parameters) : parameters,
    flops,
    memoryBytes: memory,
    sharded: options.sharded ?? false,
    devices: devices.map((device) => ({
      device,
      seconds: flops / (device.count * device.peak * 1e12 * (device.isMeasured ? 1 : utilisation)),
      ...(device.memoryGb && { fits: memory / (options.sharded ? device.count : 1) < device.memoryGb * 1e9 }),
    })),
  };
}

/** What is planned for is not at hand: the limits that GPUs have. */
const ANY_GPU: AdapterFacts = {
  ...{ name: 'any', vendor: '', architecture: '', kind: 'gpu', reason: '', subgroupMinSize: 32, subgroupMaxSize: 32 },
  features: ['shader-f16'],
  matrixConfigs: [],
  limits: { maxBufferSize: 2 ** 40, maxStorageBufferBindingSize: 2 ** 31 - 4 },
};
