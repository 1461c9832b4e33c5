/**
 * Vietnamese before Unicode: TCVN3 (ABC, the `.VnTime` fonts), VNI, VISCII, VPS and windows-1258.
 *
 * All work on "byte strings": one character U+0000–U+00FF for each byte. Which encoding it was is decided by words:
 * at least three distinct function words that no Latin-1 text can hold, and twice as many as the runner-up.
 */

import { dropPiledMarks, nfc } from '../vietnamese/nfc.ts';
import { parseSyllable } from '../vietnamese/syllables.ts';
import { FUNCTION_WORDS } from '../vietnamese/words.ts';

export type LegacyCharset = 'tcvn3' | 'vni' | 'viscii' | 'vps' | 'windows-1258';

/** Bytes 0x80–0xFF, a space for those without a letter. TCVN3 fonts give capitals no codes of their own in 0xC0… */
const TCVN3_HIGH =
  'ÀẢÃÁẠẶẬÈẺẼÉẸỆÌỈĨÍỊÒỎÕÓỌỘỜỞỠỚỢÙỦŨ' +
  '\u00a0ĂÂÊÔƠƯĐăâêôơưđẶ\u0300\u0309\u0303\u0301\u0323àảãáạẲằẳẵắẴ' +
  'ẮẦẨẪẤỀặầẩẫấậèỂẻẽéẹềểễếệìỉỄẾỒĩíịò' +
  'ỔỏõóọồổỗốộờởỡớợùỖủũúụừửữứựỳỷỹýỵỐ';
const VISCII_HIGH =
  'ẠẮẰẶẤẦẨẬẼẸẾỀỂỄỆỐỒỔỖỘỢỚỜỞỊỎỌỈỦŨỤỲ' +
  'ÕắằặấầẩậẽẹếềểễệốồổỗỠƠộờởịỰỨỪỬơớƯ' +
  'ÀÁÂÃẢĂẳẵÈÉÊẺÌÍĨỳĐứÒÓÔạỷừửÙÚỹỵÝỡư' +
  'àáâãảăữẫèéêẻìíĩỉđựòóôõỏọụùúũủýợỮ';
const VPS_HIGH =
  'ÀẢÃẤẦẨọỗĂếềểệẮẰẲẾ‘’ỀỂỄỐỒỔỖýỷỵỚỜỞ' +
  '\u00a0ắằẳẵặỠớÙờởỡŨỨợỪổỬỲỸÍÌộỈĨÓửữÒỎÕự' +
  'ầÁÂấẩẫậđẻÉÊẹỉễịỹƯỦồốÔỏơÈừứÚũưÝẺß' +
  'àáâãảạăçèéêẽìíîĩẴĐòóôõöƠụùúủüỶẼỳ';
/** Control codes 0x00–0x1F that these standards spend on rare capitals; a dot for those that stay controls. */
const VPS_LOW = '..ẠẬẶẸỆ.........ỊỌỘỢỤỰ...Ỵ..ẪỮ..';
const TCVN3_LOW = '.ÚỤ.ỪỬỮ..........ỨỰỲỶỸÝỴ........';
const VISCII_LOW = '..Ẳ..ẴẪ.............Ỷ....Ỹ....Ỵ.';

const GRAVE = '\u0300';
const ACUTE = '\u0301';
const CIRCUMFLEX = '\u0302';
const TILDE = '\u0303';
const BREVE = '\u0306';
const HOOK = '\u0309';
const DOT = '\u0323';

/** VNI writes a vowel and then one byte for its marks. */
const VNI_MARKS: Readonly<Record<string, string>> = {
  ø: GRAVE, ù: ACUTE, û: HOOK, õ: TILDE, ï: DOT,
  â: CIRCUMFLEX, à: CIRCUMFLEX + GRAVE, á: CIRCUMFLEX + ACUTE, å: CIRCUMFLEX + HOOK, ã: CIRCUMFLEX + TILDE, ä: CIRCUMFLEX + DOT,
  ê: BREVE, è: BREVE + GRAVE, é: BREVE + ACUTE, ú: BREVE + HOOK, ü: BREVE + TILDE, ë: BREVE + DOT,
}; // biome-ignore format: a table
const VNI_LETTERS: Readonly<Record<string, string>> = { æ: 'ỉ', ó: 'ĩ', ò: 'ị', ô: 'ơ', ö: 'ư', ñ: 'đ', î: 'ỵ' };

const DECODERS: Readonly<Record<LegacyCharset, (bytes: string) => string>> = {
  tcvn3: (bytes) => decodeTable(bytes, TCVN3_LOW, TCVN3_HIGH),
  viscii: (bytes) => decodeTable(bytes, VISCII_LOW, VISCII_HIGH),
  vps: (bytes) => decodeTable(bytes, VPS_LOW, VPS_HIGH),
  vni: decodeVni,
  'windows-1258': (bytes) => new TextDecoder('windows-1258').decode(Buffer.from(bytes, 'latin1')),
};

