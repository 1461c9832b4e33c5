/**
 * Capitals that TCVN3 cannot code: apart from Ă Â Đ Ê Ô Ơ Ư its letters with marks are small, and a font (`.VnTimeH`)
 * shows them as capitals. Without the font a heading reads `CộNG HòA Xã HộI CHủ NGHĨA`, and a sentence `ở đây…`.
 */
import { parseSyllable } from '../vietnamese/syllables.ts';

const WORD = /[\p{L}\p{M}]+/gu;
/** Small letters beyond ASCII. */
const SMALL_MARKED = /[\u00df-\u00ff\u0100-\u1eff]/;
/** Letters whose capitals have no code in the fonts… */
const UNCODED = 'àáảãạèéẻẽẹìíỉĩịòóỏõọùúủũụỳýỷỹỵấầẩẫậắằẳẵặếềểễệốồổỗộớờởỡợứừửữự';
/** …at the head of a line or behind a sentence. */
const SMALL_HEAD = new RegExp(`(^|[.!?]["”)]? )([${UNCODED}])`, 'g');
/** The standard has codes for them all: a text that uses them needs no help. */
const CODED = new RegExp(`[${UNCODED.toUpperCase()}]\\p{Ll}`, 'u');
/** Institutions whose first letter is one of them: inside a sentence nothing but their name tells the capital. */
const INSTITUTION =
  /(?<![\p{L}\p{M}])ủ(?=y ban (?:nhân dân|thường vụ|dân tộc|mặt trận|trung ương|kiểm tra|quốc gia))/giu;
/** What a line ends with when the next one does not go on with its sentence. */
const ENDS = /(?:^|[.!?:;…"”)])$/;

type Case = 'capitals' | 'small' | 'either';

/**
 * Cell by cell: a word whose ASCII letters are all capitals becomes capitals; one that could also be a word with a
 * capital at its head (`Xã`), or that has no ASCII letter (`ý`), does when the nearest syllables that tell are capitals
 * on either side, beside some word of mixed case. Then sentences take their capital, if the text shows none.
 * @param isDecoded of the number of a line, whether it came out of TCVN3
 */
export function restoreCapitals(text: string, isDecoded: (line: number) => boolean = () => true): string {
  const lines = text.split('\n');
  const isCoded = CODED.test(text);
  const restored = lines.map((line, i) => {
    if (!isDecoded(i)) return line;
    const mended = restoreWords(line);
    return isCoded ? mended : restoreHeads(mended, i === 0 || ENDS.test(lines[i - 1]));
  });
  return restored.join('\n');
}

const restoreHeads = (line: string, startsSentence: boolean): string =>
  line
    .replace(INSTITUTION, 'Ủ')
    .replace(SMALL_HEAD, (whole, before: string, letter: string) =>
      before === '' && !startsSentence ? whole : before + letter.toUpperCase(),
    );

/** The first half of `restoreCapitals`, for a piece of a line. */
export const restoreWords = (line: string): string => line.split('\t').map(restoreCell).join('\t');

function restoreCell(line: string): string {
  const words = [...line.matchAll(WORD)].map(({ 0: word, index }) => ({ word, index, written: caseOf(word) }));
  if (!words.some(({ word, written }) => written === 'capitals' && isMixed(word))) return line;
  const last = words.at(-1)!;
  // `CHíNH Phủ`: what ends a heading in capitals is one of them, whatever key was held too short.
  const told = words.filter(({ written }) => written !== 'either');
  if (last.written === 'small' && /^[A-Z]/.test(last.word) && isMixed(last.word) && isMixed(words.at(-2)?.word ?? ''))
    if (
      told.every(({ written }) => written === 'capitals' || written === last.written) &&
      told.filter(({ written }) => written === 'small').length === 1
    )
      last.written = 'capitals';
  const amongCapitals = standsAmongCapitals(words.map(({ written }) => written));
  let restored = '';
  let done = 0;
  for (const [i, { word, index, written }] of words.entries()) {
    if (!isMixed(word) || written === 'small' || (written === 'either' && !amongCapitals[i])) continue;
    restored += line.slice(done, index) + word.toUpperCase();
    done = index + word.length;
  }
  return restored + line.slice(done);
}

const isMixed = (word: string): boolean => SMALL_MARKED.test(word) && word !== word.toUpperCase();

/** Abbreviations (`UBND`, `TTg`) and foreign names tell nothing. */
function caseOf(word: string): Case {
  if (parseSyllable(word.toLowerCase()) === undefined) return 'either';
  if (/[a-z]/.test(word)) return 'small';
  const capitals = word.match(/[A-Z]/g)?.length ?? 0;
  return capitals > 1 || (capitals === 1 && /^[^A-Z]/.test(word)) ? 'capitals' : 'either';
}

/** Of each word whether the nearest that tell, before it and behind it, are not small. */
function standsAmongCapitals(told: readonly Case[]): boolean[] {
  const among = new Array<boolean>(told.length).fill(true);
  let before: Case = 'either';
  let after: Case = 'either';
  for (let i = 0, j = told.length - 1; j >= 0; i++, j--) {
    if (before === 'small') among[i] = false;
    if (after === 'small') among[j] = false;
    if (told[i] !== 'either') before = told[i];
    if (told[j] !== 'either') after = told[j];
  }
  return among;
}
