/** A file as a stream, and a stream of text in slices whose ids, one after the other, are those of the whole. */
import { createReadStream } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';

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

/**
 * Bytes of a file, of standard input where it is called `-`: as a stream, so that Ctrl-C is heard while standard input says nothing.
 * @throws ToolkitError BAD_INPUT (exit 2); an AbortError.
 */
export async function* chunksOf(file: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    yield* addAbortSignal(signal, file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 2 ** 20 }));
  } catch (error) {
    if (signal.aborted) throw error;
    throw badInput('BAD_INPUT', `${file}: ${reasonOf(error)}`, 'give a file that can be read', error);
  }
}
