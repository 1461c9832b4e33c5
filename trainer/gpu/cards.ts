/**
 * GPUs by name, from the vendors' data sheets (NVIDIA: without sparsity, boost clock): for planning, for the memory and
 * the multiprocessors that WebGPU does not tell, and for a step that is only predicted (`vua bench --dry`).
 */
import { badInput } from '../../crawlers/shell/errors.ts';
import type { AdapterFacts, MatrixConfig } from './device.ts';

export interface Card {
  /** As an adapter's name has it. */
  readonly match: RegExp;
  readonly name: string;
  /** TFLOP/s, dense: plain f32, and f16 products with f32 sums on matrix units. */
  readonly f32: number;
  readonly f16: number;
  /** Apple: the smallest that is sold, shared with the system. */
  readonly memoryGb: number;
  readonly gigabytesPerSecond: number;
  /** Streaming multiprocessors, or GPU cores. */
  readonly multiprocessors: number;
}

const card = (
  match: RegExp,
  name: string,
  [f32, f16]: readonly [number, number],
  [memoryGb, gigabytesPerSecond]: readonly [number, number],
  multiprocessors: number,
): Card => ({ match, name, f32, f16, memoryGb, gigabytesPerSecond, multiprocessors });

/**
 * Whole names, as adapters and drivers have them behind the vendor's: a Laptop, Ti, SUPER, D or NVL is another card with
 * other peaks, and unknown where it has no row.
 */
export const CARDS: readonly Card[] = [
  card(/\bH200$/i, 'h200', [67, 989], [141, 4800], 132),
  card(/\bH200 NVL$/i, 'h200-nvl', [60, 835], [141, 4800], 132),
  card(/\bH100 PCIe$/i, 'h100-pcie', [51, 756], [80, 2000], 114),
  card(/\bH100 NVL$/i, 'h100-nvl', [60, 835], [94, 3900], 132),
  card(/\bH100(?: SXM5)?(?: 80GB)?(?: HBM3)?$/i, 'h100', [67, 989], [80, 3350], 132),
  card(/\bA100(?:[ -](?:SXM4|PCIe))?[ -]40GB$/i, 'a100-40gb', [19.5, 312], [40, 1555], 108),
  card(/\bA100(?:[ -](?:SXM4|PCIe))?(?:[ -]80GB)?(?: PCIe)?$/i, 'a100', [19.5, 312], [80, 2039], 108),
  card(/\bL40S$/i, 'l40s', [91.6, 362], [48, 864], 142),
  card(/\bL4$/i, 'l4', [30.3, 121], [24, 300], 58),
  card(/\bA10$/i, 'a10', [31.2, 125], [24, 600], 72),
  card(/\bT4$/i, 't4', [8.1, 65], [16, 320], 40),
  card(/\bV100-[A-Z0-9]+-16GB$/i, 'v100-16gb', [15.7, 125], [16, 900], 80),
  card(/\bV100(?:-[A-Z0-9]+-32GB)?$/i, 'v100', [15.7, 125], [32, 900], 80),
  card(/\bRTX 5090$/i, 'rtx5090', [104.8, 209.5], [32, 1792], 170),
  card(/\bRTX 4090$/i, 'rtx4090', [82.6, 165], [24, 1008], 128),
  card(/\bRTX 3090$/i, 'rtx3090', [35.6, 71], [24, 936], 82),
  card(/\bRTX 3060$/i, 'rtx3060', [12.7, 25.5], [12, 360], 28),
  card(/\bM1 Max$/i, 'm1-max', [10.4, 10.4], [32, 400], 32),
  card(/\bM2 Ultra$/i, 'm2-ultra', [27.2, 27.2], [64, 800], 76),
  card(/\bM1$/i, 'm1', [2.6, 2.6], [8, 68], 8),
  card(/\bM2$/i, 'm2', [3.6, 3.6], [8, 100], 10),
];

export const cardOf = (adapterName: string): Card | undefined =>
  CARDS.find(({ match }) => match.test(adapterName.trim()));

/** Of a GPU that no table knows: between a laptop's and a server's. */
const SOME_MULTIPROCESSORS = 64;
export const multiprocessorsOf = ({ name }: Pick<AdapterFacts, 'name'>): number =>
  cardOf(name)?.multiprocessors ?? SOME_MULTIPROCESSORS;

/** Of a card that does not tell what is free: the driver, a display and other programs want some. */
const SHARE_OF_MEMORY = 0.7;

/** GB that a run may take: of what is free where the driver told it, else by the card's name; undefined where neither is known. */
export const usableGb = ({
  name,
  kind,
  freeGb,
}: Pick<AdapterFacts, 'name' | 'kind' | 'freeGb'>): number | undefined => {
  if (kind !== 'gpu') return undefined;
  if (freeGb !== undefined) return 0.9 * freeGb;
  const known = cardOf(name);
  return known && SHARE_OF_MEMORY * known.memoryGb;
};

/** From Turing on, as Dawn lists them; a SIMD group of Apple's multiplies 8×8. */
const NVIDIA_MATRICES: readonly MatrixConfig[] = [
  { M: 16, N: 16, K: 16 },
  { M: 16, N: 8, K: 16 },
  { M: 16, N: 8, K: 8 },
];
const APPLE_MATRICES: readonly MatrixConfig[] = [{ M: 8, N: 8, K: 8 }];

/**
 * What Dawn would tell of a card that is not here.
 * @throws ToolkitError BAD_OPTION (exit 2) naming the known ones
 */
export function dryFacts(given: string): AdapterFacts {
  const known = CARDS.find(({ name, match }) => name === given.toLowerCase() || match.test(given.trim()));
  if (!known) {
    const names = CARDS.map(({ name }) => name).join(', ');
    throw badInput('BAD_OPTION', `${given}: no GPU of this name is known`, `known names: ${names}`);
  }
  const isApple = known.name.startsWith('m');
  return {
    name: `${isApple ? 'Apple' : 'NVIDIA'} ${known.name.toUpperCase().replace('-', ' ').replace(/^RTX/, 'RTX ')}`,
    vendor: isApple ? 'apple' : 'nvidia',
    architecture: '',
    kind: 'gpu',
    reason: 'by its data sheet',
    subgroupMinSize: 32,
    subgroupMaxSize: 32,
    features: ['shader-f16', 'subgroups', 'timestamp-query', 'chromium-experimental-subgroup-matrix'],
    matrixConfigs: isApple ? APPLE_MATRICES : NVIDIA_MATRICES,
    limits: {
      maxBufferSize: 2 ** 40,
      maxStorageBufferBindingSize: 2 ** 31 - 4,
      maxComputeWorkgroupStorageSize: isApple ? 32768 : 49152,
      maxComputeInvocationsPerWorkgroup: 1024,
      maxStorageBuffersPerShaderStage: 16,
      maxComputeWorkgroupsPerDimension: 65535,
    },
  };
}
