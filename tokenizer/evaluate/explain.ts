/** A text cut into its tokens, for people to look at. */
import { printable } from '../../crawlers/shell/errors.ts';
import type { Tokenizer } from '../load.ts';

export interface Piece {
  readonly id: number;
  /** The token's text; `⟨e1 ba⟩` where its bytes are no whole characters. */
  readonly text: string;
}

const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function piecesOf(tokenizer: Tokenizer, text: string): Piece[] {
  return Array.from(tokenizer.encode(text), (id) => ({ id, text: readable(tokenizer.bytesOf(id)) }));
}

function readable(bytes: Uint8Array): string {
  try {
    return STRICT.decode(bytes);
  } catch {
    return `⟨${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')}⟩`;
  }
}

/** Background colours that neighbours do not share, dark letters on them. */
const COLOURS = [151, 153, 223, 217, 189];

/** Pieces in colour; without colour, with a bar before each. Line ends are shown as ⏎, control characters as `\u{…}`. */
export function paint(pieces: readonly Piece[], hasColour: boolean): string {
  const shown = pieces.map(({ text }) => printable(text.replace(/\r?\n/g, '⏎').replace(/\t/g, '⇥')));
  if (!hasColour) return shown.map((text) => `▏${text}`).join('');
  return shown.map((text, i) => `\x1b[30;48;5;${COLOURS[i % COLOURS.length]}m${text}\x1b[0m`).join('');
}
