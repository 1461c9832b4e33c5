/** Text written for search engines: one keyword stuffed everywhere, addresses in every line, betting and loan lures. */

import type { Syllable } from '../vietnamese/lexicon.ts';
import { atMost } from './filter.ts';

/** Fewer syllables than this say nothing: a short article names its subject in every sentence. */
const MIN_SYLLABLES = { pairs: 85, phrases: 50 };

export const keywordStuffing = atMost('keyword_stuffing', 'keyword_pair_frac');
export const linkFarm = atMost('link_farm', 'addresses');
export const spamPhrases = atMost('spam_phrases', 'spam_phrases');

/** Share of syllables that belong to the most frequent pair of neighbours; pairs with a function word do not count. */
export function keywordPairFrac(syllables: readonly Syllable[]): number {
  if (syllables.length < MIN_SYLLABLES.pairs) return 0;
  const counts = new Map<number, number>();
  let top = 0;
  for (let i = 1; i < syllables.length; i++) {
    const first = syllables[i - 1];
    const second = syllables[i];
    if (first.functionWord >= 0 || second.functionWord >= 0 || first.letters === 0 || second.letters === 0) continue;
    const key = (Math.imul(first.hash, 31) ^ second.hash) | 0;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    if (count > top) top = count;
  }
  return top < 3 ? 0 : (2 * top) / syllables.length;
}

/** Web addresses per hundred syllables. */
export function addressesIn(syllables: readonly Syllable[]): number {
  let addresses = 0;
  for (const syllable of syllables) if (syllable.isAddress) addresses++;
  return perHundred(addresses, syllables.length);
}

/**
 * Phrases of the trades that fill the Vietnamese web with made pages, and of those who call their readers to buy, per
 * hundred syllables. News of a raid names the trades too: without a call, or with few different phrases, there are none.
 */
export function spamPhrasesIn(text: string, count: number): number {
  const lower = text.toLowerCase();
  const found = [...lower.matchAll(PHRASES)]
    .filter(({ index }) => !LETTER.test(lower[index - 1] ?? ''))
    .map(([it]) => it);
  const distinct = new Set(found);
  const isSpam = distinct.size >= MIN_DISTINCT && [...distinct].some((phrase) => CALL.test(phrase));
  return isSpam ? perHundred(found.length, count) : 0;
}

const MIN_DISTINCT = 3;
const TRADES =
  'nhà cái|tài xỉu|nổ hũ|xóc đĩa|soi cầu|lô đề|kèo nhà|cá cược|casino|jackpot|game bài|bắn cá|đá gà|cược thể thao|vay tiền nhanh|vay nóng|vay online|giải ngân nhanh|bằng cấp giả|kích dục|thuốc cường dương|gái gọi|phim sex|xem phim 18';
const CALLS =
  'mua ngay|đặt hàng ngay|đăng ký ngay|chơi ngay|tải ngay|nhận ngay|giảm giá sốc|giá rẻ nhất|uy tín nhất|liên hệ ngay|click vào đây|nhấp vào đây|cam kết 100%';
/** What stands before a phrase is looked at afterwards, and all in lower case: asked here it takes three times as long. */
const PHRASES = new RegExp(`(?:${TRADES}|${CALLS})(?!\\p{L})`, 'gu');
const LETTER = /\p{L}/u;
const CALL = new RegExp(`^(?:${CALLS})$`);

const perHundred = (count: number, syllables: number): number =>
  syllables < MIN_SYLLABLES.phrases ? 0 : (count * 100) / syllables;
