/**
 * GPT-2's byte-level alphabet: every byte as one printable character, so that a vocabulary of byte strings can stand in
 * a JSON file. Bytes that are printable in Latin-1 stand for themselves, the other 68 are U+0100…U+0143.
 *
 * Ids of single bytes follow the order of these characters (`!` is 0, the space is 220), not the order of the bytes:
 * so do those of the HF trainer, and with them its ties.
 */
const isPrintable = (byte: number): boolean =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;

const BYTES = Array.from({ length: 256 }, (_, byte) => byte);

/** The byte of each single-byte id, 0…255. */
export const BYTE_OF_ID: Uint8Array = Uint8Array.from([
  ...BYTES.filter(isPrintable),
  ...BYTES.filter((byte) => !isPrintable(byte)),
]);

/** The single-byte id of each byte. */
export const ID_OF_BYTE: Uint8Array = new Uint8Array(256);
for (const [id, byte] of BYTE_OF_ID.entries()) ID_OF_BYTE[byte] = id;

const PRINTABLE = BYTES.filter(isPrintable).length;
const CHARACTER_OF_BYTE: readonly string[] = BYTES.map((byte) =>
  String.fromCharCode(isPrintable(byte) ? byte : 0x100 + ID_OF_BYTE[byte] - PRINTABLE),
);

/** Bytes as byte-level characters, one each: ` đi` → `ĠÄĳi`. */
export function toByteLevel(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += CHARACTER_OF_BYTE[byte];
  return text;
}

const BYTE_OF_CHARACTER = new Map(CHARACTER_OF_BYTE.map((character, byte) => [character, byte]));

/** The bytes of such a text; characters that stand for none are their own UTF-8. */
export function fromByteLevel(text: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of text) {
    const byte = BYTE_OF_CHARACTER.get(character);
    if (byte === undefined) bytes.push(...new TextEncoder().encode(character));
    else bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}
