/**
 * Text that was read as Latin-1 or windows-1252 somewhere on its way: UTF-8 (`Tiáº¿ng`), TCVN3 (`TiÕng`), VNI (`Tieáng`),
 * VISCII, VPS. A line that is UTF-8 when its characters are taken for bytes, and then reads as Vietnamese syllables, is
 * proof enough by itself; the older encodings are known by the words of all damaged lines together (legacy.ts).
 */

import { dropPiledMarks, nfc } from '../vietnamese/nfc.ts';
import { parseSyllable } from '../vietnamese/syllables.ts';
import { isFunctionWord } from '../vietnamese/words.ts';
import { restoreCapitals } from './capitals.ts';
import { accentedWords, decodeLegacy, detectLegacy } from './legacy.ts';

/** What windows-1252 shows for bytes 0x80–0x9F; five of them are undefined and stay controls. */
const WINDOWS_1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
const byteOf1252 = new Map([...WINDOWS_1252].map((character, i) => [character, String.fromCharCode(0x80 + i)]));

/**
 * Lines that hold proper Vietnamese letters are left as they are, so that one damaged part of a page is repaired alone.
 * Text without damage comes back unchanged.
 * @returns the text and how many of its lines were repaired
 */
export function repairMojibake(text: string): { readonly text: string; readonly lines: number } {
  if (!SUSPICIOUS.test(text)) return { text, lines: 0 };
  const before = text.split('\n');
  if (!before.some(isDamaged)) return { text, lines: 0 };
  const lines = repairUtf8(before);
  const damaged = lines.map((line) => (isDamaged(line) ? toBytes(line) : undefined));
  const sample = damaged.filter((line) => line !== undefined).join('\n');
  // windows-1258 read as Latin-1 keeps its combining tone bytes as letters: the same table undoes it.
  const charset = sample.length < MIN_DAMAGE ? undefined : detectLegacy(sample);
  const decoded = lines.map((line, i) =>
    charset === undefined || damaged[i] === undefined ? line : decodeLegacy(damaged[i], charset),
  );
  const repaired = decoded.filter((line, i) => line !== before[i]).length;
  if (repaired === 0) return { text, lines: 0 };
  const result = decoded.join('\n');
  const isDecoded = (i: number): boolean => decoded[i] !== lines[i];
  return { text: charset === 'tcvn3' ? restoreCapitals(result, isDecoded) : result, lines: repaired };
}

/**
 * windows-1258 of which only the letters with two marks were converted: `ðýợc`, `ngýời`. The bytes of đ, ư, ơ and ă are
 * still shown as ð, ý, õ and ã. Where there are some, a word is mended that is no syllable as it stands, and one
 * afterwards; a function word (`nãm`) as well.
 * @returns the text and how many words were mended
 */
export function repairHalfDecoded(text: string): { readonly text: string; readonly words: number } {
  if (!MAY_BE_HALF_DECODED.test(text) || (text.match(HALF_DECODED)?.length ?? 0) < MIN_HALF_DECODED)
    return { text, words: 0 };
  let words = 0;
  const repaired = text.replace(WORD_OF_BYTES, (word) => {
    const lower = word.toLowerCase();
    const mended = lower.replace(/[ðýõã]/g, (letter) => SHOWN_1258[letter]);
    const isOne = parseSyllable(mended) !== undefined;
    const isSure = isFunctionWord(mended) ? !isFunctionWord(lower) : parseSyllable(lower) === undefined;
    if (!isOne || !isSure) return word;
    words++;
    return [...mended].map((letter, i) => (word[i] === lower[i] ? letter : letter.toUpperCase())).join('');
  });
  return { text: repaired, words };
}

const SHOWN_1258: Readonly<Record<string, string>> = { ð: 'đ', ý: 'ư', õ: 'ơ', ã: 'ă' };
/** What no Vietnamese word holds, but for the letters that were left. */
const HALF_DECODED = /ð(?=[aeiouyýõãà-ỹ])|ý[õờợớởỡ]|(?<!\p{L})nhý(?!\p{L})/giu;
/** A cheap test that most texts fail. */
const MAY_BE_HALF_DECODED = /[ðÐ]|[ýÝ][õờợớởỡÕỜỢỚỞỠ]|[hH][ýÝ]/;
const MIN_HALF_DECODED = 3;
const WORD_OF_BYTES = /(?<![\p{L}\p{M}])[\p{L}\p{M}]*[ðýõã][\p{L}\p{M}]*/giu;

