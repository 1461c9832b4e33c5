/**
 * A pool of documents of which it is known which are the same: copies edited by 0 to 30 %, excerpts, chains in which each
 * is a copy of the one before, forms that are filled in, decrees with one preamble, books and poems with one licence. From
 * one seed; the words are made of Vietnamese syllables, or the pages of a corpus where one is given.
 */
import { FUNCTION_WORDS } from '../../cleaning/vietnamese/words.ts';

export interface PoolDocument {
  readonly id: string;
  readonly text: string;
  /** Documents that have a family in common are the same; others are not, whatever they share. */
  readonly families: readonly string[];
  /** How it came in: `copy 10 %`, `excerpt`, `form`. */
  readonly kind: string;
}

export interface Pool {
  readonly documents: readonly PoolDocument[];
  /** Texts that many documents share and that make none the same. */
  readonly boilerplate: readonly string[];
}

const ONSETS = 'b c ch d đ g gh h kh l m n ng nh ph qu r s t th tr v x'.split(' ');
const RIMES = (
  'an am ang anh at ay ao ăn ăm ăng âu ân âng ât âm en em eo eng ên ênh in inh iêu iên iêng on ong oi ôn ông ôi ơn ơi ơm un ung ui ưa ưng ' +
  'ương ươn uôn uông ươi uy a e ê i o ô ơ u ư ai ach ich iêt ong oc ôc ôt uôc ươc'
).split(' ');
const TONES = ['', '\u0300', '\u0301', '\u0309', '\u0303', '\u0323'];
const NAMES = 'Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Võ Đặng Bùi Đỗ Hồ Ngô Dương Lý'.split(' ');
const GIVEN =
  'An Bình Châu Dũng Giang Hà Hùng Khánh Lan Linh Mai Minh Nam Ngọc Phúc Quân Sơn Thảo Trang Tuấn Vy Yến'.split(' ');

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** Mulberry32: 0 ≤ x < 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }

  whole(from: number, to: number): number {
    return from + Math.floor(this.next() * (to - from + 1));
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.next() * list.length)];
  }
}

/** Syllables that Vietnamese could have. */
const VOCABULARY: readonly string[] = (() => {
  const random = new Random(7);
  return Array.from({ length: 2_500 }, () => {
    const [onset, rime] = [random.pick(ONSETS), random.pick(RIMES)];
    const tones = /[cpt]$|ch$/.test(rime) ? ['\u0301', '\u0323'] : TONES;
    const vowel = /[aăâeêioôơuưy](?=[^aăâeêioôơuưy]*$)/u.exec(rime)!.index;
    return (onset + rime.slice(0, vowel + 1) + random.pick(tones) + rime.slice(vowel + 1)).normalize('NFC');
  });
})();

const capital = (word: string): string => word[0].toUpperCase() + word.slice(1);

/** Sentences of made-up words, a third of them function words. */
export function prose(random: Random, syllables: number): string {
  const sentences: string[] = [];
  for (let left = syllables; left > 0; ) {
    const length = Math.min(left < 12 ? left : random.whole(9, 24), left);
    const words = Array.from({ length }, () =>
      random.next() < 0.35
        ? random.pick(FUNCTION_WORDS)
        : VOCABULARY[Math.floor(VOCABULARY.length * random.next() ** 1.6)],
    );
    sentences.push(`${capital(words.join(' '))}.`);
    left -= length;
  }
  const paragraphs: string[] = [];
  while (sentences.length > 0) paragraphs.push(sentences.splice(0, random.whole(3, 6)).join(' '));
  return paragraphs.join('\n\n');
}

const sentencesOf = (text: string): string[] => text.match(/[^.!?\n]+[.!?]*\s*/g) ?? [text];

/** Syllables replaced, left out or put in. */
function editSyllables(random: Random, text: string, share: number): string {
  return text
    .split(/(\s+)/)
    .flatMap((part) => {
      if (part.trim() === '' || random.next() >= share) return [part];
      const how = random.next();
      if (how < 0.6) return [random.pick(VOCABULARY)];
      return how < 0.8 ? [] : [part, ' ', random.pick(VOCABULARY)];
    })
    .join('');
}

/** Sentences replaced by others of the same length. */
const editSentences = (random: Random, text: string, share: number): string =>
  sentencesOf(text)
    .map((one) => (random.next() < share ? `${prose(random, one.trim().split(/\s+/).length)} ` : one))
    .join('')
    .trim();

/** One stretch replaced. */
function editStretch(random: Random, text: string, share: number): string {
  const words = text.split(/(?<=\s)/);
  const length = Math.round(words.length * share);
  const start = random.whole(0, words.length - length);
  return [...words.slice(0, start), `${prose(random, length)} `, ...words.slice(start + length)].join('').trim();
}

/** As another site prints it: its own lines at head and foot. */
const withFurniture = (random: Random, text: string): string =>
  `${prose(random, random.whole(4, 9))}\n\n${text}\n\n${prose(random, random.whole(6, 14))}`;

