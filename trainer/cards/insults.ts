/** What no card says to anybody, and what no name on one may be: insults, and things that are only of one person. */
import { removeDiacritics } from '../../cleaning/vietnamese/syllables.ts';
import { syllablesOf } from './prosody.ts';

const list = (words: string): readonly string[] => words.split(', ');

/** As written. */
const WORDS = list(
  'ngu, đéo, địt, đụ, lồn, cặc, buồi, đĩ, cave, vcl, vkl, dm, đm, đkm, dkm, clgt, vl, cmm, cc, đần, khốn, đểu, tởm, cút, bịp',
);
/** Runs of syllables, also where they are typed without diacritics. */
const RUNS = list(
  'đồ ngu, ngu dốt, ngu xuẩn, ngu si, đồ chó, chó má, chó chết, óc chó, con chó này, đồ khốn, khốn nạn, mất dạy, vô học, súc vật, đồ lợn, ' +
    'đồ điên, đồ khùng, thằng điên, con điên, đồ hèn, hèn hạ, đê tiện, đồ vô dụng, vô dụng, đồ bỏ đi, đồ rác rưởi, rác rưởi, xấu xí, béo ú, ' +
    'chết đi, mẹ mày, bố mày, cha mày, con đĩ, đồ đĩ, cút đi, cút xéo, câm mồm, câm miệng, thằng ngu, con ngu, đồ ăn hại, ăn hại, đồ phản bội, ' +
    'đáng đời, đồ tồi, tồi tệ, bẩn thỉu, ghê tởm, đồ bần tiện, bần tiện, lưu manh, đồ mặt dày, mặt dày, vô ơn, đồ giả tạo, trơ trẽn, đàn bà rẻ tiền, cho chet, oc cho, do ngu, mat day',
);
const FOLDED = RUNS.map((run) => ` ${removeDiacritics(run)} `);

/** The first insult in a text, as it stands there. Folded runs count where the text has no diacritics at all. */
export function insultIn(text: string): string | undefined {
  const syllables = syllablesOf(text);
  const word = syllables.find((syllable) => WORDS.includes(syllable));
  if (word !== undefined) return word;
  const all = ` ${syllables.join(' ')} `;
  const isPlain = removeDiacritics(all) === all;
  const at = RUNS.findIndex((run, place) => all.includes(` ${run} `) || (isPlain && all.includes(FOLDED[place])));
  return at < 0 ? undefined : RUNS[at];
}

/** What a card has no use for: an address of mail or of the web, a number longer than a year. */
export function personalIn(text: string): string | undefined {
  return /[\w.+-]+\s*(?:@|\(a\))\s*[\w-]+\.\w+|https?:\/\/\S+|www\.\S+|\+?\d(?:[ .-]?\d){4,}/u.exec(text)?.[0];
}
