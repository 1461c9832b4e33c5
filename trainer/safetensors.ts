/**
 * The safetensors file format, f32 only (https://github.com/huggingface/safetensors):
 *
 *   | u64 n | n bytes of JSON {"name": {dtype, shape, data_offsets: [from, to]}, …} | data |
 */
import { badInput, reasonOf } from '../crawlers/errors.ts';

export interface NamedTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array<ArrayBuffer>;
}

export function encodeSafetensors(
  tensors: ReadonlyMap<string, NamedTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt', ...metadata } };
  let bytes = 0;
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [bytes, bytes + data.byteLength] };
    bytes += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(json.length / 8) * 8; // data starts aligned; the format allows trailing spaces
  const file = new Uint8Array(8 + padded + bytes).fill(0x20, 8, 8 + padded);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.set(json, 8);
  let at = 8 + padded;
  for (const { data } of tensors.values()) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

/** @throws ToolkitError BAD_CHECKPOINT (exit 2) naming `path` when the file is cut or not safetensors of f32. */
export function decodeSafetensors(file: Uint8Array, path: string): Map<string, NamedTensor> {
  try {
    const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
    const headerBytes = Number(view.getBigUint64(0, true));
    const start = 8 + headerBytes;
    const header = JSON.parse(new TextDecoder().decode(file.subarray(8, start))) as Record<
      string,
      { dtype: string; shape: number[]; data_offsets: [number, number] }
    >;
    const tensors = new Map<string, NamedTensor>();
    for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
      if (name === '__metadata__') continue;
      const [from, to] = data_offsets;
      if (dtype !== 'F32') throw new Error(`tensor ${name} is ${dtype}, expected F32`);
      if (start + to > file.length)
        throw new Error(`tensor ${name} ends at byte ${start + to}, the file has ${file.length}`);
      tensors.set(name, {
        shape,
        data: new Float32Array(new Uint8Array(file.subarray(start + from, start + to)).buffer),
      });
    }
    return tensors;
  } catch (error) {
    throw badInput(
      'BAD_CHECKPOINT',
      `${path}: not a whole safetensors file: ${reasonOf(error)}`,
      'use an earlier checkpoint',
      error,
    );
  }
}
