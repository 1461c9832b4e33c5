/** A stream of text in slices whose ids, one after the other, are those of the whole. */

/** A slice has about this many bytes. */
const SLICE_BYTES = 2 ** 24;

/**
 * Cuts behind a line end that a visible character of ASCII follows: no pretoken, no character and no composition reaches
 * across. Text without such a place is one slice, however long.
 * @returns at least one slice, which may be empty
 */
export async function* slicesOf(chunks: AsyncIterable<Uint8Array>, bytes = SLICE_BYTES): AsyncGenerator<Uint8Array> {
  let pending: Uint8Array[] = [];
  let length = 0;
  let wanted = bytes;
  for await (const chunk of chunks) {
    pending.push(chunk);
    length += chunk.length;
    if (length < wanted) continue;
    const text = Buffer.concat(pending);
    const cut = lastCut(text);
    if (cut > 0) yield text.subarray(0, cut);
    pending = [text.subarray(cut)];
    length -= cut;
    wanted = cut > 0 ? bytes : 2 * length;
  }
  yield Buffer.concat(pending);
}

function lastCut(text: Uint8Array): number {
  for (let at = text.length - 1; at > 0; at--) {
    if (text[at - 1] === 0x0a && text[at] > 0x20 && text[at] < 0x7f) return at;
  }
  return 0;
}
