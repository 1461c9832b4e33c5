/**
 * A WebGPU device as the trainer uses it, in Node or in a page: buffers, one queue, reads back, waits without spinning.
 * Where the adapter comes from is `adapter.ts` (Node) or `navigator.gpu` (page).
 */
import { ToolkitError } from '../../crawlers/shell/errors.ts';

/** One of the adapter's `subgroupMatrixConfigs` with f16 operands and an f32 result. */
export interface MatrixConfig {
  readonly M: number;
  readonly N: number;
  readonly K: number;
}

/** What `vua doctor` prints and what kernel variants are chosen by. */
export interface AdapterFacts {
  readonly name: string;
  readonly vendor: string;
  readonly architecture: string;
  /** `gpu`: hardware; `software`: a driver of the system that computes on the CPU; `embedded`: the bundled SwiftShader. */
  readonly kind: 'gpu' | 'software' | 'embedded';
  /** Why this one, in one line. */
  readonly reason: string;
  readonly subgroupMinSize: number;
  readonly subgroupMaxSize: number;
  readonly features: readonly string[];
  /** Subgroup matrices with f16 operands and f32 sums that the adapter multiplies. */
  readonly matrixConfigs: readonly MatrixConfig[];
  readonly limits: Readonly<Record<string, number>>;
  /** GB that were free on the card when it was opened, where its driver tells. */
  readonly freeGb?: number;
}

/** An adapter in a few words. */
export const describe = ({ name, kind }: AdapterFacts): string => `${name} (${kind})`;

/** Asked for where the adapter has them. */
export const WANTED_FEATURES: readonly string[] = [
  'shader-f16',
  'subgroups',
  'timestamp-query',
  'subgroup-size-control',
  'chromium-experimental-subgroup-matrix',
];

/** Every limit of the adapter: the defaults are far lower. */
export function grantedLimits(adapter: GPUAdapter): Record<string, number> {
  const limits: Record<string, number> = {};
  for (const key in adapter.limits) {
    const value = adapter.limits[key as keyof GPUSupportedLimits];
    if (typeof value === 'number') limits[key] = value;
  }
  return limits;
}

/** Dawn's experimental part of GPUAdapterInfo. */
interface MatrixInfo {
  readonly subgroupMatrixConfigs?: Iterable<
    MatrixConfig & { readonly componentType: string; readonly resultComponentType: string }
  >;
}

const matrixConfigsOf = (info: GPUAdapterInfo & MatrixInfo): MatrixConfig[] =>
  [...(info.subgroupMatrixConfigs ?? [])]
    .filter(({ componentType, resultComponentType }) => componentType === 'f16' && resultComponentType === 'f32')
    .map(({ M, N, K }) => ({ M, N, K }));

/** Buffers as they once were. */
export interface Captured {
  /** No byte is read twice. @throws ToolkitError DEVICE_LOST */
  read(buffer: GPUBuffer, offset: number, bytes: number): Promise<ArrayBuffer>;
  release(): void;
}

export class Gpu {
  readonly device: GPUDevice;
  readonly facts: AdapterFacts;
  /** Buffers created minus buffers destroyed: constant from the first step to the last (a test counts). */
  liveBuffers = 0;
  /** Bytes allocated in live buffers. */
  liveBytes = 0;
  #fault: ToolkitError | undefined;
  #sleepMs = 0;
  #lastMs = 0;

