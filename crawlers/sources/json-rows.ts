/** JSON as programs write it: objects whose long integers stay exact, and values that stand one behind the other. */
import { reasonOf } from '../shell/errors.ts';
import { BadRow, nameOfType } from './fields.ts';

/** Integers that a double does not hold to the last digit: ids of posts are such. */
const LONG_INTEGER = /[:[,\s]-?\d{16,}(?![\d.eE])/;
/** A string whole, so that what stands in it is left alone; or a number, or what Python and others write for one. */
const OUTSIDE_STRINGS = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|-?\bInfinity\b|\bNaN\b/g;
const quoteLong = (found: string): string => (/^-?\d{16,}$/.test(found) ? `"${found}"` : found);
const noNumber = (found: string): string => (/^(NaN|-?Infinity)$/.test(found) ? 'null' : found);

/** @throws BadRow what is no object */
export function parseObject(json: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(LONG_INTEGER.test(json) ? json.replace(OUTSIDE_STRINGS, quoteLong) : json);
  } catch (error) {
    try {
      value = JSON.parse(json.replace(OUTSIDE_STRINGS, quoteLong).replace(OUTSIDE_STRINGS, noNumber));
    } catch {
      throw new BadRow(reasonOf(error));
    }
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new BadRow(`${nameOfType(value)}, expected an object`);
}

/** A value and the line on which it begins, from 1; `undefined` for one that is longer than the limit. */
export interface JsonText {
  readonly line: number;
  readonly bytes: Buffer | undefined;
}

const [QUOTE, BACKSLASH, COMMA, NEWLINE] = [0x22, 0x5c, 0x2c, 0x0a];
const isOpen = (byte: number): boolean => byte === 0x7b || byte === 0x5b;
const isClose = (byte: number): boolean => byte === 0x7d || byte === 0x5d;
const isSpace = (byte: number): boolean => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);

/**
 * Objects of a file of JSON: the elements of an array, or values one behind the other, on lines or over several.
 * @throws BadRow where the file ends in the middle of one
 */
export async function* objectsOf(chunks: AsyncIterable<Buffer>, limit: number): AsyncGenerator<JsonText> {
  let [depth, base, line, begun] = [0, 0, 1, 1];
  let isInString = false;
  let isEscaped = false;
  let isFirst = true;
  let parts: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let start = depth > base ? 0 : -1;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (byte === NEWLINE) line++;
      if (isInString) {
        if (isEscaped) isEscaped = false;
        else if (byte === BACKSLASH) isEscaped = true;
        else if (byte === QUOTE) isInString = false;
        continue;
      }
      if (byte === QUOTE) isInString = true;
      if (isOpen(byte)) {
        if (isFirst && byte === 0x5b) base = 1;
        else if (depth === base) [start, begun] = [at, line];
        depth++;
      } else if (isClose(byte)) {
        depth--;
        if (depth === base && start >= 0) {
          if (length + at + 1 - start <= limit) parts.push(chunk.subarray(start, at + 1));
          const isWhole = length + at + 1 - start <= limit;
          yield { line: begun, bytes: isWhole ? Buffer.concat(parts) : undefined };
          parts = [];
          [start, length] = [-1, 0];
        }
        if (depth < base) [base, depth] = [0, 0];
      } else if (depth === base && !isSpace(byte) && byte !== COMMA && !(isFirst && isMark(byte))) {
        throw new BadRow(`line ${line}: ${JSON.stringify(chunk.toString('utf8', at, at + 20))}, expected an object`);
      }
      if (!isSpace(byte) && !isMark(byte)) isFirst = false;
    }
    if (start >= 0) {
      length += chunk.length - start;
      if (length <= limit) parts.push(Buffer.from(chunk.subarray(start)));
    }
  }
  if (depth > 0) throw new BadRow(`line ${begun}: the file ends inside what begins here`);
}

/** Of the mark that some editors write before the first character. */
const isMark = (byte: number): boolean => byte >= 0xbb;