const EDITS = [editSyllables, editSyllables, editSentences, editStretch] as const;
const SHARES = [0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3];

const person = (random: Random): string => `${random.pick(NAMES)} ${random.pick(GIVEN)} ${random.pick(GIVEN)}`;
const date = (random: Random): string => `${random.whole(1, 28)}/${random.whole(1, 12)}/${random.whole(2005, 2025)}`;

/** A form: sentences with places for names, dates, amounts and words. */
function form(random: Random): { frame: string[]; fill: (random: Random) => string } {
  const places = random.whole(5, 9);
  const frame = Array.from({ length: places + 1 }, () => prose(random, random.whole(9, 20)).replace(/\.\s*$/, ''));
  const kinds = Array.from({ length: places }, () => random.whole(0, 3));
  const filling = (kind: number, its: Random): string =>
    [
      () => person(its),
      () => date(its),
      () => `${its.whole(1, 999)}.000 đồng`,
      () => `số ${its.whole(1, 400)} đường ${capital(its.pick(VOCABULARY))}`,
    ][kind]();
  const fill = (its: Random): string =>
    frame.map((part, i) => (i < places ? `${part}: ${filling(kinds[i], its)}.` : `${part}.`)).join(i18n(places));
  return { frame, fill };
}
const i18n = (places: number): string => (places % 2 === 0 ? '\n' : ' ');

/**
 * @param size documents in all, roughly
 * @param texts a corpus to take texts from instead of making them: none is the same as another
 */
export function duplicatePool(size: number, texts: readonly string[] = []): Pool {
  const random = new Random(20_261_130);
  const documents: PoolDocument[] = [];
  const boilerplate: string[] = [];
  const left = [...texts];
  const text = (syllables: number): string => left.pop() ?? prose(random, syllables);
  const add = (kind: string, its: string, ...families: string[]): void => {
    documents.push({ id: `d${documents.length}`, text: its.trim(), families, kind });
  };
  const times = (count: number, make: (n: number) => void): void => {
    for (let n = 0; n < Math.max(1, Math.round((size * count) / 20_000)); n++) make(n);
  };
  times(1_500, (n) => {
    const original = text(random.whole(60, 700));
    add('original', original, `copy ${n}`);
    for (let copies = random.whole(1, 3); copies > 0; copies--) {
      const share = random.pick(SHARES);
      const edited = random.pick(EDITS)(random, original, share);
      add(`copy ${100 * share} %`, random.next() < 0.2 ? withFurniture(random, edited) : edited, `copy ${n}`);
    }
  });
  times(500, (n) => {
    const original = text(random.whole(300, 2_000));
    const sentences = sentencesOf(original);
    const first = random.whole(0, Math.max(0, sentences.length - 6));
    const excerpt = sentences.slice(first, first + random.whole(4, 10)).join('');
    const edited = editSyllables(random, excerpt, random.pick([0, 0, 0.01, 0.02]));
    add('original', original, `excerpt ${n}`);
    add('excerpt', edited, `excerpt ${n}`, `quoting ${n}`);
    // A text that quotes it holds the excerpt, and is no duplicate of the original.
    if (n % 3 === 0)
      add('quoting', `${prose(random, 250)}\n\n${excerpt.trim()}\n\n${prose(random, 200)}`, `quoting ${n}`);
  });
  times(150, (n) => {
    let last = text(random.whole(150, 500));
    for (let link = 0; link < 5; link++) {
      add(`chain ${link}`, last, `chain ${n}`);
      last = editSyllables(random, last, 0.03);
    }
  });
  times(60, (n) => {
    const { frame, fill } = form(random);
    boilerplate.push(...frame);
    for (let k = 0; k < 25; k++) add('form', fill(random), `form ${n} ${k}`);
  });
  times(25, (n) => {
    const preamble = `CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM\nĐộc lập - Tự do - Hạnh phúc\n\n${prose(random, random.whole(60, 160))}`;
    boilerplate.push(preamble);
    for (let k = 0; k < 15; k++)
      add('decree', `${preamble}\n\n${prose(random, random.whole(60, 600))}`, `decree ${n} ${k}`);
  });
  times(8, (n) => {
    const licence = prose(random, random.whole(250, 500));
    boilerplate.push(licence);
    for (let k = 0; k < 10; k++)
      add('book', `${licence}\n\n${prose(random, random.whole(2_000, 6_000))}`, `book ${n} ${k}`);
    for (let k = 0; k < 15; k++) add('poem', `${prose(random, random.whole(60, 160))}\n\n${licence}`, `poem ${n} ${k}`);
  });
  for (let n = 0; documents.length < size; n++) add('single', text(random.whole(40, 700)), `single ${n}`);
  return { documents: shuffled(documents, 1), boilerplate };
}

export function shuffled<T>(list: readonly T[], seed: number): T[] {
  const random = new Random(seed);
  const all = [...list];
  for (let i = all.length - 1; i > 0; i--) {
    const k = random.whole(0, i);
    [all[i], all[k]] = [all[k], all[i]];
  }
  return all;
}
