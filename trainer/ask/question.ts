/** What a question asks for: its words without those that every question has, the names in it, the kind of answer. */
import { removeDiacritics } from '../../cleaning/vietnamese/syllables.ts';
import { hasDiacritics, type Term, termsOf } from '../../cleaning/vietnamese/terms.ts';

export const KINDS = ['number', 'time', 'person', 'place', 'any'] as const;
export type Kind = (typeof KINDS)[number];

export interface Question {
  readonly text: string;
  readonly kind: Kind;
  /** Typed without diacritics: words are compared without them. */
  readonly folded: boolean;
  /** Words that the answer should have, as they are compared. */
  readonly words: readonly string[];
  /** Of those the ones written as names or numbers: without them there is no answer. */
  readonly names: ReadonlySet<string>;
  /** The same as they stand together: Lâm Đồng. */
  readonly runs: readonly (readonly string[])[];
  /** Two words of the question that stand side by side and are both asked for. */
  readonly pairs: readonly (readonly [string, string])[];
  /** What a thing is, is asked: X là gì? */
  readonly definition: boolean;
  /** What is counted: bao nhiêu mét, mấy huyện. */
  readonly unit?: string;
  readonly law?: LawReference;
}

/** `Điều 5 Nghị định 01/2010/NĐ-CP`. */
export interface LawReference {
  readonly article: string;
  /** Number of the document, where it is said. */
  readonly number?: string;
}

const list = (words: string): readonly string[] => words.split(', ');
const EVERYWHERE = new Set(
  list(
    'ai, gì, nào, đâu, sao, bao, nhiêu, mấy, khi, giờ, thế, là, của, có, được, bị, thì, mà, những, các, và, ở, trong, tại, cho, với, về, từ, đến, ' +
      'này, đó, ấy, hãy, xin, hỏi, biết, ra, vào, đã, đang, sẽ, rằng, như, không, chưa, phải, bởi, do, để, theo, một, cái, người, việc, vậy, nhỉ, ạ, à, hả, tên, tôi, em, mình, bạn, ' +
      'quy, định, nói, trả, lời, cụ, hiện, nằm, thuộc',
  ),
);
const KIND_OF: readonly (readonly [Kind, RegExp])[] = [
  [
    'time',
    /\b(?:khi nao|nam nao|ngay nao|bao gio|luc nao|thoi gian nao|thang nao|the ki nao|the ky nao|ngay may|thang may|nam may|vao nam)\b/,
  ],
  ['number', /\bbao nhieu\b/],
  ['person', /\b(?:ai|nguoi nao|nhung ai|boi ai|do ai)\b/],
  ['place', /\b(?:o dau|tai dau|noi nao|tinh nao|huyen nao|xa nao|thanh pho nao|nuoc nao|dau)\b/],
];

/** What stands before these is the kind that is asked for: năm nào, tỉnh nào, món gì. */
const ASKED = new Set(['nao', 'gi']);

/** Read as it was typed; nothing is too odd to be a question, most of it says nothing. */
export function readQuestion(typed: string): Question {
  const text = cased(typed.normalize('NFC').trim());
  const folded = !hasDiacritics(text);
  const plain = removeDiacritics(text).toLowerCase();
  const as = ({ exact, folded: without }: Term): string => (folded ? without : exact);
  const everywhere = new Set(termsOf([...EVERYWHERE].join(' ')).map(as));
  const written = (text.match(/[\p{L}\p{M}\p{N}]+/gu) ?? []).slice(-MOST_WORDS);
  const all = written.map((word) => ({ word: termsOf(word).map(as)[0] ?? '', written: word }));
  const kept = all.map(({ word, written: letters }, at) => {
    const isName =
      /\p{N}/u.test(letters) || (/^\p{Lu}/u.test(letters) && (at > 0 || /^\p{Lu}/u.test(all[1]?.written ?? '')));
    const asksFor = at + 1 < all.length && ASKED.has(removeDiacritics(all[at + 1].written).toLowerCase());
    return { word, isName, counts: word !== '' && (isName || !(everywhere.has(word) || asksFor)) };
  });
  const words = [...new Set(kept.filter(({ counts }) => counts).map(({ word }) => word))];
  const pairs = kept.flatMap(({ word, counts }, at) =>
    counts && kept[at + 1]?.counts ? [[word, kept[at + 1].word] as const] : [],
  );
  const names = new Set(kept.filter(({ isName, counts }) => isName && counts).map(({ word }) => word));
  const runs = kept.reduce<string[][]>((found, { word, isName, counts }, at) => {
    if (!isName || !counts) return found;
    if (at > 0 && kept[at - 1].isName && kept[at - 1].counts && found.length > 0) found.at(-1)!.push(word);
    else found.push([word]);
    return found;
  }, []);
  const kind =
    KIND_OF.find(([, asks]) => asks.test(plain))?.[0] ?? (/(?<!\p{L})mấy(?!\p{L})/iu.test(text) ? 'number' : 'any');
  const [, unit] = /(?:bao nhiêu|bao nhieu|mấy)\s+(\p{L}+)/iu.exec(text) ?? [];
  const counted = unit === undefined || everywhere.has(termsOf(unit).map(as)[0]) ? undefined : unit.toLowerCase();
  return {
    text: typed.normalize('NFC').trim(),
    kind,
    folded,
    words,
    names,
    runs,
    pairs,
    unit: counted,
    definition: /(?:la|nghia la) (?:gi|cai gi|ai)\b/.test(plain),
    law: lawIn(plain, text),
  };
}

