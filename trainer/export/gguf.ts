/**
 * The GGUF file format, version 3 (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md), little-endian:
 *
 *   | "GGUF" | u32 3 | u64 tensors | u64 keys | keys … | tensor infos … | pad | data, each tensor at a multiple of 32 |
 *   key:     string, u32 type, value        string: u64 bytes, UTF-8        array: u32 type, u64 count, values
 *   info:    string, u32 dimensions, u64 sizes (innermost first), u32 type, u64 offset in the data
 */
const GGUF_ALIGN = 32;
const VALUE_TYPES = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;
const TENSOR_TYPES = { F32: 0, F16: 1 } as const;

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

const ELEMENT_BYTES = { F32: 4, F16: 2 } as const;
const ggufBytes = ({ shape, dtype }: GgufTensor): number =>
  shape.reduce((product, size) => product * size, ELEMENT_BYTES[dtype]);
/** Zero bytes behind `length` so that the next thing is aligned. */
export const ggufPadding = (length: number): Uint8Array<ArrayBuffer> =>
  new Uint8Array((GGUF_ALIGN - (length % GGUF_ALIGN)) % GGUF_ALIGN);

/** Everything before the data, padded. Then come the tensors in this order, each with `ggufPadding` behind it. */
export function ggufHeader(
  metadata: Readonly<Record<string, GgufValue>>,
  tensors: readonly GgufTensor[],
): Uint8Array<ArrayBuffer> {
  const out = new Writer();
  const keys = Object.entries(metadata);
  for (const byte of [0x47, 0x47, 0x55, 0x46]) out.u8(byte);
  out.u32(3);
  out.u64(tensors.length);
  out.u64(keys.length);
  for (const [key, value] of keys) {
    out.string(key);
    writeValue(out, value);
  }
  let offset = 0;
  for (const tensor of tensors) {
    out.string(tensor.name);
    out.u32(tensor.shape.length);
    for (const size of tensor.shape.toReversed()) out.u64(size);
    out.u32(TENSOR_TYPES[tensor.dtype]);
    out.u64(offset);
    const bytes = ggufBytes(tensor);
    offset += bytes + ggufPadding(bytes).length;
  }
  for (const byte of ggufPadding(out.length)) out.u8(byte);
  return out.bytes();
}

function writeValue(out: Writer, value: GgufValue): void {
  if ('u32' in value) {
    out.u32(VALUE_TYPES.u32);
    out.u32(value.u32);
  } else if ('f32' in value) {
    out.u32(VALUE_TYPES.f32);
    out.f32(value.f32);
  } else if ('bool' in value) {
    out.u32(VALUE_TYPES.bool);
    out.u8(value.bool ? 1 : 0);
  } else if ('string' in value) {
    out.u32(VALUE_TYPES.string);
    out.string(value.string);
  } else if ('strings' in value) {
    out.array(VALUE_TYPES.string, value.strings.length);
    for (const text of value.strings) out.string(text);
  } else {
    out.array(VALUE_TYPES.i32, value.i32s.length);
    for (const number of value.i32s) out.u32(number >>> 0);
  }
}

/** Bytes that grow. */
class Writer {
  #buffer = new Uint8Array(1 << 16);
  #view = new DataView(this.#buffer.buffer);
  length = 0;

  u8(value: number): void {
    this.#room(1);
    this.#buffer[this.length++] = value;
  }

  u32(value: number): void {
    this.#room(4);
    this.#view.setUint32(this.length, value, true);
    this.length += 4;
  }

  f32(value: number): void {
    this.#room(4);
    this.#view.setFloat32(this.length, value, true);
    this.length += 4;
  }

  u64(value: number): void {
    this.#room(8);
    this.#view.setBigUint64(this.length, BigInt(value), true);
    this.length += 8;
  }

  string(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.u64(bytes.length);
    this.#room(bytes.length);
    this.#buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  array(type: number, count: number): void {
    this.u32(VALUE_TYPES.array);
    this.u32(type);
    this.u64(count);
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.slice(0, this.length);
  }

  #room(bytes: number): void {
    if (this.length + bytes <= this.#buffer.length) return;
    const larger = new Uint8Array(2 * (this.length + bytes));
    larger.set(this.#buffer);
    this.#buffer = larger;
    this.#view = new DataView(larger.buffer);
  }
}
