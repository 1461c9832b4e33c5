/**
 * Fertility by register: what is hard for a tokenizer beside the text as it is. Of the first text that is evaluated, up to
 * REGISTER_BYTES, as other libraries are slow.
 *
 *   as it is        the text
 *   without marks   tone and hat taken off: `khong duoc`
 *   teencode        common words as they are typed in haste: `ko đc`
 *   capitals        all of it in capitals
 *   names           runs of two and more words that begin with a capital
 *   rare syllables  those that stand once
 */

import { removeDiacritics } from '../../cleaning/vietnamese/syllables.ts';

export const REGISTER_BYTES = 500_000;

export interface RegisterFigures {
  readonly register: string;
  readonly bytes: number;
  readonly tokens: number;
}

const HASTY: Readonly<Record<string, string>> = {
  ...{ không: 'ko', được: 'đc', rồi: 'r', gì: 'j', vậy: 'z', với: 'vs', biết: 'bít', người: 'ng', cũng: 'cx' },
  ...{ những: 'nhg', nhưng: 'nhưg', trong: 'trog', muốn: 'mún', mình: 'mk', thích: 'thik', chồng: 'ck', vợ: 'vk' },
  ...{ bây: 'bi', giờ: 'h', quá: 'wá', yêu: 'iu', thì: 'thỳ', này: 'nì', sao: 's', như: 'nk', anh: 'a', em: 'e' },
};

const WORD = /[\p{L}\p{M}]+/gu;
const NAME = /\p{Lu}[\p{L}\p{M}]*(?: \p{Lu}[\p{L}\p{M}]*)+/gu;
const SYLLABLE = / ?[\p{L}\p{M}]+/gu;

const REWRITTEN: Readonly<Record<string, (text: string) => string>> = {
  'as it is': (text) => text,
  'without marks': removeDiacritics,
  teencode: (text) => text.replace(WORD, (word) => HASTY[word] ?? word.replace(/^ph/, 'f').replace(/ng$/, 'g')),
  capitals: (text) => text.toUpperCase(),
};

export class Registers {
  #bytes = 0;
  readonly #sums = new Map<string, { bytes: number; tokens: number }>();
  readonly #seen = new Map<string, number>();
  readonly #encode: (text: string) => ArrayLike<number>;

  /** @param encode Ids of a text. */
  constructor(encode: (text: string) => ArrayLike<number>) {
    this.#encode = encode;
  }

  /** @param text In NFC. */
  add(text: string): void {
    const part = text.slice(0, Math.max(0, REGISTER_BYTES - this.#bytes));
    this.#bytes += Buffer.byteLength(part);
    for (const [register, rewrite] of Object.entries(REWRITTEN)) this.#count(register, rewrite(part));
    for (const [name] of part.matchAll(NAME)) this.#count('names', ` ${name}`);
    for (const [syllable] of part.matchAll(SYLLABLE)) this.#seen.set(syllable, (this.#seen.get(syllable) ?? 0) + 1);
  }

  /** Those that the text has. */
  figures(): RegisterFigures[] {
    const rare = { bytes: 0, tokens: 0 };
    for (const [syllable, times] of this.#seen) {
      if (times > 1) continue;
      rare.bytes += Buffer.byteLength(syllable);
      rare.tokens += this.#encode(syllable).length;
    }
    return [...this.#sums, ['rare syllables', rare] as const]
      .filter(([, { tokens }]) => tokens > 0)
      .map(([register, sums]) => ({ register, ...sums }));
  }

  #count(register: string, text: string): void {
    const sums = this.#sums.get(register) ?? { bytes: 0, tokens: 0 };
    sums.bytes += Buffer.byteLength(text);
    sums.tokens += this.#encode(text).length;
    this.#sums.set(register, sums);
  }
}
