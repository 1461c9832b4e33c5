/**
 * A file of JSON: an array of objects, objects one behind the other, or one that holds an array of them under a key
 * (`{"data": […]}`). Fields are those of JSON lines. What is JSON and no text (a config) is passed over in a folder.
 */
import { badInput } from '../shell/errors.ts';
import { unpack } from '../warc/gzip.ts';
import { BadRows } from './bad-rows.ts';
import { decodeEscaped } from './escaped-utf8.ts';
import { BadRow, type Look, lookIn, pageOfRow, pathsOf } from './fields.ts';
import { objectsOf, parseObject } from './json-rows.ts';
import { changedAt, countSkip, isGivenAlone, type ReadContext, type Source } from './source.ts';

const MAX_OBJECT_BYTES = 256 * 2 ** 20;

export const json: Source = {
  endings: ['.json', '.json.gz', '.json.zst'],
  async *read(file, context) {
    const { signal, onRead, note } = context;
    const fetchedAt = changedAt(file);
    const bad = new BadRows('line');
    let number = 0;
    try {
      for await (const { line, bytes } of objectsOf(unpack(file.path, signal, onRead), MAX_OBJECT_BYTES)) {
        if (signal?.aborted) return;
        try {
          if (bytes === undefined) throw new BadRow(`longer than ${MAX_OBJECT_BYTES} bytes`);
          for (const look of rowsOf(parseObject(decodeEscaped(bytes)), context)) {
            number++;
            yield pageOfRow(look, { file, number, fetchedAt }, context);
          }
        } catch (error) {
          if (!(error instanceof BadRow)) throw error;
          bad.add(line, error.message);
        }
      }
    } catch (error) {
      if (!(error instanceof BadRow)) {
        if (bad.count > 0) note(bad.said(file));
        throw error;
      }
      if (signal?.aborted) return;
      throw badInput('BAD_JSON', `${file.path}: ${error.message}`, 'the objects before were read');
    }
    if (bad.count === 0) return;
    const [name] = pathsOf('text', context);
    const isOther = bad.count >= number && !isGivenAlone(file);
    if (isOther) countSkip(context, `JSON without "${name}"`);
    else
      throw badInput('BAD_ROW', bad.said(file), `--text-field NAME says which field is the text; all others were read`);
  },
};

/** The object, or where it has no text, what stands in its arrays of objects. */
function* rowsOf(object: Record<string, unknown>, context: ReadContext): Generator<Look> {
  const look = lookIn(object);
  const isRow = pathsOf('text', context).some((path) => look(path) !== undefined);
  const lists = isRow ? [] : Object.values(object).filter((value) => Array.isArray(value) && value.every(isObject));
  if (lists.length === 0) yield look;
  for (const row of lists.flat()) yield lookIn(row as Record<string, unknown>);
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
