/** Token ids in files: decimal numbers, the JSON lines of `encode --json`, or little-endian integers of 2 or 4 bytes. */
import { badInput, printable } from '../crawlers/errors.ts';

export const ID_FORMATS = ['text', 'u16', 'u32'] as const;
export type IdFormat = (typeof ID_FORMATS)[number];

/** What the ending of a file's name says. */
export const formatNamed = (file: string): IdFormat | undefined => ID_FORMATS.find((name) => file.endsWith(`.${name}`));

/**
 * @param file How errors call it.
 * @param vocabSize Ids in text are below it.
 * @throws ToolkitError BAD_TOKEN (exit 2).
 */
export function parseIds(bytes: Uint8Array, format: IdFormat, file: string, vocabSize: number): Iterable<number> {
  const fail = (fact: string): never => {
    throw badInput('BAD_TOKEN', `${file}: ${fact}`, 'other formats are asked for with --format u16 or u32');
  };
  if (format !== 'text') {
    const IdArray = format === 'u16' ? Uint16Array : Uint32Array;
    const each = IdArray.BYTES_PER_ELEMENT;
    if (bytes.length % each !== 0) fail(`${bytes.length} bytes, expected ids of ${each} bytes each`);
    return new IdArray(Uint8Array.from(bytes).buffer);
  }
  const text = Buffer.from(bytes).toString();
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
