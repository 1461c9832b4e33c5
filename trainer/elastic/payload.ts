/**
 * What goes over the network: changes of weights in half precision or in bytes. Values stand in blocks of BLOCK, each
 * over its largest magnitude, so that no change is too small for the format:
 *
 *   scales  f32 × blocks │ values  f16 or i8 × count
 *
 * What rounding leaves out is kept by whoever sends and added to the next one (error feedback; Seide et al. 2014), so
 * nothing is lost in the long run. Numbers alone: the same on every machine, to the bit.
 */
import { badInput, ToolkitError } from '../../crawlers/shell/errors.ts';
import { checksumOf } from '../../shards/checksum.ts';
import { fromHalf, toHalf } from '../gpu/half.ts';
import type { Payload } from './log.ts';

const BLOCK = 256;
const BYTES: Readonly<Record<Payload, number>> = { f16: 2, int8: 1 };

/** Bytes of so many values. */
export const payloadBytes = (count: number, payload: Payload): number =>
  4 * Math.ceil(count / BLOCK) + BYTES[payload] * count;

/**
 * @param left What earlier ones left out [values.length]; becomes what this one leaves out.
 * @throws ToolkitError NAN_LOSS when a value is not finite
 */
export function encode(values: Float32Array, payload: Payload, left?: Float32Array): Uint8Array<ArrayBuffer> {
  const count = values.length;
  const sent = left ? values.map((value, i) => value + left[i]) : values;
  const bytes = new Uint8Array(payloadBytes(count, payload));
  const scales = new Float32Array(bytes.buffer, 0, Math.ceil(count / BLOCK));
  for (let block = 0; block < scales.length; block++) {
    let largest = 0;
    for (let i = block * BLOCK; i < Math.min(count, (block + 1) * BLOCK); i++) {
      if (!Number.isFinite(sent[i])) throw notFinite(i, sent[i]);
      largest = Math.max(largest, Math.abs(sent[i]));
    }
    scales[block] = largest;
  }
  const shares = new Float32Array(count); // of the block's largest: −1 … 1
  for (let i = 0; i < count; i++) shares[i] = scales[(i / BLOCK) | 0] === 0 ? 0 : sent[i] / scales[(i / BLOCK) | 0];
  if (payload === 'f16') new Uint16Array(bytes.buffer, scales.byteLength).set(toHalf(shares));
  else new Int8Array(bytes.buffer, scales.byteLength).set(shares.map((share) => Math.round(share * 127)));
  if (left) {
    const arrived = decode(bytes, count, payload);
    for (let i = 0; i < count; i++) left[i] = sent[i] - arrived[i];
  }
  return bytes;
}

const notFinite = (at: number, value: number): ToolkitError =>
  new ToolkitError({
    code: 'NAN_LOSS',
    message: `weight ${at} moved by ${value}, expected a finite number`,
    hint: 'a smaller --learning-rate or --clip, in another --out',
  });

/** @throws ToolkitError BAD_INPUT when the bytes are not those of `count` values */
export function decode(bytes: Uint8Array, count: number, payload: Payload): Float32Array<ArrayBuffer> {
  if (bytes.length !== payloadBytes(count, payload)) {
    throw badInput('BAD_INPUT', `${bytes.length} bytes, expected ${payloadBytes(count, payload)}`);
  }
  const own = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  const scales = new Float32Array(own.buffer, own.byteOffset, Math.ceil(count / BLOCK));
  const at = own.byteOffset + scales.byteLength;
  const values = new Float32Array(count);
  if (payload === 'f16') values.set(fromHalf(new Uint16Array(own.buffer, at, count)));
  else values.set(new Int8Array(own.buffer, at, count));
  const over = payload === 'f16' ? 1 : 127;
  for (let i = 0; i < count; i++) values[i] *= scales[(i / BLOCK) | 0] / over;
  return values;
}

/** Plain facts and numbers as one object, which arrives whole or not at all: u32 length │ JSON │ to 4 │ body. */
export function seal(facts: object, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(JSON.stringify({ ...facts, checksum: checksumOf(body) }));
  const at = 4 + Math.ceil(json.length / 4) * 4;
  const bytes = new Uint8Array(at + body.length);
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  bytes.set(json, 4);
  bytes.set(body, at);
  return bytes;
}

/** @throws ToolkitError BAD_INPUT naming the object when it was cut or has rotted */
export function unseal<Facts>(bytes: Uint8Array, name: string): { facts: Facts; body: Uint8Array } {
  const length = bytes.length < 4 ? 0 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const body = bytes.subarray(4 + Math.ceil(length / 4) * 4);
  try {
    const facts = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
    if (facts.checksum === checksumOf(body)) return { facts, body };
  } catch {} // said below
  throw badInput('BAD_INPUT', `${name}: its ${bytes.length} bytes are not those that were written (checksum)`);
}
