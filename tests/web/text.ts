/** Pages for the web of many hosts: Vietnamese words in an order that no other name has. */
import { randomOf } from '../crash/states.ts';

const WORDS = (
  'nước nhà sông núi biển trời đất người làng phố chợ đường xe thuyền sách trường thầy bạn mẹ cha anh chị em ông bà ' +
  'và của là một những các được trong ngoài trên dưới khi nào đã đang sẽ rồi cũng đều hay lại ra vào lên xuống ' +
  'mùa gặt lúa chín vàng cánh đồng chiều gió thổi nhẹ hàng tre xanh ven con kênh chảy qua đầu xóm'
).split(' ');

const seedOf = (name: string): number => {
  let hash = 7;
  for (const character of name) hash = (hash * 31 + character.codePointAt(0)!) >>> 0;
  return hash;
};

/** So many words that stand for `name`. */
export function sentenceOf(name: string, words = 40): string {
  const random = randomOf(seedOf(name));
  return `${Array.from({ length: words }, () => WORDS[Math.floor(random() * WORDS.length)]).join(' ')}.`;
}

export interface Extra {
  /** Markup for the head. */
  readonly head?: string;
  /** Markup behind the text. */
  readonly body?: string;
}

/** A page with text of its own and links. */
export const pageOf = (name: string, links: readonly string[] = [], { head = '', body = '' }: Extra = {}): string =>
  `<!doctype html><html lang="vi"><head><title>Bài</title>${head}</head><body><p>${sentenceOf(name)}</p>${body}` +
  `<ul>${links.map((href) => `<li><a href="${href}">xem tiếp</a></li>`).join('')}</ul></body></html>`;