/** Of a question that is longer its end is read: a text that somebody pasted comes before what is asked about it. */
const MOST_WORDS = 100;

/** Where every word has a capital, capitals name nothing: GẠO NẾP NGÂM MẤY TIẾNG, Gạo Nếp Ngâm Mấy Tiếng. */
function cased(text: string): string {
  const words = text.match(/\p{L}[\p{L}\p{M}]*/gu) ?? [];
  const isShouted = words.length > 1 && !/\p{Ll}/u.test(text);
  const isTitled = words.length > 4 && words.every((word) => /^\p{Lu}/u.test(word));
  return isShouted || isTitled ? text.toLowerCase() : text;
}

function lawIn(plain: string, text: string): LawReference | undefined {
  const article = /\bdieu\s+(\d+[a-z]?)\b/.exec(plain)?.[1];
  if (article === undefined) return undefined;
  const number = /\d+\/\d{4}\/[\p{L}\d-]+/u.exec(text)?.[0];
  return { article, number };
}

/** Parts of a sentence that answer such a question: numbers, dates, names that the question does not have. */
export function candidatesIn(sentence: string, { kind, text, unit }: Question): string[] {
  const own = ` ${removeDiacritics(text).toLowerCase()} `;
  const isNew = (found: string): boolean => !own.includes(removeDiacritics(found).toLowerCase());
  switch (kind) {
    case 'time':
      return (sentence.match(TIME) ?? []).filter(isNew);
    case 'number': {
      const plain = removeDiacritics(sentence).toLowerCase();
      const units = unit === undefined ? [] : unitsLike(removeDiacritics(unit));
      return [...sentence.matchAll(NUMBER)]
        .filter(({ 0: found, index }) => {
          const scale = / (?:nghìn|triệu|tỷ|tỉ)$/i.exec(found)?.[0].length ?? 0;
          const behind = plain.slice(index + found.length - scale, index + found.length + 24).trim();
          return (
            units.length === 0 || units.some((each) => new RegExp(`^(?:[a-z]+ ){0,2}${each}(?![a-z])`).test(behind))
          );
        })
        .map(({ 0: found }) => found.trim())
        .filter(isNew);
    }
    case 'person':
    case 'place':
      // A capital at the beginning is the sentence's.
      return [...sentence.matchAll(NAME)]
        .filter(({ 0: found, index }) => index > 0 || found.includes(' '))
        .map(({ 0: found }) => found)
        .filter(isNew);
    default:
      return [];
  }
}

/** Of a unit, folded: how else it is written. */
const unitsLike = (unit: string): readonly string[] => [unit, ...(SIGNS.find((same) => same.includes(unit)) ?? [])];
const SIGNS = [
  ['met', 'm'],
  ['ki', 'km', 'cay'],
  ['kilomet', 'km'],
  ['kilogam', 'kg', 'can', 'ky'],
  ['nguoi', 'dan'],
  ['dong', 'vnd'],
  ['phan', '%'],
  ['tuoi', 'nam'],
];

const TIME =
  /ngày \d{1,2}(?: tháng |\/)\d{1,2}(?:(?: năm |\/)\d{4})?|tháng \d{1,2}(?: năm |\/)\d{4}|(?:năm |mùa \p{L}+ )?\b[12]\d{3}\b|thế k[ỷỉ] \w+|\d{1,2}\/\d{1,2}\/\d{4}|\d{1,2} giờ(?: \d{1,2})?|(?:thứ|chủ) \p{L}+/giu;
const WORDS_OF_NUMBERS = 'một|hai|ba|bốn|năm|sáu|bảy|tám|chín|mười|mươi|trăm|nghìn|ngàn|vạn|triệu|tỷ|tỉ|đôi|nửa|rưỡi';
const NUMBER = new RegExp(
  `\\d+(?:[.,]\\d+)*(?:\\s?%)?(?: (?:nghìn|triệu|tỷ|tỉ))?|(?<!\\p{L})(?:${WORDS_OF_NUMBERS})(?: (?:${WORDS_OF_NUMBERS}))*(?!\\p{L})`,
  'giu',
);
const NAME = /\p{Lu}[\p{L}\p{M}]*(?: \p{Lu}[\p{L}\p{M}]*)*/gu;
