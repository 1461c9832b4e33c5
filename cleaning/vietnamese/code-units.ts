/**
 * The UTF-16 code units of a text as an array. A loop over them costs a fraction of one over `charCodeAt`, which finds out
 * for every character how its string is kept (flat, cut from another, put together of two).
 */
let buffer: Buffer = Buffer.alloc(0);
let units = new Uint16Array(0);
/** Memory for a longer text than this is let go when the next one comes. */
const MAX_KEPT = 1 << 20;

/** Units of `text`, and behind them others: valid until the next call. */
export function codeUnits(text: string): Uint16Array {
  if (text.length > MAX_KEPT) return unitsOf(text, new Uint16Array(text.length));
  if (units.length < text.length)
    units = new Uint16Array(Math.max(text.length, 1 << 16, Math.min(2 * text.length, MAX_KEPT)));
  return unitsOf(text, units);
}

function unitsOf(text: string, into: Uint16Array): Uint16Array {
  if (buffer.buffer !== into.buffer) buffer = Buffer.from(into.buffer);
  buffer.write(text, 'utf16le');
  return into;
}