function decodeTable(bytes: string, low: string, high: string): string {
  let text = '';
  for (const byte of bytes) {
    const code = byte.charCodeAt(0);
    if (code >= 0x80) text += high[code - 0x80];
    else text += code < 0x20 && low[code] !== '.' ? low[code] : byte;
  }
  return text;
}

function decodeVni(bytes: string): string {
  return bytes.replace(
    /([aeouyôöAEOUYÔÖ])([øùûõïâàáåãäêèéúüëØÙÛÕÏÂÀÁÅÃÄÊÈÉÚÜË])|[æóòôöñîÆÓÒÔÖÑÎ]/g,
    (found, vowel: string | undefined, mark: string) => {
      if (vowel === undefined) return vniLetter(found);
      return vniLetter(vowel) + VNI_MARKS[mark.toLowerCase()];
    },
  );
}

function vniLetter(letter: string): string {
  const lower = letter.toLowerCase();
  const decoded = VNI_LETTERS[lower] ?? lower;
  return letter === lower ? decoded : decoded.toUpperCase();
}

/** @returns NFC text. */
export const decodeLegacy = (bytes: string, charset: LegacyCharset): string =>
  nfc(dropPiledMarks(DECODERS[charset](bytes)));

/** Function words that need a letter beyond Latin-1, so that no western text holds one. */
const TELLING_WORDS: ReadonlySet<string> = new Set(FUNCTION_WORDS.filter((word) => /[\u0100-\uffff]/.test(word)));
const MIN_WORDS = 3;
const MIN_LEAD = 2;
/** Enough text to find the words of a whole page. */
const SAMPLE = 200_000;

/** Distinct telling words in NFC text. */
export function tellingWords(text: string): number {
  const found = new Set<string>();
  for (const word of text
    .slice(0, SAMPLE)
    .toLowerCase()
    .match(/[\p{L}\p{M}]+/gu) ?? []) {
    if (TELLING_WORDS.has(word)) found.add(word);
  }
  return found.size;
}

/** Text of few function words is decided by its syllables: so many distinct ones with letters beyond Latin-1… */
const MIN_SYLLABLES = 4;
/** …and this share of all accented words must be syllables, under any other reading at most that. */
const MIN_SHARE = 0.85;
const MAX_OTHER_SHARE = 0.75;

/** Distinct words that are not plain ASCII: all encodings read those alike, and nothing is counted twice. */
const beyondAscii = (bytes: string): readonly string[] => [
  ...new Set(bytes.split(/[ \t\n\r]+/).filter((word) => /[^\x20-\x7e]/.test(word))),
];

/** The legacy Vietnamese encoding of a byte string, or `undefined` when neither words nor syllables settle it. */
export function detectLegacy(bytes: string): LegacyCharset | undefined {
  const sample = beyondAscii(bytes.slice(0, SAMPLE)).join(' ');
  if (!canDecide(sample)) return undefined;
  const texts = (Object.keys(DECODERS) as LegacyCharset[]).map((charset) => ({
    charset,
    text: decodeLegacy(sample, charset),
  }));
  const [best, runnerUp] = texts
    .map(({ charset, text }) => ({ charset, words: tellingWords(text) }))
    .sort((a, b) => b.words - a.words);
  if (best!.words >= MIN_WORDS) return best!.words >= MIN_LEAD * runnerUp!.words ? best!.charset : undefined;
  const [likely, other] = texts
    .map(({ charset, text }) => ({ charset, ...syllablesIn(text, 1 - MAX_OTHER_SHARE) }))
    .map(({ charset, all, syllables, telling }) => ({ charset, telling, share: all === 0 ? 0 : syllables / all }))
    .sort((a, b) => b.share - a.share);
  const isSure = likely!.share >= MIN_SHARE && likely!.telling >= MIN_SYLLABLES && other!.share <= MAX_OTHER_SHARE;
  return isSure ? likely!.charset : undefined;
}

/** Neither words nor syllables come out of fewer letters beyond ASCII. */
const canDecide = (sample: string): boolean => (sample.match(/[^\x20-\x7e]/g)?.length ?? 0) >= MIN_WORDS;

interface AccentedWords {
  /** Distinct words with a letter beyond ASCII. */
  readonly all: number;
  /** Those that are Vietnamese syllables, and of these those with a letter beyond Latin-1. */
  readonly syllables: number;
  readonly telling: number;
}

export const accentedWords = (text: string): AccentedWords => syllablesIn(text, 1);

/** Counts as long as no more than this share of the words are no syllables; then it holds none. */
function syllablesIn(text: string, mostOthers: number): AccentedWords {
  const accented = new Set((text.toLowerCase().match(/[\p{L}\p{M}]+/gu) ?? []).filter((word) => /[^a-z]/.test(word)));
  const all = accented.size;
  let [syllables, telling, others] = [0, 0, 0];
  for (const word of accented) {
    if (parseSyllable(word) !== undefined) {
      syllables++;
      if (/[\u0100-\uffff]/.test(word)) telling++;
    } else if (++others > mostOthers * all) return { all, syllables: 0, telling: 0 };
  }
  return { all, syllables, telling };
}
