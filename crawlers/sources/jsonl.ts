/**
 * JSON lines, one document a line: `text`, and where known `id`, `url`, `title`, `licence` (or `license`), `source`,
 * `fetched_at`, and under the key that is named for it what was said of its use (`fields.ts`). Other keys are ignored.
 * Lines that are none are passed over and, when all others were read, the fault of the file.
 */
import { isUtf8 } from 'node:buffer';
import { badInput } from '../shell/errors.ts';
import { ByteReader } from '../warc/byte-reader.ts';
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
    const { signal, note, onRead } = context;
    const reader = new ByteReader(unpack(file.path, signal, onRead));
    const fetchedAt = changedAt(file);
    const bad = new BadRows('line');
    const foreign = new BadRows('line');
    try {
      for (let number = 1; ; number++) {
        const line = await reader.readLine(MAX_LINE_BYTES);
        if (signal?.aborted) return;
        if (line === undefined) break;
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
