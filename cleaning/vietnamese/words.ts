/**
 * What is known of letters in a row, in lower case: a syllable or a word of another language, whatever capitals and
 * punctuation stand around them in a text.
 */
import { detach } from './detach.ts';
import { isPlainSyllable, parseSyllable, removeDiacritics, splitTone } from './syllables.ts';
import { isTyped } from './typed.ts';

/** What is said of a syllable in yes and no, as bits; above them its place in OTHER_LANGUAGES. */
export const IS = {
  vietnamese: 1,
  plain: 2,
  closed: 4,
  marked: 8,
  telling: 16,
  foreignName: 32,
  address: 64,
  figure: 128,
  capital: 256,
  stop: 512,
  plainWord: 1024,
  hyphenated: 2048,
  typed: 4096,
  neighbour: 8192,
} as const;

/** Frequent words of any Vietnamese text; each names itself when written with its diacritics. */
export const FUNCTION_WORDS = (
  'và của là được không những một người để với các đã này từ cũng như khi đến về tại trên ở bị nhiều việc lại sự vào ' +
  'năm có trong cho ra thì mà nếu vì sẽ đó phải còn rất theo do bằng ngày nhưng tôi đang loài'
).split(' ');
/** The last is FineWeb-2's alone: it hits articles on animals. */
export const OWN_FUNCTION_WORDS = FUNCTION_WORDS.length - 1;

/** The stop words of FineWeb-2's vie_Latn configuration. */
export const FINEWEB_STOPWORDS: ReadonlySet<string> = new Set(
  'là và của một được trong năm các có loài này đã người'.split(' '),
);

const byWord = new Map(FUNCTION_WORDS.map((word, i) => [word, i]));
/** Lower case, with its marks. */
export const isFunctionWord = (word: string): boolean => byWord.has(word);
/** Later words do not take the plain spelling of earlier ones. */
const byPlainWord = new Map([...FUNCTION_WORDS.entries()].reverse().map(([i, word]) => [removeDiacritics(word), i]));

/** What is known of letters in a row, in lower case: the same with capitals and punctuation around them. */
export interface Word {
  /** `vietnamese`, `plain`, `closed`, `marked`, `telling`, `plainWord`, `typed`, `neighbour`. */
  readonly is: number;
  readonly language: number;
  readonly functionWord: number;
  readonly folded: string;
}

export const NO_WORD: Word = { is: 0, language: 0, functionWord: -1, folded: '' };
/** Words met before; forgotten together. */
const words = new Map<string, Word>();
const MAX_WORDS = 200_000;
const MAX_REMEMBERED = 40;

export function wordOf(lower: string): Word {
  let word = words.get(lower);
  if (word !== undefined) return word;
  if (words.size >= MAX_WORDS) words.clear();
  word = readWord(lower);
  if (lower.length <= MAX_REMEMBERED) words.set(detach(lower), word);
  return word;
}

function readWord(lower: string): Word {
  const isVietnamese = parseSyllable(lower) !== undefined;
  const isAscii = ASCII_LETTERS.test(lower);
  const isPlain = isAscii && isPlainSyllable(lower);
  const isMarked = !isAscii && lower !== removeDiacritics(lower);
  return {
    is:
      (isVietnamese ? IS.vietnamese : 0) |
      (isPlain ? IS.plain : 0) |
      (/[chgmnpt]$/.test(lower) ? IS.closed : 0) |
      (isMarked ? IS.marked : 0) |
      (TELLING_LETTER.test(lower) ? IS.telling : 0) |
      (byWord.has(lower) || !byPlainWord.has(lower) ? 0 : IS.plainWord) |
      (NEIGHBOUR_WORDS.has(lower) || NEIGHBOUR_RHYME.test(lower) ? IS.neighbour : 0) |
      (!isVietnamese && isTyped(keysOf(lower)) ? IS.typed : 0),
    language: otherWords.get(lower) ?? (isVietnamese || isAscii ? 0 : neighbourOf(lower)),
    functionWord: byWord.get(lower) ?? byPlainWord.get(lower) ?? -1,
    folded: detach(fold(lower)),
  };
}

/** Letters and digits as they may have been typed, punctuation around them taken off. */
export const keysOf = (lower: string): string => lower.replace(/[^a-z0-9]+$|^[^a-z0-9]+/g, '');

const ASCII_LETTERS = /^[a-z]+$/;

/** Letters and digits alone, tone mark as a digit at the end, final i for y: `thuý` → `thui1`. */
export function fold(lower: string): string {
  const { toneless, tones } = splitTone(lower.replace(/[^\p{L}\p{M}\p{N}]+/gu, ''));
  const marks = tones.replace(/./gu, (mark) => String('\u0300\u0301\u0303\u0309\u0323'.indexOf(mark)));
  return toneless.replace(/^(h|k|l|m|n|s|t|v|qu|)y$/, '$1i') + marks;
}

