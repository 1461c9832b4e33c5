/** Structs in the compact protocol of Thrift, as far as Parquet writes them. */
export type ThriftValue =
  | { readonly i32: number }
  | { readonly i64: number }
  | { readonly text: string }
  | { readonly list: readonly ThriftStruct[] }
  | { readonly numbers: readonly number[] }
  | { readonly texts: readonly string[] }
  | { readonly struct: ThriftStruct };
/** By the number of the field, ascending; `undefined` is left out. */
export type ThriftStruct = readonly (readonly [field: number, value: ThriftValue | undefined])[];

const [I32, I64, BINARY, LIST, STRUCT] = [5, 6, 8, 9, 12];

export function thriftBytes(struct: ThriftStruct): Buffer {
  const bytes: number[] = [];
  writeStruct(bytes, struct);
  return Buffer.from(bytes);
}

function writeStruct(bytes: number[], struct: ThriftStruct): void {
  let last = 0;
  for (const [field, value] of struct) {
    if (value === undefined) continue;
    const type =
      'i32' in value ? I32 : 'i64' in value ? I64 : 'text' in value ? BINARY : 'struct' in value ? STRUCT : LIST;
    bytes.push(((field - last) << 4) | type);
    last = field;
    writeValue(bytes, value);
  }
  bytes.push(0);
}

function writeValue(bytes: number[], value: ThriftValue): void {
  if ('i32' in value) writeNumber(bytes, value.i32);
  else if ('i64' in value) writeNumber(bytes, value.i64);
  else if ('text' in value) writeText(bytes, value.text);
  else if ('struct' in value) writeStruct(bytes, value.struct);
  else if ('list' in value) writeList(bytes, STRUCT, value.list, writeStruct);
  else if ('numbers' in value) writeList(bytes, I32, value.numbers, writeNumber);
  else writeList(bytes, BINARY, value.texts, writeText);
}

function writeList<T>(
  bytes: number[],
  type: number,
  items: readonly T[],
  write: (bytes: number[], item: T) => void,
): void {
  if (items.length < 15) bytes.push((items.length << 4) | type);
  else {
    bytes.push(0xf0 | type);
    writeUnsigned(bytes, items.length);
  }
  for (const item of items) write(bytes, item);
}

/** Zigzag; beyond 32 bits by division, as shifts would cut. */
const writeNumber = (bytes: number[], value: number): void =>
  writeUnsigned(bytes, value < 0 ? -2 * value - 1 : 2 * value);

function writeUnsigned(bytes: number[], value: number): void {
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) | 128);
  bytes.push(left);
}

function writeText(bytes: number[], text: string): void {
  const utf8 = Buffer.from(text);
  writeUnsigned(bytes, utf8.length);
  bytes.push(...utf8);
}
