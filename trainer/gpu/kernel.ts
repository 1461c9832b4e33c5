/**
 * A kernel is one object: what goes in and out as shapes, how many workgroups, WGSL, and a CPU reference.
 *
 *   inputs:  { x: 'N C', tokens: 'u32 N', w: 'vec4f K O' }   read
 *   outputs: { out: 'N C' }                                  written whole
 *   updates: { dx: 'N C' }                                   read and written in place
 *   scalars: { eps: 'f32' }                                  beside the dimensions in the uniform `dims`
 *
 * From these come the bindings (in the order inputs, outputs, updates), the struct `dims`, and shape errors with the
 * arithmetic in them. A shape's words are dimension names; `vec4f` gives WGSL an array of vec4f over the same f32 data,
 * `f16`, `vec4h` and `vec8h` (of which WGSL sees a vec4u) stand for two bytes an element.
 *
 * Activations and weights are stored as f32 or f16 (`Storage`), arithmetic is always f32: a kernel made for a storage
 * type loads with `vec4f(x[i])` and stores with `vec4h(…)` or `vec4f(…)`.
 *
 * Names are the wiring between passes: in a kernel with `backwardOf`, `dout` is the gradient of that forward kernel's
 * `out`, `dx` that of its `x`, and any other name is the forward's own buffer. One generic test uses this to hold every
 * kernel against its reference and every backward reference against finite differences of the forward reference.
 */
import { ToolkitError } from '../../crawlers/shell/errors.ts';

export type Dims = Readonly<Record<string, number>>;
/** How weights and activations lie in memory. */
export type Storage = 'f32' | 'f16';
export type ElementType = 'f32' | 'u32' | 'vec4f' | 'f16' | 'vec4h' | 'vec8h';
/** WGSL's vector of four for a storage type; as a function it converts on the way out. */
export const vec4Of = (storage: Storage): 'vec4f' | 'vec4h' => (storage === 'f16' ? 'vec4h' : 'vec4f');
export const isHalf = (type: ElementType): boolean => type === 'f16' || type === 'vec4h' || type === 'vec8h';
/** Eight halves are read and written at once as the 16 bytes that they are. */
const wgslType = (type: ElementType): string => (type === 'vec8h' ? 'vec4u' : type);
export interface Buffers {
  [name: string]: Float64Array | Uint32Array;
}
/** A seeded generator of numbers in [0, 1). */
export type Random = () => number;

export interface Kernel {
  /** `op_forward` or `op_backward…`; with the variant in it when there are several: `matmul_nt_4x8`. */
  readonly name: string;
  /** Name of the forward kernel whose gradients this one computes (part of). */
  readonly backwardOf?: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs?: Readonly<Record<string, string>>;
  readonly updates?: Readonly<Record<string, string>>;
  readonly scalars?: Readonly<Record<string, 'f32' | 'u32'>>;
  /** Dimensions that must be a multiple of something: `{ C: 4 }`. */
  readonly multiples?: Dims;
  /** Device features that it needs beside `shader-f16` for f16 storage. */
  readonly features?: readonly string[];
  /** Lanes of the adapter's subgroups that it is made for. */
  readonly subgroupSize?: number;
  /** Right on smaller ones that divide it, too. */
  readonly isRightOnSmaller?: boolean;
  /** `enable` and `diagnostic` lines that go with them. */
  readonly directives?: string;
  /** Floating-point operations, where they are what counts: products. Others are measured by their bytes. */
  flops?(dims: Dims): number;
  /** Bytes that it moves at least, where it touches only part of a buffer. */
  bytes?(dims: Dims): number;
  /** Loads that an invocation waits for one after the other, where that may take longer than the bytes. */
  serial?(dims: Dims): number;
  /** Number of workgroups in x, y, z. */
  grid(dims: Dims): readonly [number, number?, number?];
  /** Everything but the bindings and `dims`. The entry point is `main`. */
  readonly wgsl: string;
  /** The same arithmetic in f64, plain loops. Reads and writes `b` by buffer name; `dims` holds the scalars too. */
  reference(b: Record<string, Float64Array>, dims: Dims, u: Record<string, Uint32Array>): void;
  /** Fills u32 inputs (tokens, positions) with values that fit together, for tests and benchmarks. */
  fill?(buffers: Buffers, dims: Dims, random: Random): void;
  /** Dimension sets that a test must try, beside what is derived from `multiples`. */
  readonly cases: readonly Dims[];
}

export interface Binding {
  readonly name: string;
  readonly access: 'read' | 'write' | 'update';
  readonly type: ElementType;
  /** Dimension names; a literal number is itself, `NH+NKV` a sum. */
  readonly shape: readonly string[];
}

const ELEMENT_TYPES: ReadonlySet<string> = new Set<ElementType>(['f32', 'u32', 'vec4f', 'f16', 'vec4h', 'vec8h']);

/** What is read from a kernel's words: once, for a step asks hundreds of times. */
function ofKernel<Made>(read: (kernel: Kernel) => Made): (kernel: Kernel) => Made {
  const known = new WeakMap<Kernel, Made>();
  return (kernel) => {
    const made = known.get(kernel) ?? read(kernel);
    known.set(kernel, made);
    return made;
  };
}

