const isMarkup = (byte: number): boolean => byte === 0x3c || byte === 0x20 || (byte >= 9 && byte <= 13);

/** UTF-16 by its mark, or, in markup without one, by the zeros in it. `isFirst`: what such text may begin with. */
export function wideEncodingOf(body: Uint8Array, isFirst = isMarkup): 'utf-16le' | 'utf-16be' | undefined {
  const [a, b, c, d] = body;
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  if (b === 0 && d === 0 && isFirst(a) && c > 0) return 'utf-16le';
  if (a === 0 && c === 0 && isFirst(b) && d > 0) return 'utf-16be';
  return undefined;
}
