/**
 * What is tokenized is always well-formed UTF-8 in NFC: bytes that are not UTF-8 become U+FFFD, as in every WHATWG
 * decoder, and decomposed text is composed. Text on disk is nearly always both already: one pass over the bytes says
 * so, and nothing is copied.
 */
import { type Automaton, automatonOf } from './automaton.ts';
import { toNfc } from './nfc.ts';
import { UNSTABLE, unicodeFacts } from './unicode.ts';

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder('utf-8', { ignoreBOM: true });

/** The same bytes when they need no change, else repaired ones. Lone surrogates of a string become U+FFFD. */
export function toWellFormed(text: Uint8Array | string): Uint8Array {
  const bytes = typeof text === 'string' ? ENCODER.encode(text) : text;
  if (isWellFormed(bytes)) return bytes;
  return ENCODER.encode(toNfc(DECODER.decode(bytes)));
}

let stable: Automaton | undefined;

/** The characters that NFC leaves alone wherever they stand. */
export function stableCharacters(): Automaton {
  stable ??= automatonOf(unicodeFacts(), (facts) => (facts & UNSTABLE) === 0);
  return stable;
}

/** True for UTF-8 in which no character can change under NFC; false also for some text that is NFC. */
export function isWellFormed(bytes: Uint8Array): boolean {
  const { transitions, stop } = stableCharacters();
  let state = 0;
  for (let at = 0; at < bytes.length; at++) {
    state = transitions[(state << 8) | bytes[at]!]!;
    if (state === stop) return false;
  }
  return state === 0;
}
