/**
 * The safetensors file format (https://github.com/huggingface/safetensors):
 *
 *   | u64 n | n bytes of JSON {"name": {dtype, shape, data_offsets: [from, to]}, …} | data |
 *
 * Here are the header and whole files in memory, for small ones and for a page; `tensor-file.ts` streams large ones.
 */
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';

/** All that the format knows; `TensorFile` reads the three floating ones that models come in. */
export const DTYPE_BYTES = {
  ...{ F64: 8, I64: 8, U64: 8, F32: 4, I32: 4, U32: 4 },
  ...{ BF16: 2, F16: 2, I16: 2, U16: 2, F8_E4M3: 1, F8_E5M2: 1, I8: 1, U8: 1, BOOL: 1 },
} as const;
export type Dtype = keyof typeof DTYPE_BYTES;

export interface TensorEntry {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** An entry with its byte range in the file. */
export interface TensorPlace extends TensorEntry {
  readonly from: number;
  readonly to: number;
}

export interface NamedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

export const bytesOf = ({ dtype, shape }: TensorEntry): number =>
  shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]);

/** Everything before the data. Tensors follow without gaps in the order of the map. */
export function safetensorsHeader(
  entries: ReadonlyMap<string, TensorEntry>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt', ...metadata } };
  let at = 0;
  for (const [name, entry] of entries) {
    const { dtype, shape } = entry;
    header[name] = { dtype, shape, data_offsets: [at, at + bytesOf(entry)] };
    at += bytesOf(entry);
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8; // data starts aligned; the format allows trailing spaces
  const bytes = new Uint8Array(8 + padded).fill(0x20, 8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(padded), true);
  bytes.set(json, 8);
  return bytes;
}

/** Bytes of the JSON behind the first eight. A file that is none says so by a number beyond its end. */
export const headerBytes = (start: Uint8Array): number =>
  Number(new DataView(start.buffer, start.byteOffset, start.byteLength).getBigUint64(0, true));

/**
 * Byte ranges by name, from the JSON of the header.
 * @throws Error when it is no header, or a tensor does not lie whole in the `fileBytes` of the file.
 */
export function parseHeader(json: Uint8Array, fileBytes: number): Map<string, TensorPlace> {
  const start = 8 + json.length;
  const header = JSON.parse(new TextDecoder().decode(json)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const places = new Map<string, TensorPlace>();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    if (!(dtype in DTYPE_BYTES))
      throw new Error(`tensor ${name} is ${dtype}, expected one of ${Object.keys(DTYPE_BYTES).join(', ')}`);
    const [from, to] = data_offsets.map((offset) => start + offset);
    const place = { dtype: dtype as Dtype, shape, from, to };
    if (to - from !== bytesOf(place)) throw new Error(`tensor ${name} has ${to - from} bytes for shape ${shape}`);
    if (to > fileBytes) throw new Error(`tensor ${name} ends at byte ${to}, the file has ${fileBytes}`);
    places.set(name, place);
  }
  return places;
}

export const notWhole = (path: string, error: unknown) =>
  badInput(
    'BAD_CHECKPOINT',
    `${path}: not a whole safetensors file: ${reasonOf(error)}`,
    'use an earlier checkpoint',
    error,
  );

/** @throws ToolkitError BAD_CHECKPOINT (exit 2) naming `path` when the file is cut or not safetensors of f32. */
export function decodeSafetensors(file: Uint8Array, path: string): Map<string, NamedTensor> {
  try {
    const places = parseHeader(file.subarray(8, 8 + headerBytes(file)), file.length);
    return new Map(
      [...places].map(([name, { dtype, shape, from, to }]) => {
        if (dtype !== 'F32') throw new Error(`tensor ${name} is ${dtype}, expected F32`);
        return [name, { shape, data: new Float32Array(new Uint8Array(file.subarray(from, to)).buffer) }];
      }),
    );
  } catch (error) {
    throw notWhole(path, error);
  }
}
