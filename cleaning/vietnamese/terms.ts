/**
 * Words of a text as a search compares them: runs of letters, marks and digits, in lower case, whatever vowel carries the
 * tone and whether i or y is written at the end (`Thuý`, `thúy`; `kĩ`, `kỹ`); and without diacritics (`thuy`).
 */
import { nfc } from './nfc.ts';
import { removeDiacritics, splitTone } from './syllables.ts';

export interface Term {
  /** Letters, then the tone mark: `thuy\u0301`. */
  readonly exact: string;
  /** `thuy`; that of `kỹ` and of `ky` is `ki`. */
  readonly folded: string;
}

/** A word of another script may be a page long. */
const LONGEST = 64;
const IN_WORD = /[\p{L}\p{M}\p{N}]/u;

/** Of UTF-16 units whether they are of a word: asked once. */
const kinds = new Uint8Array(1 << 16);
const [UNKNOWN, WITHIN, BETWEEN] = [0, 1, 2];

/** Words met before, by the FNV-1a hash of their units: open addressing, so that no string is cut for a word that is known. */
const SLOTS = 1 << 17;
const MOST = SLOTS / 2;
let slots: (Known | undefined)[] = new Array(SLOTS);
let count = 0;

interface Known {
  readonly written: string;
  readonly term: Term;
}

/**
 * Calls `visit` for each word of an NFC text, in order, with its place in UTF-16 units, until it answers `false`. The same
 * word gives the same object while it is remembered.
 */
export function forEachTerm(text: string, visit: (term: Term, start: number, end: number) => unknown): void {
  const { length } = text;
  for (let at = 0; at < length; ) {
    let hash = 0x811c9dc5;
    const start = at;
    for (; at < length; at++) {
      const unit = text.charCodeAt(at);
      const kind = kinds[unit];
      if (kind !== WITHIN && (kind === BETWEEN || !isWithin(text, at))) break;
      hash = Math.imul(hash ^ unit, 0x01000193);
    }
    if (at === start) at++;
    else if (visit(termOf(text, start, at, hash), start, at) === false) return;
  }
}

/** Of a pair of surrogates what the first says holds for both. */
function isWithin(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  if ((unit & 0xf800) === 0xd800) {
    const isSecond = (unit & 0xfc00) === 0xdc00 && at > 0 && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800;
    return IN_WORD.test(String.fromCodePoint(text.codePointAt(isSecond ? at - 1 : at)!));
  }
  const isOne = IN_WORD.test(text[at]);
  if (kinds[unit] === UNKNOWN) kinds[unit] = isOne ? WITHIN : BETWEEN;
  return isOne;
}

/** Words of what somebody typed, in any normal form. */
export function termsOf(text: string): Term[] {
  const terms: Term[] = [];
  forEachTerm(nfc(text), (term) => terms.push(term));
  return terms;
}

/** Whether a diacritic was typed. */
export const hasDiacritics = (text: string): boolean => nfc(text) !== removeDiacritics(text);

function termOf(text: string, start: number, end: number, hash: number): Term {
  const length = end - start;
  if (length > LONGEST) return readTerm(text.slice(start, start + LONGEST));
  let slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
  for (let known = slots[slot]; known !== undefined; known = slots[slot]) {
    const { written } = known;
    if (written.length === length) {
      let i = 0;
      while (i < length && written.charCodeAt(i) === text.charCodeAt(start + i)) i++;
      if (i === length) return known.term;
    }
    slot = (slot + 1) & (SLOTS - 1);
  }
  if (++count > MOST) {
    slots = new Array(SLOTS);
    count = 1;
  }
  // A copy: a slice would hold the whole text.
  const written = Buffer.from(text.slice(start, end), 'utf16le').toString('utf16le');
  const term = readTerm(written);
  slots[slot] = { written, term };
  return term;
}

function readTerm(word: string): Term {
  const { toneless, tones } = splitTone(word.toLowerCase());
  const letters = toneless.replace(/^([hklmst]|qu)y$/, '$1i');
  return { exact: letters + tones, folded: removeDiacritics(letters) };
}

/** Words of a run that two texts share: a sentence that was quoted, a paragraph that was copied. */
export const PASSAGES = [13, 50] as const;