/** Bindings in their order: 0 is the uniform `dims`, these follow from 1. */
export const bindingsOf: (kernel: Kernel) => readonly Binding[] = ofKernel((kernel) => {
  const rows: Binding[] = [];
  for (const [access, specs] of [
    ['read', kernel.inputs],
    ['write', kernel.outputs ?? {}],
    ['update', kernel.updates ?? {}],
  ] as const) {
    for (const [name, spec] of Object.entries(specs)) {
      const words = spec.split(' ');
      const typed = ELEMENT_TYPES.has(words[0]);
      rows.push({
        name,
        access,
        type: typed ? (words[0] as ElementType) : 'f32',
        shape: typed ? words.slice(1) : words,
      });
    }
  }
  return rows;
});

/** Names of the dimensions in the order of first use, then the scalars: the layout of the uniform, 4 bytes each. */
const dimNames: (kernel: Kernel) => readonly string[] = ofKernel((kernel) => {
  const names = new Set<string>();
  for (const { shape } of bindingsOf(kernel)) {
    for (const word of shape.flatMap((sum) => sum.split('+'))) if (!/^\d+$/.test(word)) names.add(word);
  }
  for (const name of Object.keys(kernel.scalars ?? {})) names.add(name);
  return [...names];
});

/** The whole shader text. */
export function shaderText(kernel: Kernel): string {
  const names = dimNames(kernel);
  const usesHalf = bindingsOf(kernel).some(({ type }) => isHalf(type));
  const fields = names.map((name) => `  ${name}: ${kernel.scalars?.[name] ?? 'u32'},`);
  if (fields.length === 0) fields.push('  unused: u32,');
  const bindings = bindingsOf(kernel).map(({ name, access, type }, i) => {
    const mode = access === 'read' ? 'read' : 'read_write';
    return `@group(0) @binding(${i + 1}) var<storage, ${mode}> ${name}: array<${wgslType(type)}>;`;
  });
  return [
    ...(usesHalf ? ['enable f16;'] : []),
    ...(kernel.directives ? [kernel.directives] : []),
    `struct Dims {`,
    ...fields,
    `}`,
    `@group(0) @binding(0) var<uniform> dims: Dims;`,
    ...bindings,
    kernel.wgsl,
  ].join('\n');
}

/** Features that a device must have for this kernel. */
export const featuresOf = (kernel: Kernel): string[] => [
  ...new Set([
    ...(bindingsOf(kernel).some(({ type }) => isHalf(type)) ? ['shader-f16'] : []),
    ...(kernel.features ?? []),
  ]),
];

/** Scalars that a binding holds. */
export function elementsOf(binding: Binding, dims: Dims): number {
  return binding.shape.reduce((product, word) => product * extent(word, dims), 1);
}

/** Bytes that must move at least: every buffer once, those updated in place twice; or what the kernel says of itself. */
export const bytesOf = (kernel: Kernel, dims: Dims): number =>
  kernel.bytes?.(dims) ??
  bindingsOf(kernel).reduce((sum, binding) => {
    const passes = binding.access === 'update' ? 2 : 1;
    return sum + passes * elementsOf(binding, dims) * (isHalf(binding.type) ? 2 : 4);
  }, 0);

/** Length of one axis: `C`, `4` or `NH+NKV`. */
const extent = (word: string, dims: Dims): number =>
  word.split('+').reduce((sum, part) => sum + (dims[part] ?? Number(part)), 0);

/**
 * @throws ToolkitError BAD_SHAPE, for instance
 * `rmsnorm_forward: buffer "x" has 6144 elements, expected N*C = 8*512 = 4096`.
 */
export function checkShapes(
  kernel: Kernel,
  dims: Dims,
  given: Readonly<Record<string, { readonly elements: number; readonly elementBytes: number }>>,
): void {
  const fail = (message: string): never => {
    throw new ToolkitError({ code: 'BAD_SHAPE', message: `${kernel.name}: ${message}` });
  };
  for (const name of dimNames(kernel)) {
    if (dims[name] === undefined) fail(`dimension ${name} is missing, given: ${Object.keys(dims).join(', ')}`);
  }
  for (const [name, divisor] of Object.entries(kernel.multiples ?? {})) {
    if (dims[name] % divisor !== 0) fail(`${name} = ${dims[name]}, expected a multiple of ${divisor}`);
  }
  for (const binding of bindingsOf(kernel)) {
    const found = given[binding.name];
    if (found === undefined) fail(`buffer "${binding.name}" is missing, given: ${Object.keys(given).join(', ')}`);
    const expected = elementsOf(binding, dims);
    if (found.elementBytes !== (isHalf(binding.type) ? 2 : 4)) {
      fail(`buffer "${binding.name}" has ${found.elementBytes} bytes an element, expected ${binding.type}`);
    }
    if (found.elements !== expected) {
      const factors = binding.shape.map((word) => extent(word, dims));
      fail(
        `buffer "${binding.name}" has ${found.elements} elements, expected ${binding.shape.join('*')} = ${factors.join('*')} = ${expected}`,
      );
    }
  }
}

/** The uniform's bytes. Padded to 16, as WGSL wants. */
export function dimsBytes(kernel: Kernel, dims: Dims): Uint8Array<ArrayBuffer> {
  const names = dimNames(kernel);
  const bytes = new Uint8Array(Math.max(16, Math.ceil(names.length / 4) * 16));
  const view = new DataView(bytes.buffer);
  for (const [i, name] of names.entries()) {
    if (kernel.scalars?.[name] === 'f32') view.setFloat32(i * 4, dims[name], true);
    else view.setUint32(i * 4, dims[name], true);
  }
  return bytes;
}
