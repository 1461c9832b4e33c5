/**
 * JSON lines, one document a line: `text`, and where known `id`, `url`, `title`, `licence` (or `license`), `source`,
 * `fetched_at`, and under the key that is named for it what was said of its use (`fields.ts`). Other keys are ignored.
 * Lines that are none are passed over and, when all others were read, the fault of the file.
 */
import { isUtf8 } from 'node:buffer';
import { closeSync, openSync, readSync } from 'node:fs';
import { badInput } from '../shell/errors.ts';
import { ByteReader } from '../warc/byte-reader.ts';
import { fileInput } from '../warc/file-input.ts';
import { unpack } from '../warc/gzip.ts';
import { BadRows, ROW_HINT } from './bad-rows.ts';
import { decodeEscaped } from './escaped-utf8.ts';
import { BadRow, lookIn, pageOfRow } from './fields.ts';
import { parseObject } from './json-rows.ts';
import { changedAt, GUESSED, type Source } from './source.ts';

const MAX_LINE_BYTES = 64 * 2 ** 20;

export const jsonl: Source = {
  endings: ['.jsonl', '.ndjson'].flatMap((ending) => ['', '.gz', '.zst'].map((packed) => ending + packed)),
  async *read(file, context) {
    const { signal, note, onRead, from = 0, to = Number.POSITIVE_INFINITY } = context;
    // A line belongs to whoever reads the byte at which it begins: the one before tells whether that is one.
    const reader = new ByteReader(from === 0 ? unpack(file.path, signal, onRead) : partOf(file.path, from - 1, signal));
    const base = from === 0 ? 0 : from - 1;
    const before = linesBefore(file.path, from);
    const fetchedAt = changedAt(file);
    const bad = new BadRows('line');
    const foreign = new BadRows('line');
    try {
      if (from > 0) while ((await reader.readLine(MAX_LINE_BYTES))?.length === MAX_LINE_BYTES);
      for (let number = before + 1; ; number++) {
        const line = await reader.readLine(MAX_LINE_BYTES);
        if (signal?.aborted) return;
        if (line === undefined || base + reader.lineStart >= to) break;
        try {
          if (line.length === MAX_LINE_BYTES) {
            while ((await reader.readLine(MAX_LINE_BYTES))?.length === MAX_LINE_BYTES);
            throw new BadRow(`longer than ${MAX_LINE_BYTES} bytes`);
          }
          const isForeign = !isUtf8(line);
          if (isForeign) foreign.add(number, '');
          const json = (isForeign ? decodeEscaped(line) : line.toString()).replace(/^\uFEFF/, '');
          if (json.trim() === '') continue;
          yield pageOfRow(lookIn(parseObject(json)), { file, number, fetchedAt }, context);
        } catch (error) {
          if (!(error instanceof BadRow)) throw error;
          bad.add(number, error.message);
        }
      }
    } catch (error) {
      if (bad.count > 0) note(bad.said(file));
      throw error;
    } finally {
      await reader.close();
      if (foreign.count > 0) {
        note(
          `${file.path}: lines with bytes that are not UTF-8: ${foreign.count}, first line ${foreign.first}; ${GUESSED}`,
        );
      }
    }
    if (bad.count > 0) throw badInput('BAD_JSON_LINE', bad.said(file), ROW_HINT);
  },
};

async function* partOf(path: string, start: number, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const input = fileInput(path, signal, undefined, { start, end: Number.POSITIVE_INFINITY });
  try {
    yield* input.rest(signal);
  } finally {
    await input.close();
  }
}

/** Lines that begin before a byte: a row without a name is called by its number. */
function linesBefore(path: string, end: number): number {
  const file = openSync(path, 'r');
  try {
    const chunk = Buffer.alloc(Math.min(end, 1 << 20));
    let [lines, last] = [0, 0x0a];
    for (let at = 0; at < end; ) {
      const count = readSync(file, chunk, 0, Math.min(chunk.length, end - at), at);
      if (count === 0) break;
      for (let i = chunk.indexOf(0x0a); i >= 0 && i < count; i = chunk.indexOf(0x0a, i + 1)) lines++;
      last = chunk[count - 1];
      at += count;
    }
    // The line that began before and ends behind is read by whoever reads its first byte.
    return last === 0x0a ? lines : lines + 1;
  } finally {
    closeSync(file);
  }
}
