/**
 * What does not belong to a Vietnamese text inside of it: paragraphs that are surely in another language, and lines of
 * residue, as converters of old `.doc` files leave them. Nothing of a text that is mostly in another language: that one
 * is judged as a whole.
 */
import type { Cuts } from '../document.ts';
import { isCode } from './code.ts';
import type { ParagraphLanguage, ParagraphLanguages } from './language.ts';
import { type Paragraph, paragraphEnd } from './lexicon.ts';

export interface Cut {
  readonly reason: keyof Cuts;
  /** ISO 639-3; `und` of residue. */
  readonly language: string;
  readonly text: string;
}

/** A quotation stays: so many words of other languages in a row go, one paragraph or several. */
const MIN_WORDS = 25;
/** With a larger share of words with Vietnamese diacritics it speaks of the other language in ours. */
const MAX_MARKED = 0.1;
/** Of a text with less Vietnamese than this, in characters and by share, nothing goes. */
const MIN_VIETNAMESE = { characters: 200, share: 0.2 };

/**
 * @param text NFC, its `paragraphs` and what `identifyParagraphs` says of them
 * @returns the text without them, and what they were, in their order; the very text where there is nothing
 */
export function cutOthers(
  text: string,
  read: { readonly paragraphs: readonly Paragraph[]; readonly byParagraph: ParagraphLanguages },
): { readonly text: string; readonly cuts: readonly Cut[] } {
  const { paragraphs } = read;
  const { paragraphs: languages, vietnameseFrac } = read.byParagraph;
  const vietnamese = paragraphs.reduce((sum, { start, end }, i) => {
    return sum + (languages[i].code === 'vie' ? end - start : 0);
  }, 0);
  const isVietnamese = vietnameseFrac >= MIN_VIETNAMESE.share && vietnamese >= MIN_VIETNAMESE.characters;
  if (!isVietnamese) return { text, cuts: [] };
  const foreign = foreignOf(languages);
  const mayHoldResidue = RARE.test(text);
  if (!mayHoldResidue && !foreign.includes(1)) return { text, cuts: [] };
  const cuts: Cut[] = [];
  const kept: string[] = [];
  for (const [i, { start, end }] of paragraphs.entries()) {
    const paragraph = text.slice(start, end);
    const lines = paragraph.split('\n');
    if (foreign[i] === 1 && !isCode(lines)) {
      cuts.push({ reason: 'foreign', language: languages[i].code ?? 'und', text: paragraph });
      continue;
    }
    const whole = mayHoldResidue ? lines.filter((line) => !isResidue(line)) : lines;
    if (whole.length > 0) kept.push(whole.join('\n'));
    if (whole.length === lines.length) continue;
    for (const line of lines) if (isResidue(line)) cuts.push({ reason: 'residue', language: 'und', text: line });
  }
  return cuts.length === 0 ? { text, cuts } : { text: kept.join(paragraphEnd(text)), cuts };
}

/** Which paragraphs stand in a run of other languages; between two of them a line of figures or of one name goes too. */
function foreignOf(languages: readonly ParagraphLanguage[]): Uint8Array {
  const foreign = new Uint8Array(languages.length);
  for (let i = 0; i < languages.length; i++) {
    if (!isForeign(languages[i])) continue;
    let [end, count] = [i, 0];
    for (let j = i; j < languages.length; j++) {
      if (isForeign(languages[j])) {
        count += languages[j].words;
        end = j + 1;
      } else if (languages[j].code !== undefined || languages[j].marked > 0) break;
    }
    if (count >= MIN_WORDS) foreign.fill(1, i, end);
    i = end - 1;
  }
  return foreign;
}

const isForeign = ({ code, words, marked }: ParagraphLanguage): boolean =>
  code !== undefined && code !== 'vie' && code !== 'und' && marked <= MAX_MARKED * words;

/** Letters outside Latin, Greek and Cyrillic, pictures of controls, private use. */
const RARE = /[\u0530-\u1dff\u2400-\u243f\u2c00-\u2dff\u2e80-\u2fff\u3040-\ud7ff\ue000-\uf8ff]/;
/** Scripts that stand in one word together where they are meant: Chinese with Japanese, Korean or Bopomofo. */
const SCRIPTS =
  'Latn Grek Cyrl Arab Hebr Thai Laoo Khmr Mymr Deva Beng Taml Telu Sinh Ethi Geor Armn Cher Cans Tibt Mong Yiii Syrc Thaa Gujr Guru Knda Mlym Orya Tglg Runr Ogam Copt Glag Tfng Vaii Bamu Java Bali Sund Lepc Olck'
    .split(' ')
    .map((name) => new RegExp(`\\p{sc=${name}}`, 'u'))
    .concat(/[\p{sc=Han}\p{sc=Hira}\p{sc=Kana}\p{sc=Hang}\p{sc=Bopo}]/u);
/** No text holds them: pictures of controls, private use, jamo that were never put together beside Latin. */
const NEVER = /[\u2400-\u243f\ue000-\uf8ff\ufdd0-\ufdef]/g;
/** So much of a line is of words that mix scripts, or of what no text holds. */
const RESIDUE_SHARE = 0.3;
const MIN_RESIDUE = 3;

function isResidue(line: string): boolean {
  if (!RARE.test(line)) return false;
  let [residue, characters] = [0, 0];
  for (const word of line.split(/\s+/)) {
    characters += word.length;
    if (!RARE.test(word)) continue;
    const scripts = SCRIPTS.filter((script) => script.test(word)).length;
    residue += scripts > 1 && isJumbled(word) ? word.length : (word.match(NEVER)?.length ?? 0);
  }
  return residue >= MIN_RESIDUE && residue >= RESIDUE_SHARE * characters;
}

/** Letters of two scripts side by side, as in no `Tiếng中文` of more than one seam: at least two. */
function isJumbled(word: string): boolean {
  let [seams, before] = [0, -1];
  for (const character of word) {
    const script = SCRIPTS.findIndex((pattern) => pattern.test(character));
    if (script < 0) continue;
    if (before >= 0 && script !== before) seams++;
    before = script;
  }
  return seams >= 2;
}