/** Bits by the low ones of hashes: most runs that are heard are nobody's, and these say so without a look into a Map. */
const SIEVE_BITS = 1 << 23;

/**
 * Which words of some texts stand in passages of others, which are heard one after the other and not kept: runs of
 * `PASSAGES` words, as 52-bit hashes.
 */
export class SharedPassages {
  readonly #own: readonly Int32Array[];
  /** Of each size the runs of all texts, and whether they were heard. */
  readonly #wanted: readonly Map<number, boolean>[];
  readonly #sieves: readonly Int32Array[];

  constructor(texts: readonly string[]) {
    this.#own = texts.map(wordHashes);
    this.#wanted = PASSAGES.map((size) => {
      const wanted = new Map<number, boolean>();
      for (const words of this.#own) for (const gram of gramsOf(words, size)) wanted.set(gram, false);
      return wanted;
    });
    this.#sieves = this.#wanted.map((wanted) => {
      const sieve = new Int32Array(SIEVE_BITS / 32);
      for (const gram of wanted.keys()) sieve[(gram & (SIEVE_BITS - 1)) >> 5] |= 1 << (gram & 31);
      return sieve;
    });
  }

  hear(text: string): void {
    const words = wordHashes(text);
    for (const [i, size] of PASSAGES.entries()) {
      const [wanted, sieve] = [this.#wanted[i], this.#sieves[i]];
      for (const gram of gramsOf(words, size)) {
        const isLikely = (sieve[(gram & (SIEVE_BITS - 1)) >> 5] >> (gram & 31)) & 1;
        if (isLikely && wanted.get(gram) === false) wanted.set(gram, true);
      }
    }
  }

  /** Of each text the share of its words that stand in a passage that was heard, 0…1, by the sizes of `PASSAGES`. */
  get shares(): number[][] {
    return this.#covered.map((covered, i) => covered.map((count) => count / Math.max(1, this.#own[i].length)));
  }

  /** Of the words of all texts together. */
  get share(): number[] {
    const words = this.#own.reduce((sum, one) => sum + one.length, 0);
    return PASSAGES.map((_, i) => this.#covered.reduce((sum, counts) => sum + counts[i], 0) / Math.max(1, words));
  }

  /** `share` in words. */
  get told(): string {
    return this.share.map((part, i) => `${(100 * part).toFixed(1)} % in runs of ${PASSAGES[i]}`).join(', ');
  }

  /** Words of each text. */
  get #covered(): number[][] {
    return this.#own.map((words) =>
      PASSAGES.map((size, i) => {
        let [count, until] = [0, 0];
        for (const [at, gram] of gramsOf(words, size).entries()) {
          if (!this.#wanted[i].get(gram)) continue;
          count += at + size - Math.max(at, until);
          until = at + size;
        }
        return count;
      }),
    );
  }
}

const WORD = /[\p{L}\p{M}\p{N}]+/gu;

function wordHashes(text: string): Int32Array {
  return Int32Array.from(text.normalize('NFC').toLowerCase().match(WORD) ?? [], (word) => {
    let hash = 0x811c9dc5;
    for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
    return hash;
  });
}

const BASES = [0x01000193, 0x85ebca6b] as const;

/** Hashes of every run of `size` words, in order: two polynomials that roll, together a whole number below 2^52. */
function gramsOf(words: Int32Array, size: number): number[] {
  const grams: number[] = [];
  const leads = BASES.map((base) => {
    let lead = 1;
    for (let i = 0; i < size; i++) lead = Math.imul(lead, base);
    return lead;
  });
  let [low, high] = [0, 0];
  for (let i = 0; i < words.length; i++) {
    low = (Math.imul(low, BASES[0]) + words[i]) | 0;
    high = (Math.imul(high, BASES[1]) + words[i]) | 0;
    if (i >= size) {
      low = (low - Math.imul(words[i - size], leads[0])) | 0;
      high = (high - Math.imul(words[i - size], leads[1])) | 0;
    }
    if (i >= size - 1) grams.push((high >>> 12) * 2 ** 32 + (low >>> 0));
  }
  return grams;
}