  private constructor(device: GPUDevice, facts: AdapterFacts) {
    this.device = device;
    this.facts = facts;
    // WebGPU reports what a submission did wrong apart from it; kept until the next wait.
    device.addEventListener('uncapturederror', ({ error }) => {
      this.#fault ??= this.#refusal(error);
    });
    void device.lost.then((info) => {
      if (info.reason === 'destroyed') return;
      this.#fault = new ToolkitError({
        code: 'DEVICE_LOST',
        message: `${facts.name}: the device was lost: ${info.message}`,
        hint: 'run again with --resume; `vua doctor` shows the adapter',
      });
    });
  }

  /** Opens a device with every limit and wanted feature that the adapter grants. */
  static async open(
    adapter: GPUAdapter,
    kind: AdapterFacts['kind'],
    reason: string,
    freeGb?: AdapterFacts['freeGb'],
  ): Promise<Gpu> {
    const limits = grantedLimits(adapter);
    const features = [...adapter.features].sort();
    const device = await adapter.requestDevice({
      requiredFeatures: WANTED_FEATURES.filter((feature) => adapter.features.has(feature)) as GPUFeatureName[],
      requiredLimits: limits,
    });
    const { info } = adapter;
    return new Gpu(device, {
      name: info.description || info.device || 'unnamed adapter',
      vendor: info.vendor,
      architecture: info.architecture,
      kind,
      reason,
      subgroupMinSize: info.subgroupMinSize,
      subgroupMaxSize: info.subgroupMaxSize,
      features,
      matrixConfigs: matrixConfigsOf(info),
      limits,
      ...(freeGb !== undefined && { freeGb }),
    });
  }

  /** Counts what would be allocated on such an adapter, and allocates nothing: nothing can run on it. */
  static dry(facts: AdapterFacts): Gpu {
    const createBuffer = ({ label, size }: GPUBufferDescriptor) => ({ label, size, destroy() {} });
    const device = {
      limits: facts.limits,
      createBuffer,
      queue: { writeBuffer() {} },
      addEventListener() {},
      lost: new Promise(() => {}),
    };
    return new Gpu(device as unknown as GPUDevice, facts);
  }

  /** @throws ToolkitError OUT_OF_MEMORY when the size is over the adapter's limit. */
  buffer(
    label: string,
    bytes: number,
    usage: GPUBufferUsageFlags = STORAGE,
    hint = 'lower --micro-batch, --context or --memory-gb',
  ): GPUBuffer {
    const size = Math.max(16, Math.ceil(bytes / 4) * 4);
    const limit = Math.min(this.device.limits.maxBufferSize, this.device.limits.maxStorageBufferBindingSize);
    if (size > limit) {
      throw new ToolkitError({
        code: 'OUT_OF_MEMORY',
        message: `${label}: needs a buffer of ${size} bytes, the adapter allows ${limit}`,
        hint,
        exitStatus: 2,
      });
    }
    const buffer = this.device.createBuffer({ label, size, usage });
    this.liveBuffers++;
    this.liveBytes += size;
    return buffer;
  }

  release(buffer: GPUBuffer): void {
    this.liveBuffers--;
    this.liveBytes -= buffer.size;
    buffer.destroy();
  }

  write(buffer: GPUBuffer, offset: number, data: ArrayBufferView<ArrayBuffer>): void {
    this.device.queue.writeBuffer(buffer, offset, data.buffer, data.byteOffset, data.byteLength);
  }

  /** Copies bytes out of a buffer. Waits for everything submitted before. */
  async read(buffer: GPUBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    const staging = this.buffer(`read ${buffer.label}`, bytes, MAP_READ | COPY_DST);
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, offset, staging, 0, bytes);
    this.device.queue.submit([encoder.finish()]);
    await this.#settled(staging.mapAsync(GPU_MAP_READ));
    const copy = staging.getMappedRange(0, bytes).slice(0);
    staging.unmap();
    this.release(staging);
    return copy;
  }

  /**
   * Copies of whole buffers as they are behind what was submitted, on their way to the host's memory: what is submitted
   * later neither waits for them nor changes them. Undefined where that memory is short.
   */
  async capture(buffers: readonly GPUBuffer[]): Promise<Captured | undefined> {
    this.device.pushErrorScope('out-of-memory');
    const stagings = new Map(
      buffers.map((buffer) => [buffer, this.buffer(`copy of ${buffer.label}`, buffer.size, MAP_READ | COPY_DST)]),
    );
    const release = (): void => {
      for (const staging of stagings.values()) this.release(staging);
    };
    if (await this.device.popErrorScope()) {
      release();
      return undefined;
    }
    const encoder = this.device.createCommandEncoder();
    for (const [buffer, staging] of stagings) encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
    this.device.queue.submit([encoder.finish()]);
    const mapped = new Map([...stagings].map(([buffer, staging]) => [buffer, staging.mapAsync(GPU_MAP_READ)]));
    for (const one of mapped.values()) one.catch(() => {}); // whoever reads hears of it
    return {
      read: async (buffer, offset, bytes) => {
        await mapped.get(buffer)!.catch((error) => {
          throw this.#fault ?? error;
        });
        await new Promise((resolve) => setTimeout(resolve)); // who submits the next step comes first
        return stagings.get(buffer)!.getMappedRange(offset, bytes).slice(0);
      },
      release,
    };
  }

  /** Resolves when everything submitted so far has run. */
  async settle(): Promise<void> {
    await this.#settled(this.device.queue.onSubmittedWorkDone());
  }

  /**
   * Runs what may go wrong, a kernel that is only tried: its faults are thrown here and are not the next one's. Nothing
   * else may use the device meanwhile.
   * @throws ToolkitError DEVICE_ERROR with what the driver refused; DEVICE_LOST, after which no work is possible.
   */
  async attempt<T>(work: () => Promise<T>): Promise<T> {
    const filters = ['validation', 'out-of-memory', 'internal'] as const;
    for (const filter of filters) this.device.pushErrorScope(filter);
    const outcome = await work().then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    const refused = await Promise.all(filters.map(() => this.device.popErrorScope())).catch(() => []);
    if (this.#fault?.code === 'DEVICE_LOST') throw this.#fault;
    if ('error' in outcome) throw outcome.error;
    const first = refused.find((error) => error !== null);
    if (first) throw this.#refusal(first);
    return outcome.value;
  }

  #refusal({ message }: GPUError): ToolkitError {
    return new ToolkitError({ code: 'DEVICE_ERROR', message: `${this.facts.name}: ${message}` });
  }

  /**
   * What is likely to take as long as before is slept through, so that the event loop is free: most of the time that the
   * last two waits took at least, so that one that was slow, by compiling, slows no other. Of work that was done before the
   * sleep ended half of its time counts.
   */
  async #settled(work: Promise<unknown>): Promise<void> {
    work.catch(() => {}); // awaited below: a device lost during the sleep is not an unhandled rejection
    const started = performance.now();
    if (this.#sleepMs > 2) await new Promise((resolve) => setTimeout(resolve, this.#sleepMs));
    const awoke = performance.now();
    await paced(work, this.facts.kind === 'gpu' ? 0.2 : 0).catch((error) => {
      throw this.#fault ?? error;
    });
    const now = performance.now();
    const took = (now - started) / (now - awoke < 1 ? 2 : 1);
    this.#sleepMs = 0.9 * Math.min(took, this.#lastMs);
    this.#lastMs = took;
    if (this.#fault) throw this.#fault;
  }

  destroy(): void {
    this.device.destroy();
  }
}

