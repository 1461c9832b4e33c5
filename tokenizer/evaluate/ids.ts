/** Token ids in files: decimal numbers, the JSON lines of `encode --json`, or little-endian integers of 2 or 4 bytes. */
import { badInput, printable } from '../../crawlers/shell/errors.ts';

export const ID_FORMATS = ['text', 'u16', 'u32'] as const;
export type IdFormat = (typeof ID_FORMATS)[number];

/** What the ending of a file's name says. */
export const formatNamed = (file: string): IdFormat | undefined => ID_FORMATS.find((name) => file.endsWith(`.${name}`));

/** Ids in text are read as one string: no longer than this. */
const MAX_TEXT_BYTES = 2 ** 28;

/**
 * @param file How errors call it.
 * @param vocabSize Ids in text are below it.
 * @returns ids in their order, piece by piece
 * @throws ToolkitError BAD_TOKEN (exit 2).
 */
export async function* idsOf(
  chunks: AsyncIterable<Uint8Array>,
  format: IdFormat,
  file: string,
  vocabSize: number,
): AsyncGenerator<ArrayLike<number> & Iterable<number>> {
  const fail = (fact: string): never => {
    throw badInput('BAD_TOKEN', `${file}: ${fact}`, 'other formats are asked for with --format u16 or u32');
  };
  const each = format === 'u16' ? 2 : format === 'u32' ? 4 : 0;
  let pending: Uint8Array[] = [];
  let read = 0;
  for await (const chunk of chunks) {
    if (each > 0 && pending.length > 0) {
      const bytes = Buffer.concat(pending);
      const whole = bytes.length - (bytes.length % each);
      if (whole > 0) yield integersIn(bytes.subarray(0, whole), each);
      pending = [bytes.subarray(whole)];
    }
    pending.push(chunk);
    read += chunk.length;
    if (each === 0 && read > MAX_TEXT_BYTES) fail(`more than ${MAX_TEXT_BYTES} bytes of numbers, expected u16 or u32`);
  }
  const bytes = Buffer.concat(pending);
  if (each === 0) yield numbersIn(bytes.toString(), vocabSize, fail);
  else if (read % each !== 0) fail(`${read} bytes, expected ids of ${each} bytes each`);
  else yield integersIn(bytes, each);
}

const integersIn = (bytes: Uint8Array, each: number): Uint16Array | Uint32Array => {
  const { buffer } = Uint8Array.from(bytes);
  return each === 2 ? new Uint16Array(buffer) : new Uint32Array(buffer);
};

function numbersIn(text: string, vocabSize: number, fail: (fact: string) => never): number[] {
  const words = /^\s*\{/.test(text)
    ? text.split('\n').flatMap((line) => idsInJson(line, fail))
    : text.split(/[\s,[\]]+/);
  return words.filter(Boolean).map((word) => {
    if (/^\d+$/.test(word) && Number(word) < vocabSize) return Number(word);
    return fail(`"${printable(word.slice(0, 40))}", expected decimal token ids from 0 to ${vocabSize - 1}`);
  });
}

/** The numbers of `{"ids": […]}`, as text. */
function idsInJson(line: string, fail: (fact: string) => never): string[] {
  if (line.trim() === '') return [];
  try {
    return (JSON.parse(line) as { ids: unknown[] }).ids.map(String);
  } catch {
    return fail(`${printable(line.slice(0, 40))}, expected lines of {"ids": […]}`);
  }
}
