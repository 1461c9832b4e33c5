/**
 * Tensors on disk, one at a time: a model never stands whole in memory, and a file may be larger than one buffer can be
 * (2 GiB for many calls). Writing hashes what it writes; a file appears under its name only when it is whole.
 */
import { closeSync, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { AtomicFile } from '../../crawlers/shell/folder.ts';
import { createChecksum } from '../../shards/checksum.ts';
import { fromBrain, fromHalf } from '../gpu/half.ts';
import { countNotFinite } from './anomaly.ts';
import {
  DTYPE_BYTES,
  headerBytes,
  notWhole,
  parseHeader,
  safetensorsHeader,
  type TensorEntry,
  type TensorPlace,
} from './safetensors.ts';

const WIDENED = {
  F32: (bytes: ArrayBuffer) => new Float32Array(bytes),
  F16: (bytes: ArrayBuffer) => fromHalf(new Uint16Array(bytes)),
  BF16: (bytes: ArrayBuffer) => fromBrain(new Uint16Array(bytes)),
} as const;

/** One call. */
const CHUNK_BYTES = 1 << 24;

/** What is written under one name. `read` is called when its turn comes; elements as the dtype has them. */
export interface TensorSource extends TensorEntry {
  read(): Promise<ArrayBufferView> | ArrayBufferView;
}

/** Size and xxhash64 of a file: tells a whole one from a cut or rotten one. */
export interface FileFacts {
  readonly bytes: number;
  readonly checksum: string;
}

/** Runs `write` on a new file, which it hashes; a failure leaves nothing behind. @throws ToolkitError WRITE_FAILED */
export async function writeHashed(path: string, write: (file: AtomicFile) => Promise<void>): Promise<FileFacts> {
  const checksum = createChecksum();
  const file = new AtomicFile(path, { checksum });
  try {
    await write(file);
    file.commit();
    return { bytes: file.bytes, checksum: checksum.digest() };
  } catch (error) {
    file.discard();
    throw error;
  }
}

/** A safetensors file. @throws Error when a source gives another number of bytes than its shape says. */
export const writeSafetensors = (path: string, sources: ReadonlyMap<string, TensorSource>): Promise<FileFacts> =>
  writeHashed(path, async (file) => {
    file.write(safetensorsHeader(sources));
    for (const [name, source] of sources) file.write(checked(name, source, await source.read()));
  });

/** The data of a source. @throws Error when it is not of its shape's size. */
function checked(name: string, { dtype, shape }: TensorEntry, data: ArrayBufferView): ArrayBufferView {
  const expected = shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]);
  if (data.byteLength !== expected) throw new Error(`tensor ${name}: ${data.byteLength} bytes, expected ${expected}`);
  return data;
}

/** Open files of weights; tensors by Hugging Face's names. */
export interface Tensors {
  /** @throws ToolkitError BAD_CHECKPOINT when it is in none of the files */
  pathOf(name: string): string;
  shapeOf(name: string): readonly number[] | undefined;
  read(name: string): Float32Array<ArrayBuffer>;
  close(): void;
}

/** An open safetensors file: the header in memory, the data where it is. */
export class TensorFile {
  readonly path: string;
  readonly places: ReadonlyMap<string, TensorPlace>;
  readonly #file: number;

  /** @throws ToolkitError BAD_CHECKPOINT naming the path when it is missing, cut or no safetensors file. */
  constructor(path: string) {
    this.path = path;
    let file: number | undefined;
    try {
      file = openSync(path, 'r');
      const { size } = fstatSync(file);
      const json = 8 + headerBytes(readRange(file, 0, 8));
      if (json > size) throw new Error(`its header ends at byte ${json}, the file has ${size}`);
      this.places = parseHeader(readRange(file, 8, json), size);
      this.#file = file;
    } catch (error) {
      if (file !== undefined) closeSync(file);
      throw notWhole(path, error);
    }
  }

  /** Values of one tensor, of f16 and bf16 widened. @throws ToolkitError BAD_CHECKPOINT when there is none such. */
  read(name: string): Float32Array<ArrayBuffer> {
    const place = this.places.get(name);
    const widen = WIDENED[place?.dtype as keyof typeof WIDENED];
    if (place === undefined || widen === undefined) {
      throw notWhole(this.path, new Error(`tensor ${name}: ${place?.dtype ?? 'missing'}, expected F32, F16 or BF16`));
    }
    return widen(readRange(this.#file, place.from, place.to).buffer);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** The first tensor with weights that are no numbers, as a message; reads them all. @throws ToolkitError BAD_CHECKPOINT */
export function notNumbers(path: string): string | undefined {
  const file = new TensorFile(path);
  try {
    for (const name of file.places.keys()) {
      const values = file.read(name);
      const bad = countNotFinite(values);
      if (bad > 0) return `tensor ${name}: ${bad} of ${values.length} weights are no finite numbers`;
    }
  } finally {
    file.close();
  }
}

function readRange(file: number, from: number, to: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(to - from);
  for (let at = 0; at < bytes.length; ) {
    const read = readSync(file, bytes, at, Math.min(CHUNK_BYTES, bytes.length - at), from + at);
    if (read === 0) throw new Error(`ends at byte ${from + at}, expected at least ${to}`);
    at += read;
  }
  return bytes;
}

/** xxhash64 of an open file of so many bytes. */
export function fileChecksum(file: number, size: number): string {
  const checksum = createChecksum();
  for (let at = 0; at < size; at += CHUNK_BYTES) {
    checksum.update(readRange(file, at, Math.min(size, at + CHUNK_BYTES)));
  }
  return checksum.digest();
}

/** Size and checksum of a file as it is. */
export function factsOf(path: string): FileFacts {
  const file = openSync(path, 'r');
  try {
    const bytes = fstatSync(file).size;
    return { bytes, checksum: fileChecksum(file, bytes) };
  } finally {
    closeSync(file);
  }
}

/** Why a file is not what was written: `undefined` when it is. */
export function damageOf(path: string, { bytes, checksum }: FileFacts): string | undefined {
  if (!existsSync(path)) return 'is missing';
  const { size } = statSync(path);
  if (size !== bytes) return `has ${size} bytes, expected ${bytes}`;
  const { checksum: digest } = factsOf(path);
  return digest === checksum ? undefined : `has checksum ${digest}, expected ${checksum}`;
}
