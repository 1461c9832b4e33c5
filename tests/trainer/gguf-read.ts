/** A GGUF file read back, written against the format's description and not against our writer. */
export interface GgufFile {
  readonly keys: Readonly<Record<string, unknown>>;
  /** Sizes innermost first, as the file has them; data as f32. */
  readonly tensors: ReadonlyMap<
    string,
    { readonly sizes: number[]; readonly type: number; readonly data: Float32Array }
  >;
}

export function readGguf(bytes: Uint8Array): GgufFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  /** Moves on. @returns where it was. */
  const take = (count: number): number => {
    at += count;
    return at - count;
  };
  const u32 = (): number => view.getUint32(take(4), true);
  const u64 = (): number => Number(view.getBigUint64(take(8), true));
  const string = (): string => {
    const length = u64();
    const from = take(length);
    return new TextDecoder().decode(bytes.subarray(from, at));
  };
  const value = (type: number): unknown => {
    if (type === 4) return u32();
    if (type === 5) return view.getInt32(take(4), true);
    if (type === 6) return view.getFloat32(take(4), true);
    if (type === 7) return bytes[take(1)] === 1;
    if (type === 8) return string();
    if (type !== 9) throw new Error(`type ${type} at ${at}`);
    const inner = u32();
    return Array.from({ length: u64() }, () => value(inner));
  };
  if (new TextDecoder().decode(bytes.subarray(0, 4)) !== 'GGUF') throw new Error('no GGUF');
  at = 4;
  if (u32() !== 3) throw new Error('version');
  const [tensorCount, keyCount] = [u64(), u64()];
  const keys = Object.fromEntries(Array.from({ length: keyCount }, () => [string(), value(u32())]));
  const infos = Array.from({ length: tensorCount }, () => {
    const name = string();
    const sizes = Array.from({ length: u32() }, u64);
    return { name, sizes, type: u32(), offset: u64() };
  });
  const start = Math.ceil(at / 32) * 32;
  const tensors = infos.map(({ name, sizes, type, offset }) => {
    if (offset % 32 !== 0) throw new Error(`${name} is not aligned`);
    const count = sizes.reduce((a, b) => a * b, 1);
    const data = Float32Array.from({ length: count }, (_, i) =>
      type === 8
        ? fromHalf(view.getUint16(start + offset + 34 * Math.floor(i / 32), true)) *
          view.getInt8(start + offset + 34 * Math.floor(i / 32) + 2 + (i % 32))
        : type === 30
          ? new Float32Array(Uint32Array.of(view.getUint16(start + offset + i * 2, true) << 16).buffer)[0]
          : type === 0
            ? view.getFloat32(start + offset + i * 4, true)
            : fromHalf(view.getUint16(start + offset + i * 2, true)),
    );
    return [name, { sizes, type, data }] as const;
  });
  return { keys, tensors: new Map(tensors) };
}

/** IEEE 754 binary16, by its definition. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
}
