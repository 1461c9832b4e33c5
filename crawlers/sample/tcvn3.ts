/**
 * TCVN3 (ABC), the 8-bit encoding of Vietnamese pages in .VnTime fonts: small letters with marks, and seven capitals.
 * Other capitals with marks need a second font (.VnTimeH) and do not occur here.
 */
const LETTERS: readonly (readonly [firstByte: number, letters: string])[] = [
  [0xa1, 'ĂÂÊÔƠƯĐăâêôơưđ'],
  [0xb5, 'àảãáạ'],
  [0xbb, 'ằẳẵắ'],
  [0xc6, 'ặầẩẫấậè'],
  [0xce, 'ẻẽéẹềểễếệìỉ'],
  [0xdc, 'ĩíịò'],
  [0xe1, 'ỏõóọồổỗốộờởỡớợù'],
  [0xf1, 'ủũúụừửữứựỳỷỹýỵ'],
];
const BYTES = new Map(
  LETTERS.flatMap(([firstByte, letters]) => [...letters].map((letter, i) => [letter, firstByte + i] as const)),
);

/** @throws RangeError naming the first character that TCVN3 does not have. */
export function encodeTcvn3(text: string): Uint8Array {
  return Uint8Array.from([...text.normalize('NFC')], (character) => {
    const byte = character < '\x80' ? character.charCodeAt(0) : BYTES.get(character);
    if (byte === undefined) throw new RangeError(`TCVN3 has no ${JSON.stringify(character)}`);
    return byte;
  });
}
