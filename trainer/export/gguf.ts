/**
 * The GGUF file format, version 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md), little-endian:
 *
 *   | "GGUF" | u32 3 | u64 tensors | u64 keys | keys … | tensor infos … | pad | data, each tensor at a multiple of 32 |
 *   key:     string, u32 type, value        string: u64 bytes, UTF-8        array: u32 type, u64 count, values
 *   info:    string, u32 dimensions, u64 sizes (innermost first), u32 type, u64 offset in the data
 */
const GGUF_ALIGN = 32;
const VALUE_TYPES = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;
const TENSOR_TYPES = { F32: 0, F16: 1, Q8_0: 8, BF16: 30 } as const;

export type GgufValue =
  | { readonly u32: number }
  | { readonly f32: number }
  | { readonly bool: boolean }
  | { readonly string: string }
  | { readonly strings: readonly string[] }
  | { readonly i32s: readonly number[] };

export interface GgufTensor {
  readonly name: string;
  /** As the model has it, [out, in]: the file turns it round. */
  readonly shape: readonly number[];
  readonly dtype: keyof typeof TENSOR_TYPES;
}

/** Q8_0: blocks of 32 numbers, a scale of f16 before them. */
const ELEMENT_BYTES = { F32: 4, F16: 2, Q8_0: 34 / 32, BF16: 2 } as const;
export const ggufBytes = ({ shape, dtype }: GgufTensor): number =>
  shape.reduce((product, size) => product * size, ELEMENT_BYTES[dtype]);
/** Zero bytes behind `length` so that the next thing is aligned. */
export const ggufPadding = (length: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array((GGUF_ALIGN - (length % GGUF_ALIGN)) % GGUF_ALIGN);

/** Everything before the data, padded. Then come the tensors in this order, each with `ggufPadding` behind it. */
export function ggufHeader(
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: readonly GgufTensor[],
): Uint8Array<ArrayBuffer> {
  const keys = Object.entries(metadata);
  let offset = 0;
  const parts = [
    ENCODER.encode('GGUF'),
    ...[u32(3), u64(tensors.length), u64(keys.length)],
    ...keys.flatMap(([key, value]) => [...string(key), ...typed(value)]),
    ...tensors.flatMap((tensor) => {
      const { name, shape, dtype } = tensor;
      const bytes = ggufBytes(tensor);
      const at = offset;
      offset += bytes + ggufPadding(bytes).length;
      return [...string(name), u32(shape.length), ...shape.toReversed().map(u64), u32(TENSOR_TYPES[dtype]), u64(at)];
    }),
  ];
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return new Uint8Array(Buffer.concat([...parts, ggufPadding(length)]));
}

const ENCODER = new TextEncoder();
const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);
const u64 = (value: number): Uint8Array => new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
function string(text: string): Uint8Array[] {
  const bytes = ENCODER.encode(text);
  return [u64(bytes.length), bytes];
}
const array = (type: number, count: number): Uint8Array[] => [u32(VALUE_TYPES.array), u32(type), u64(count)];

/** A value behind its type. */
function typed(value: GgufValue): Uint8Array[] {
  if ('u32' in value) return [u32(VALUE_TYPES.u32), u32(value.u32)];
  if ('f32' in value) return [u32(VALUE_TYPES.f32), new Uint8Array(Float32Array.of(value.f32).buffer)];
  if ('bool' in value) return [u32(VALUE_TYPES.bool), Uint8Array.of(value.bool ? 1 : 0)];
  if ('string' in value) return [u32(VALUE_TYPES.string), ...string(value.string)];
  if ('strings' in value) return [...array(VALUE_TYPES.string, value.strings.length), ...value.strings.flatMap(string)];
  return [...array(VALUE_TYPES.i32, value.i32s.length), new Uint8Array(Int32Array.from(value.i32s).buffer)];
}