/** Igbo and Yoruba share the letters with a dot below, Czech and Icelandic those with an accent. */
const TELLING_LETTER = /[ăđơưảấầẩẫậắằẳẵặẻẽếềểễệỉỏốồổỗộớờởỡợủứừửữựỳỵỷỹ]/;
/** Frequent words that are no Vietnamese syllable, of languages that give themselves away by them; none is of two. */
const OTHER_WORDS = {
  eng:
    'of and is for with as are this by from or have has was were which you will its when about after all been they their ' +
    'there these would could what who how over into more other some such only also most first our your we she his her said',
  deu: 'der und das nicht auf ist eine einen einer werden wird sind wurde haben auch durch über oder zur zum dass wie noch',
  fra: 'les est dans une pour avec cette sont aux ont mais nous vous leur leurs ses été être elle ils où très après',
  spa: 'los las el pero fue según años también todo cuando donde hasta sus sido desde está',
  fil: 'mga ang ng ito sila kanyang kanilang naman hindi niya nila kung upang noong dahil bilang ngunit ayon isang',
  swe: 'och att inte för på av till med som är ett har från eller efter också kan vid när var under',
  por: 'uma dos os às pelo pela pelos foi também já até isso ela quando você nos numa foram',
};
/**
 * Languages beside Vietnamese that are written with its letters, known by what it has not: clusters of Tày and Nùng
 * (slương, bjoóc, pjá, fạ), of Mường (tlâu, klơ) and its marks in the letters of Hoà Bình (xa̭, da̒, lḙ̂).
 */
const NEIGHBOURS: readonly (readonly [code: string, sign: RegExp])[] = [
  ['tyz', /^(?:sl|bj|pj|mj|f|khj|phj)[aeiouyăâêôơư\u00c0-\u1ef9]/],
  ['mtq', /^(?:tl|kl)[aeiouyăâêôơư\u00c0-\u1ef9]|[\u032d\u0312\u1e19\u1e77]|^(?:kỏ|kác|kuố|zân)$/],
];
/** Frequent words of Tày, Nùng and Thái, most of them spelt as Vietnamese could be, and none of it, or hardly ever. */
const NEIGHBOUR_WORDS: ReadonlySet<string> = new Set(
  (
    'noọng pỉ dú đảy pây cúa phuối nẩy thâng vạ tẻo slì roọng cạ xáu pền bấu nặm cón ón hoẹn rườn lườn dá lủc ' +
    'khửn pửa xày xường nắt hảt tẳm pạng pả tói mừa tởi tọ tảy nải pài lởp nọi tó xằng toỏng dạu sẹ rèng ' +
    'cỏn pện tềnh cóp pằng lẳp nèm pú chắng khẩy lẹo đin hăn xẹ khuổi luông bươn toọc hạy cáy búng khảu mạy ' +
    'quây hây rì nỏ pá khẻo tẳng pèng khéc liệng ngám tằng rức khứn tồng ' +
    'sle slon sloong slong slung phja pjom pjai fiệc cuông pưng hươn nọng khòng pọm vạy chựa tẻm hảu nị nẳng ' +
    'xàu tuận nưng lụk'
  ).split(' '),
);
/** Of the same: nâư, hẩư, phàư. */
const NEIGHBOUR_RHYME = /[aăâàằầáắấảẳẩãẵẫạặậ]ư$/;
/** The first place stands for none of them. */
export const OTHER_LANGUAGES = ['', ...Object.keys(OTHER_WORDS), ...NEIGHBOURS.map(([code]) => code)] as const;
/** Where the neighbours begin. */
export const FIRST_NEIGHBOUR = OTHER_LANGUAGES.length - NEIGHBOURS.length;

/** Place of the neighbour whose syllable a word is: with another beginning a Vietnamese one, or marked as none is. */
function neighbourOf(word: string): number {
  const found = NEIGHBOURS.findIndex(([, sign]) => sign.test(word));
  if (found < 0) return 0;
  const rest = word.replace(/^(?:sl|bj|pj|mj|f|khj|phj|tl|kl)/, 't').replace(/([aăâeêioôơuưy])\1/, '$1');
  return rest.startsWith('t') && parseSyllable(rest) === undefined ? 0 : FIRST_NEIGHBOUR + found;
}
const otherWords = new Map(
  Object.values(OTHER_WORDS).flatMap((words, i) => words.split(' ').map((word) => [word, i + 1] as const)),
);
