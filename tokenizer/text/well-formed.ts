/**
 * What is tokenized is always well-formed UTF-8 in NFC: bytes that are not UTF-8 become U+FFFD, as in every WHATWG
 * decoder, and decomposed text is composed. Text on disk is nearly always both already: one pass over the bytes says
 * so, and nothing is copied.
 */

import { nfc } from '../../cleaning/vietnamese/nfc.ts';
import { type Automaton, automatonOf } from './automaton.ts';
import { UNSTABLE, unicodeFacts } from './unicode.ts';

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });
const STRICT_DECODER = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });

/**
 * The same bytes when they need no change, else repaired ones. Lone surrogates of a string become U+FFFD.
 * @param stableUntil As the function below, from a place where a character begins.
 */
export function toWellFormed(
  text: Uint8Array | string,
  stableUntil: (bytes: Uint8Array, from: number) => number = stableUntilPlainly,
): Uint8Array {
  const bytes = typeof text === 'string' ? ENCODER.encode(text) : text;
  const parts: Uint8Array[] = [];
  let done = 0;
  let pieces = FEW_PIECES + bytes.length / BYTES_A_PIECE;
  for (let from = 0; ; ) {
    const at = stableUntil(bytes, from);
    if (at === bytes.length) break;
    const start = at > from ? headBefore(bytes, at) : at;
    from = nextStable(bytes, at);
    const composed = pieces-- > 0 ? composedPiece(bytes.subarray(start, from)) : undefined;
    if (composed === undefined) return ENCODER.encode(nfc(DECODER.decode(bytes)));
    if (composed === '') continue;
    parts.push(bytes.subarray(done, start), ENCODER.encode(composed));
    done = from;
  }
  return parts.length === 0 ? bytes : joined([...parts, bytes.subarray(done)]);
}

/** Where there are more, all of the text is composed at once. */
const FEW_PIECES = 8;
const BYTES_A_PIECE = 512;

/** A stable character and the others behind it, in NFC; '' when they are that already, undefined when they are not UTF-8. */
function composedPiece(bytes: Uint8Array): string | undefined {
  try {
    const text = STRICT_DECODER.decode(bytes);
    const composed = nfc(text);
    return composed === text ? '' : composed;
  } catch {
    return undefined;
  }
}

function headBefore(bytes: Uint8Array, end: number): number {
  let at = end - 1;
  while (at > 0 && (bytes[at] & 0xc0) === 0x80) at--;
  return at;
}

/** Where the first stable character behind the one at `at` begins. */
function nextStable(bytes: Uint8Array, at: number): number {
  const { transitions, stop } = stableCharacters();
  for (let head = at + 1; head < bytes.length; head++) {
    let state = transitions[bytes[head]];
    for (let i = head + 1; state !== 0 && state !== stop; i++) state = transitions[(state << 8) | (bytes[i] ?? 0)];
    if (state === 0) return head;
  }
  return bytes.length;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

let stable: Automaton | undefined;

/** The characters that NFC leaves alone wherever they stand. */
export function stableCharacters(): Automaton {
  stable ??= automatonOf(unicodeFacts(), (facts) => (facts & UNSTABLE) === 0);
  return stable;
}

/**
 * Where the first character stands that can change under NFC (it need not), or the first byte that is not UTF-8; the
 * length of the text when none does.
 */
export function stableUntilPlainly(bytes: Uint8Array, from: number): number {
  const { transitions, stop } = stableCharacters();
  let state = 0;
  let head = from;
  for (let at = from; at < bytes.length; ) {
    state = transitions[(state << 8) | bytes[at]];
    if (state === stop) return head;
    at++;
    if (state === 0) head = at;
  }
  return head;
}
