/**
 * The attributes that extraction asks for, read out of the source of a tag. Most elements carry none of those that a
 * question is about, so which ones they carry is found once, and a value is cut out only when somebody wants it.
 */
/** One bit each. */
export const ATTRIBUTE = {
  class: 1,
  id: 2,
  style: 4,
  role: 8,
  type: 16,
  rel: 32,
  href: 64,
  itemprop: 128,
  hidden: 256,
  'aria-hidden': 512,
  align: 1024,
  face: 2048,
  colspan: 4096,
  rowspan: 8192,
  alt: 16384,
  'data-cfemail': 32768,
} as const;

export type AttributeName = keyof typeof ATTRIBUTE;

const bits = new Map<string, number>(Object.entries(ATTRIBUTE));
const LONGEST = Math.max(...[...bits.keys()].map(({ length }) => length));

/** Bits of the attributes in the source of a tag, its name cut off. */
export const attributesOf = (source: string): number => scan(source, 0);

/** Source of the value of the first attribute of that bit, which is there. */
export function valueIn(source: string, bit: number): string {
  scan(source, bit);
  return source.slice(valueStart, valueEnd);
}

/** Where the value of the attribute that `scan` stopped at stands. */
let valueStart = 0;
let valueEnd = 0;

/** Reads attributes up to the first of the bit that is wanted. Returns the bits of all that were seen. */
function scan(source: string, wanted: number): number {
  const { length } = source;
  let seen = 0;
  for (let at = 0; at < length; ) {
    while (at < length && endsName(source.charCodeAt(at))) at++;
    const name = at;
    while (at < length && !endsName(source.charCodeAt(at))) at++;
    const nameEnd = at;
    valueStart = nameEnd;
    valueEnd = nameEnd;
    let value = skipSpace(source, nameEnd);
    if (value < length && source.charCodeAt(value) === EQUALS) {
      value = skipSpace(source, value + 1);
      const quote = source.charCodeAt(value);
      if (quote === DOUBLE || quote === SINGLE) {
        const end = source.indexOf(quote === DOUBLE ? '"' : "'", value + 1);
        if (end >= 0) {
          valueStart = value + 1;
          valueEnd = end;
          at = end + 1;
        }
      } else {
        valueStart = value;
        while (value < length && !isSpace(source.charCodeAt(value))) value++;
        valueEnd = value;
        at = value;
      }
    }
    const bit = bitOf(source, name, nameEnd);
    seen |= bit;
    if (bit !== 0 && bit === wanted) break;
  }
  return seen;
}

function bitOf(source: string, start: number, end: number): number {
  if (end - start > LONGEST || end - start < 2) return 0;
  const name = source.slice(start, end);
  return bits.get(name) ?? (/[A-Z]/.test(name) ? bits.get(name.toLowerCase()) : undefined) ?? 0;
}

const EQUALS = 0x3d;
const DOUBLE = 0x22;
const SINGLE = 0x27;

/** `\s` of regular expressions, of a UTF-16 code unit. */
const isSpace = (code: number): boolean =>
  code <= 0x20 ? code === 0x20 || (code >= 9 && code <= 13) : code >= 0xa0 && /\s/.test(String.fromCharCode(code));

function skipSpace(source: string, from: number): number {
  let at = from;
  while (at < source.length && isSpace(source.charCodeAt(at))) at++;
  return at;
}

/** Space, quotes, `<`, `>`, `/` and `=` are no part of a name. */
const endsName = (code: number): boolean =>
  code < 0x3f ? code === DOUBLE || code === SINGLE || code === 0x2f || code >= 0x3c || isSpace(code) : isSpace(code);
