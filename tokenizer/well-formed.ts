/**
 * What is tokenized is always well-formed UTF-8 in NFC: bytes that are not UTF-8 become U+FFFD, as every decoder of the
 * WHATWG kind does it, and decomposed text is composed. Vietnamese text on disk is nearly always both already, so one
 * pass over the bytes says so and nothing is copied.
 */
import { UNSTABLE, unicodeFacts } from './unicode.ts';

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

/** The same bytes when they are well-formed NFC already, else repaired ones. Lone surrogates in a string are U+FFFD. */
export function toWellFormed(text: Uint8Array | string): Uint8Array {
  const bytes = typeof text === 'string' ? ENCODER.encode(text) : text;
  if (isWellFormed(bytes)) return bytes;
  return ENCODER.encode(DECODER.decode(bytes).normalize('NFC'));
}

/** True for UTF-8 in which no character can change under NFC; false also for some text that is NFC. */
export function isWellFormed(bytes: Uint8Array): boolean {
  const { blockOf, facts } = unicodeFacts();
  const end = bytes.length;
  let at = 0;
  while (at < end) {
    const lead = bytes[at]!;
    if (lead < 0x80) {
      at++;
      continue;
    }
    // The bytes allowed in second place: not for overlong forms, surrogates, or beyond U+10FFFF.
    let lowest = 0x80;
    let highest = 0xbf;
    let width = 2;
    let block = lead & 31;
    if (lead >= 0xe0) {
      if (lead < 0xf0) {
        width = 3;
        block = lead & 15;
        if (lead === 0xe0) lowest = 0xa0;
        else if (lead === 0xed) highest = 0x9f;
      } else {
        width = 4;
        block = lead & 7;
        if (lead === 0xf0) lowest = 0x90;
        else if (lead === 0xf4) highest = 0x8f;
        else if (lead > 0xf4) return false;
      }
    } else if (lead < 0xc2) return false;
    if (at + width > end) return false;
    const second = bytes[at + 1]!;
    if (second < lowest || second > highest) return false;
    let low = second & 63;
    for (let i = 2; i < width; i++) {
      const byte = bytes[at + i]!;
      if ((byte & 0xc0) !== 0x80) return false;
      block = (block << 6) | low;
      low = byte & 63;
    }
    if ((facts[(blockOf[block]! << 6) | low]! & UNSTABLE) !== 0) return false;
    at += width;
  }
  return true;
}
