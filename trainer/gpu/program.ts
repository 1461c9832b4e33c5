/**
 * A program is a list of dispatches over named tensors, recorded once and replayed every step: bind groups and
 * pipelines are made in `compile()`, `encode()` only walks the list.
 */
import { reasonOf, ToolkitError } from '../../crawlers/shell/errors.ts';
import { cardOf } from './cards.ts';
import { type AdapterFacts, COMPUTE_STAGE, COPY_DST, type Gpu, paced, UNIFORM } from './device.ts';
import {
  bindingsOf,
  bytesOf,
  checkShapes,
  type Dims,
  dimsBytes,
  type Kernel,
  type Storage,
  shaderText,
} from './kernel.ts';

/** A range of a GPU buffer: `elements` scalars of `elementBytes` from byte `offset`. */
export interface Tensor {
  readonly name: string;
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly elements: number;
  /** 4 for f32 and u32, 2 for f16. */
  readonly elementBytes: 2 | 4;
}

/** One storage buffer of its own. @param hint what to do where the adapter allows none so large */
export function tensor(gpu: Gpu, name: string, elements: number, storage: Storage = 'f32', hint?: string): Tensor {
  const elementBytes = storage === 'f16' ? 2 : 4;
  return {
    name,
    buffer: gpu.buffer(name, elements * elementBytes, undefined, hint),
    offset: 0,
    elements,
    elementBytes,
  };
}

/** `count` elements of a tensor from element `from`; the offset must be a multiple of WebGPU's 256 bytes. */
export function slice(whole: Tensor, from: number, count: number): Tensor {
  return { ...whole, offset: whole.offset + from * whole.elementBytes, elements: count };
}

/** How long submissions may take. */
export interface Pace {
  /** Seconds. */
  readonly most: number;
  secondsOf(kernel: Kernel, dims: Dims): number;
}

/** Within the two seconds after which Windows resets a GPU, and an estimate that is half of the truth. */
const MOST_SECONDS = 0.5;
/** TFLOP/s of f32 and GB/s by data sheet: of a GPU that no table knows, without matrix units and with them. */
const UNKNOWN = { f32: 1, gigabytesPerSecond: 40 };
const UNKNOWN_MATRICES = { f32: 8, gigabytesPerSecond: 200 };
/** Of the data sheet's that even a poor kernel reaches. */
const SHARE = 0.25;

/** Of an adapter; undefined where the driver computes on the CPU, which nobody watches. */
export function paceFor({ kind, name, matrixConfigs }: AdapterFacts): Pace | undefined {
  if (kind !== 'gpu') return undefined;
  const { f32, gigabytesPerSecond } = cardOf(name) ?? (matrixConfigs.length > 0 ? UNKNOWN_MATRICES : UNKNOWN);
  return {
    most: MOST_SECONDS,
    secondsOf: (kernel, dims) =>
      Math.max((kernel.flops?.(dims) ?? 0) / f32 / 1e12, bytesOf(kernel, dims) / gigabytesPerSecond / 1e9) / SHARE,
  };
}

/** Behind which dispatches a submission ends. One that takes longer stands alone. */
export function partsOf(dispatches: readonly Pick<Dispatch, 'kernel' | 'dims'>[], { most, secondsOf }: Pace): number[] {
  const ends: number[] = [];
  let sum = 0;
  for (const [at, { kernel, dims }] of dispatches.entries()) {
    const seconds = secondsOf(kernel, dims);
    if (sum > 0 && sum + seconds > most) {
      ends.push(at);
      sum = 0;
    }
    sum += seconds;
  }
  return [...ends, dispatches.length];
}

interface Dispatch {
  readonly kernel: Kernel;
  readonly dims: Dims;
  readonly tensors: Readonly<Record<string, Tensor>>;
  pipeline?: GPUComputePipeline;
  bindGroup?: GPUBindGroup;
  grid: readonly [number, number?, number?];
}

export interface ProgramStep {
  readonly kernel: Kernel;
  readonly dims: Dims;
  encode(pass: GPUComputePassEncoder): void;
}

function encodeOne(pass: GPUComputePassEncoder, { pipeline, bindGroup, grid }: Dispatch): void {
  pass.setPipeline(pipeline!);
  pass.setBindGroup(0, bindGroup!);
  pass.dispatchWorkgroups(...grid);
}

/** Pipelines by shader text, shared by all programs of a device: software drivers take up to seconds for one. */
const pipelines = new WeakMap<GPUDevice, Map<string, Promise<GPUComputePipeline>>>();

export class Program {
  readonly #gpu: Gpu;
  readonly #dispatches: Dispatch[] = [];
  readonly #uniforms: GPUBuffer[] = [];

  constructor(gpu: Gpu) {
    this.#gpu = gpu;
  }

  get dispatches(): number {
    return this.#dispatches.length;
  }

  /** Appends a dispatch. @throws ToolkitError BAD_SHAPE when a tensor does not fit. */
  add(kernel: Kernel, dims: Dims, tensors: Readonly<Record<string, Tensor>>): void {
    checkShapes(kernel, dims, tensors);
    this.#dispatches.push({ kernel, dims, tensors, grid: kernel.grid(dims) });
  }