/**
 * UTF-8 shown as Latin-1 that lost its controls on the way (`Viá»t` for `Viá»‡t`): what is gone cannot be told.
 * @returns share of the words that hold such a remnant, 0…1; of a few words 0
 */
export function lostShare(text: string): number {
  const remnants = MAY_BE_REMNANT.test(text) ? (text.match(REMNANT)?.length ?? 0) : 0;
  return remnants < MIN_REMNANTS ? 0 : remnants / (text.match(/\S+/g)?.length ?? 1);
}

/** First bytes of `ế`, `ơ`, `ư`, `đ` as they are shown, and what may stand behind them of the last. */
const REMNANT = /á[º»](?![\p{L}])|á[º»](?=[a-zA-Z])|Æ[°¡]|Ä(?![\p{L}])[\u2018\u0091]?|(?<=[a-z])Ã[¡-¿]/gu;
/** Most texts have none of them: one look instead of one for each form. */
const MAY_BE_REMNANT = /[º»ÆÄ]|Ã[¡-¿]/;
const MIN_REMNANTS = 5;

/** Three telling words need more characters than this. */
const MIN_DAMAGE = 12;
const SUSPICIOUS = /[\u0080-\u00ff]/;
/** Letters that only a text decoded rightly can hold. */
const PROPER = /[\u0102\u0103\u0110\u0111\u01a0\u01a1\u01af\u01b0\u1ea0-\u1ef9]/;
const isDamaged = (line: string): boolean => SUSPICIOUS.test(line) && !PROPER.test(line);

/** The bytes that a line stood for, or `undefined` when it holds a character that no byte shows. */
export function toBytes(line: string): string | undefined {
  let bytes = '';
  for (const character of line) {
    if (character <= '\u00ff') bytes += character;
    else {
      const byte = byteOf1252.get(character);
      if (byte === undefined) return undefined;
      bytes += byte;
    }
  }
  return bytes;
}

/** The first two bytes of a character of UTF-8, as they are shown; à and Ơ end in a space that does not break. */
const SHOWN_UTF8 = /[ÃÄÅÆá][\u0080-\u00bf\u0152-\u0178\u0192\u02c6\u02dc\u2013-\u2122]|[ÃÆ](?: |$)/;
/** The second byte of à and Ơ where somebody made it a plain space, joined it to the next one, or trimmed it. */
const LOST_SPACE = /([ÃÆ])(?: (?= |(?:ng|nh|ch|[cmnptiouy])(?![\p{L}]))|(?= )|$)/gu;
/** Text may have gone through it twice. */
const MOST_TIMES = 2;
/** So much of what then has marks must be Vietnamese: a syllable with a letter that no western language has, or two. */
const MIN_SYLLABLES = { telling: 1, all: 2, share: 0.5 };

/** Where one line proves it, the others that are UTF-8 were damaged with it. */
function repairUtf8(lines: readonly string[]): readonly string[] {
  const proven = lines.map((line) => (isDamaged(line) && SHOWN_UTF8.test(line) ? proveUtf8(line) : line));
  if (proven.every((line, i) => line === lines[i])) return lines;
  return proven.map((line) => (isDamaged(line) ? (decodeShown(line) ?? line) : line));
}

function proveUtf8(line: string): string {
  let decoded: string | undefined = line;
  for (let times = 0; times < MOST_TIMES && decoded !== undefined && isDamaged(decoded); times++) {
    decoded = decodeShown(decoded);
    if (decoded !== undefined && readsVietnamese(decoded)) return decoded;
  }
  return line;
}

function decodeShown(line: string): string | undefined {
  const bytes = toBytes(line);
  return bytes && (decodeUtf8(bytes) ?? decodeUtf8(bytes.replace(LOST_SPACE, '$1\u00a0')));
}

function readsVietnamese(text: string): boolean {
  const { all, syllables, telling } = accentedWords(text);
  const enough = telling >= MIN_SYLLABLES.telling || syllables >= MIN_SYLLABLES.all;
  return enough && syllables >= MIN_SYLLABLES.share * all;
}

function decodeUtf8(bytes: string): string | undefined {
  const text = Buffer.from(bytes, 'latin1').toString('utf8');
  return text.includes('\ufffd') ? undefined : nfc(dropPiledMarks(text));
}
