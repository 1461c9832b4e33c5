/**
 * A GGUF file, versions 2 and 3, to be read (export/gguf.ts has the layout): keys in memory, tensors one at a time, of f16, bf16
 * and Q8_0 widened.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { fromBrain, fromHalf } from '../gpu/half.ts';

const TYPES: Readonly<Record<number, string>> = {
  ...{ 0: 'F32', 1: 'F16', 2: 'Q4_0', 3: 'Q4_1', 6: 'Q5_0', 7: 'Q5_1', 8: 'Q8_0', 10: 'Q2_K', 11: 'Q3_K', 12: 'Q4_K' },
  ...{ 13: 'Q5_K', 14: 'Q6_K', 15: 'Q8_K', 16: 'IQ2_XXS', 20: 'IQ4_NL', 23: 'IQ4_XS', 30: 'BF16', 39: 'MXFP4' },
};
/** Q8_0: blocks of a scale of f16 and 32 numbers. */
const BLOCK = 32;
const BLOCK_BYTES = 2 + BLOCK;
const ELEMENT_BYTES: Readonly<Record<string, number>> = { F32: 4, F16: 2, BF16: 2, Q8_0: BLOCK_BYTES / BLOCK };
const READABLE = Object.keys(ELEMENT_BYTES).join(', ');
const CHUNK_BYTES = 1 << 20;
const ALIGN = 32;

export interface GgufPlace {
  /** As the model has it, [out, in]. */
  readonly shape: readonly number[];
  readonly type: string;
  /** In the file. */
  readonly from: number;
  readonly to: number;
}

export class GgufFile {
  readonly path: string;
  readonly keys: ReadonlyMap<string, unknown>;
  readonly places: ReadonlyMap<string, GgufPlace>;
  readonly #file: number;

  /** @throws ToolkitError BAD_CHECKPOINT (exit 2) naming the file: missing, cut, or none of these versions */
  constructor(path: string) {
    this.path = path;
    let file: number | undefined;
    try {
      file = openSync(path, 'r');
      this.#file = file;
      ({ keys: this.keys, places: this.places } = parse(new Cursor(file, fstatSync(file).size)));
    } catch (error) {
      if (file !== undefined) closeSync(file);
      throw badInput(
        'BAD_CHECKPOINT',
        `${path}: ${reasonOf(error)}`,
        'expected a whole GGUF file of version 2 or 3',
        error,
      );
    }
  }