  /** Compiles what is not compiled yet (in parallel) and makes the bind groups. */
  async compile(): Promise<void> {
    const { device } = this.#gpu;
    await Promise.all(
      this.#dispatches.map(async (dispatch) => {
        if (dispatch.pipeline) return;
        const pipeline = await compileKernel(device, dispatch.kernel);
        const uniform = this.#gpu.buffer(
          `dims ${dispatch.kernel.name}`,
          dimsBytes(dispatch.kernel, dispatch.dims).length,
          UNIFORM | COPY_DST,
        );
        this.#uniforms.push(uniform);
        this.#gpu.write(uniform, 0, dimsBytes(dispatch.kernel, dispatch.dims));
        const entries: GPUBindGroupEntry[] = bindingsOf(dispatch.kernel).map(({ name }, i) => {
          const { buffer, offset, elements, elementBytes } = dispatch.tensors[name];
          const size = Math.max(16, Math.ceil((elements * elementBytes) / 4) * 4);
          return { binding: i + 1, resource: { buffer, offset, size } };
        });
        entries.unshift({ binding: 0, resource: { buffer: uniform } });
        dispatch.pipeline = pipeline;
        dispatch.bindGroup = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
      }),
    );
  }

  /**
   * Replays the list into one compute pass; where drivers end what runs too long, into several submissions of at most
   * `most` seconds as `pace` estimates them. @returns the encoder that what follows goes into
   */
  encode(encoder: GPUCommandEncoder, pace?: Pace): GPUCommandEncoder {
    const parts = pace ? partsOf(this.#dispatches, pace) : [this.#dispatches.length];
    let [from, current] = [0, encoder];
    for (const to of parts) {
      if (from > 0) {
        this.#gpu.device.queue.submit([current.finish()]);
        current = this.#gpu.device.createCommandEncoder();
      }
      const pass = current.beginComputePass();
      for (const dispatch of this.#dispatches.slice(from, to)) encodeOne(pass, dispatch);
      pass.end();
      from = to;
    }
    return current;
  }

  /** Every dispatch on its own, in order, to be measured: `encode` puts just this one into a pass. */
  get steps(): readonly ProgramStep[] {
    return this.#dispatches.map((dispatch) => ({ ...dispatch, encode: (pass) => encodeOne(pass, dispatch) }));
  }

  /** Frees the uniforms; tensors belong to whoever made them. */
  release(): void {
    for (const uniform of this.#uniforms) this.#gpu.release(uniform);
    this.#uniforms.length = 0;
  }
}

/** @throws ToolkitError BAD_KERNEL with Dawn's message when the shader does not compile. */
export function compileKernel(device: GPUDevice, kernel: Kernel): Promise<GPUComputePipeline> {
  const code = shaderText(kernel);
  const known = pipelines.get(device) ?? new Map<string, Promise<GPUComputePipeline>>();
  pipelines.set(device, known);
  let pipeline = known.get(code);
  if (!pipeline) {
    // A refused shader rejects the pipeline and would be reported once more as an error of the device.
    device.pushErrorScope('validation');
    const module = device.createShaderModule({ label: kernel.name, code });
    const layout = device.createPipelineLayout({ bindGroupLayouts: [bindGroupLayout(device, kernel)] });
    const made = device.createComputePipelineAsync({
      ...{ label: kernel.name, layout },
      compute: { module, entryPoint: 'main' },
    });
    const refused = device.popErrorScope();
    pipeline = paced(Promise.all([made, refused]))
      .then(([made]) => made)
      .catch(async (error) => {
        const { messages } = await module.getCompilationInfo();
        const [first] = messages;
        const where = first
          ? `${first.message} in \`${code.split('\n')[first.lineNum - 1]?.trim()}\``
          : reasonOf(error);
        throw new ToolkitError({ code: 'BAD_KERNEL', message: `${kernel.name}: ${where}`, cause: error });
      });
    known.set(code, pipeline);
  }
  return pipeline;
}

/** Dawn's complaint about a shader's text, if it has one: also for sizes that no device here could run. */
export async function shaderFault(device: GPUDevice, kernel: Kernel): Promise<string | undefined> {
  device.pushErrorScope('validation');
  const module = device.createShaderModule({ label: kernel.name, code: shaderText(kernel) });
  const fault = await device.popErrorScope();
  if (!fault) return undefined;
  const { messages } = await module.getCompilationInfo();
  return `${kernel.name}: ${messages[0]?.message ?? fault.message}`;
}

/** Spelled out: `auto` would leave out what a shader does not use, and then refuse it. */
function bindGroupLayout(device: GPUDevice, kernel: Kernel): GPUBindGroupLayout {
  const storage = bindingsOf(kernel).map(({ access }, i): GPUBindGroupLayoutEntry => {
    const type = access === 'read' ? 'read-only-storage' : 'storage';
    return { binding: i + 1, visibility: COMPUTE_STAGE, buffer: { type } };
  });
  const dims: GPUBindGroupLayoutEntry = { binding: 0, visibility: COMPUTE_STAGE, buffer: { type: 'uniform' } };
  return device.createBindGroupLayout({ entries: [dims, ...storage] });
}
