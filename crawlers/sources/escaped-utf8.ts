/**
 * UTF-8 with foreign bytes in it, as text that keeps them: each byte that is no part of a character becomes the lone
 * surrogate U+DC80…U+DCFF (Python calls this surrogateescape). So one bad byte spoils one field of a line, not the line.
 * Runs are bounded: the stack of regular expressions is.
 */
const CHARACTERS_OR_BYTE =
  /(?:[\0-\x7f]|[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}){1,500}|[\x80-\xff]/g;
const ESCAPED = /[\udc80-\udcff]/u; // with `u`: alone, not as half of a pair
const byteOf = (escaped: string): number => escaped.charCodeAt(0) - 0xdc00;

export const decodeEscaped = (bytes: Buffer): string =>
  bytes
    .toString('latin1')
    .replace(CHARACTERS_OR_BYTE, (part) =>
      part.length > 1 || part < '\x80'
        ? Buffer.from(part, 'latin1').toString()
        : String.fromCharCode(0xdc00 + part.charCodeAt(0)),
    );

/** The bytes that `decodeEscaped` was given. */
export const encodeEscaped = (text: string): Buffer =>
  Buffer.from(
    text.replace(/[\udc80-\udcff]|[^\udc80-\udcff]{1,500}/gu, (part) =>
      ESCAPED.test(part) ? String.fromCharCode(byteOf(part)) : Buffer.from(part).toString('latin1'),
    ),
    'latin1',
  );

export const hasEscaped = (text: string): boolean => ESCAPED.test(text);

/** For names, which must be text and must differ: `bài %A1`. */
export const percentEscaped = (text: string): string =>
  text.replace(/[\udc80-\udcff]/gu, (byte) => `%${byteOf(byte).toString(16).toUpperCase()}`);

/** For reading: U+FFFD. */
export const replaceEscaped = (text: string): string => text.replace(/[\udc80-\udcff]/gu, '\uFFFD');

/** Where the first foreign byte stands. */
export const firstForeignByte = (bytes: Buffer): number => Buffer.byteLength(decodeEscaped(bytes).split(ESCAPED, 1)[0]);