  /** @throws ToolkitError NOT_IMPORTABLE (exit 2) naming a type that is not read here */
  read(name: string): Float32Array<ArrayBuffer> {
    const { from, to, type } = this.places.get(name)!;
    if (!(type in ELEMENT_BYTES))
      throw badInput(
        'NOT_IMPORTABLE',
        `${this.path}: tensor ${name} is ${type}, expected ${READABLE}`,
        'take the file in f16, bf16, f32 or Q8_0',
      );
    const bytes = new Uint8Array(to - from);
    for (let at = 0; at < bytes.length; )
      at += readSync(this.#file, bytes, at, Math.min(1 << 24, bytes.length - at), from + at);
    if (type === 'F32') return new Float32Array(bytes.buffer);
    if (type === 'Q8_0') return fromQ8(bytes);
    const halves = new Uint16Array(bytes.buffer);
    return type === 'F16' ? fromHalf(halves) : fromBrain(halves);
  }

  close(): void {
    closeSync(this.#file);
  }
}

function fromQ8(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const values = new Float32Array((bytes.length / BLOCK_BYTES) * BLOCK);
  const view = new DataView(bytes.buffer);
  for (let at = 0, to = 0; at < bytes.length; at += BLOCK_BYTES, to += BLOCK) {
    const [scale] = fromHalf(Uint16Array.of(view.getUint16(at, true)));
    for (let i = 0; i < BLOCK; i++) values[to + i] = Math.fround(scale * view.getInt8(at + 2 + i));
  }
  return values;
}

function parse(cursor: Cursor) {
  if (cursor.text(4) !== 'GGUF') throw new Error('no GGUF');
  const version = cursor.u32();
  if (version !== 2 && version !== 3) throw new Error(`version ${version}`);
  const [tensors, count] = [cursor.count(), cursor.count()];
  const keys = new Map<string, unknown>();
  for (let i = 0; i < count; i++) keys.set(cursor.string(), cursor.value(cursor.u32()));
  const infos = Array.from({ length: tensors }, () => {
    const name = cursor.string();
    const dimensions = cursor.u32();
    if (dimensions > 4) throw new Error(`tensor ${name}: ${dimensions} dimensions`);
    const shape = Array.from({ length: dimensions }, () => cursor.count()).reverse();
    const type = cursor.u32();
    return { name, shape, type: TYPES[type] ?? `of type ${type}`, offset: cursor.count() };
  });
  const align = Number(keys.get('general.alignment') ?? ALIGN);
  const start = Math.ceil(cursor.at / align) * align;
  const places = infos.map(({ name, shape, type, offset }): [string, GgufPlace] => {
    const from = start + offset;
    const to = from + shape.reduce((product, size) => product * size, ELEMENT_BYTES[type] ?? 0);
    if (!Number.isInteger(to) || to > cursor.size)
      throw new Error(`tensor ${name} ends at byte ${to}, the file has ${cursor.size}`);
    return [name, { shape, type, from, to }];
  });
  return { keys, places: new Map(places) };
}

/** Reads on from the beginning of a file. */
class Cursor {
  at = 0;
  readonly size: number;
  readonly #file: number;
  #chunk = new Uint8Array(0);
  #from = 0;

  constructor(file: number, size: number) {
    [this.#file, this.size] = [file, size];
  }

  #take(count: number): DataView {
    if (count > this.size - this.at) throw new Error(`ends at byte ${this.size}, expected at least ${this.at + count}`);
    if (this.at + count > this.#from + this.#chunk.length) {
      const chunk = new Uint8Array(Math.min(Math.max(CHUNK_BYTES, count), this.size - this.at));
      for (let read = 0; read < chunk.length; )
        read += readSync(this.#file, chunk, read, chunk.length - read, this.at + read);
      [this.#chunk, this.#from] = [chunk, this.at];
    }
    const view = new DataView(this.#chunk.buffer, this.at - this.#from, count);
    this.at += count;
    return view;
  }

  u32 = (): number => this.#take(4).getUint32(0, true);
  text = (bytes: number): string => {
    const view = this.#take(bytes);
    return new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset, bytes));
  };
  string = (): string => this.text(this.count());

  /** A u64 that the file could hold. */
  count(): number {
    const value = Number(this.#take(8).getBigUint64(0, true));
    if (value > this.size)
      throw new Error(`a count of ${value} at byte ${this.at - 8}, the file has ${this.size} bytes`);
    return value;
  }

  value(type: number): unknown {
    switch (type) {
      case 0:
        return this.#take(1).getUint8(0);
      case 1:
        return this.#take(1).getInt8(0);
      case 2:
        return this.#take(2).getUint16(0, true);
      case 3:
        return this.#take(2).getInt16(0, true);
      case 4:
        return this.u32();
      case 5:
        return this.#take(4).getInt32(0, true);
      case 6:
        return this.#take(4).getFloat32(0, true);
      case 7:
        return this.#take(1).getUint8(0) === 1;
      case 8:
        return this.string();
      case 9: {
        const inner = this.u32();
        return Array.from({ length: this.count() }, () => this.value(inner));
      }
      case 10:
        return Number(this.#take(8).getBigUint64(0, true));
      case 11:
        return Number(this.#take(8).getBigInt64(0, true));
      case 12:
        return this.#take(8).getFloat64(0, true);
      default:
        throw new Error(`a value of type ${type} at byte ${this.at}`);
    }
  }
}