/** Waits that are open, since when there is one, the shortest sleep in them, and whether the loop of `pause` runs. */
const open = { count: 0, since: 0, leastMs: 0, isPaced: false };
const never = typeof setImmediate === 'undefined' ? undefined : new Int32Array(new SharedArrayBuffer(4));

function pause(): void {
  open.isPaced = open.count > 0;
  if (!open.isPaced) return;
  const sleepMs = Math.min(1, (performance.now() - open.since) / 10);
  if (sleepMs > open.leastMs) Atomics.wait(never!, 0, 0, sleepMs);
  setImmediate(pause);
}

/**
 * Waits for a device. Node's Dawn polls at every turn of the event loop meanwhile, which a page does not: the thread sleeps
 * in each turn, for a tenth of the time that has passed and 1 ms at most, and a driver that computes on the CPU has the core.
 * @param leastMs shorter sleeps are left out
 */
export async function paced<T>(work: Promise<T>, leastMs = 0): Promise<T> {
  if (never === undefined) return work;
  if (open.count++ === 0) open.since = performance.now();
  open.leastMs = leastMs;
  if (!open.isPaced) setImmediate(pause);
  open.isPaced = true;
  try {
    return await work;
  } finally {
    open.count--;
  }
}

// The numeric values of GPUBufferUsage, GPUMapMode and GPUShaderStage, which are globals in a page but not in Node.
export const MAP_READ = 0x0001;
const COPY_SRC = 0x0004;
export const COPY_DST = 0x0008;
export const UNIFORM = 0x0040;
const STORAGE = 0x0080 | COPY_SRC | COPY_DST;
const GPU_MAP_READ = 0x0001;
export const COMPUTE_STAGE = 0x4;
