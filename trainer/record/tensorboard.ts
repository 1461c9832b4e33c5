/**
 * TensorBoard's event files (tensorboard/compat/proto/event.proto, TFRecord framing), scalars only:
 *
 *   record  │ u64 length │ u32 masked CRC of length │ event │ u32 masked CRC of event │
 *   event   │ 1: double wall_time │ 2: int64 step │ 3: string file_version  or  5: summary  or  7: session_log │
 *   summary │ 1: value { 1: string tag, 2: float simple_value } … │
 *
 * CRC is CRC-32C (Castagnoli), masked so that a CRC of data that holds CRCs stays a good one.
 */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 255] ^ (crc >>> 8);
  return (crc ^ 0xffffffff) >>> 0;
}

/** First record of every file. */
export const fileVersionEvent = (wallSeconds: number): Uint8Array<ArrayBuffer> =>
  record([...wallTime(wallSeconds), ...bytesField(3, utf8('brain.Event:2'))]);

/** A run goes on at `step`: what earlier files have from there on is dropped by the reader. */
export const sessionStartEvent = (wallSeconds: number, step: number): Uint8Array<ArrayBuffer> =>
  record([...wallTime(wallSeconds), ...varintField(2, step), ...bytesField(7, varintField(1, 1))]);

/** One step's figures by tag. */
export function scalarsEvent(
  wallSeconds: number,
  step: number,
  scalars: Readonly<Record<string, number>>,
): Uint8Array<ArrayBuffer> {
  const summary = Object.entries(scalars).flatMap(([tag, value]) =>
    bytesField(1, [...bytesField(1, utf8(tag)), ...floatField(2, value)]),
  );
  return record([...wallTime(wallSeconds), ...varintField(2, step), ...bytesField(5, summary)]);
}

function record(event: readonly number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(event.length + 16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(event.length), true);
  view.setUint32(8, masked(crc32c(bytes.subarray(0, 8))), true);
  bytes.set(event, 12);
  view.setUint32(12 + event.length, masked(crc32c(bytes.subarray(12, 12 + event.length))), true);
  return bytes;
}

const masked = (crc: number): number => (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;

const utf8 = (text: string): number[] => [...new TextEncoder().encode(text)];
const [VARINT, DOUBLE, BYTES, FLOAT] = [0, 1, 2, 5];
const key = (field: number, wire: number): number[] => varint(field * 8 + wire);
const varintField = (field: number, value: number): number[] => [...key(field, VARINT), ...varint(value)];
const bytesField = (field: number, bytes: readonly number[]): number[] => [
  ...key(field, BYTES),
  ...varint(bytes.length),
  ...bytes,
];
const floatField = (field: number, value: number): number[] => [
  ...key(field, FLOAT),
  ...new Uint8Array(Float32Array.of(value).buffer),
];
const wallTime = (seconds: number): number[] => [...key(1, DOUBLE), ...new Uint8Array(Float64Array.of(seconds).buffer)];

/** Non-negative integers up to 2^53. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
}
