/**
 * What a scorer sees of a text: its words, pairs and triples of them, each as a 32-bit hash. A word is a run of letters,
 * marks and digits, small letters for all, `0` for every digit; every other character is one by itself, and so is a
 * line end, which says that something is a list, verse or code.
 */
import { codeUnits } from '../vietnamese/code-units.ts';

const BLANK = 0;
const SINGLE = 1;
/** Of each UTF-16 code unit: BLANK, SINGLE, or what it counts as in a word. */
let folds: Uint16Array | undefined;

function foldTable(): Uint16Array {
  if (folds !== undefined) return folds;
  const table = new Uint16Array(0x10000);
  for (let code = 0; code < 0x10000; code++) {
    const character = String.fromCharCode(code);
    if (/\p{Nd}/u.test(character)) table[code] = 0x30;
    else if (code >= 0xd800 && code < 0xe000) table[code] = code;
    else if (/[\p{L}\p{M}\p{N}]/u.test(character)) table[code] = character.toLowerCase().charCodeAt(0);
    else if (code !== 0x0a && /\s/.test(character)) table[code] = BLANK;
    else table[code] = SINGLE;
  }
  folds = table;
  return table;
}

const PRIME = 0x01000193;
const START = 0x811c9dc5;
const PAIR = 0x9e3779b1;
const TRIPLE = 0x85ebca77;

/** Memory for the grams of a longer text than this is let go when the next one comes. */
const MAX_KEPT = 1 << 18;
let kept: Int32Array = new Int32Array(1 << 12);

const mixed = (hash: number): number => {
  const half = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return half ^ (half >>> 13);
};

/**
 * Hashes of all grams, three for each word: it, it behind the one before, and behind the two before.
 * @returns a view, valid until the next call
 */
export function gramsOf(text: string): Int32Array {
  const table = foldTable();
  const units = codeUnits(text);
  const { length } = text;
  let grams: Int32Array = kept;
  let [count, before, twoBefore] = [0, 0, 0];
  for (let i = 0; i < length; ) {
    let fold = table[units[i]];
    if (fold === BLANK) {
      i++;
      continue;
    }
    let word = START;
    if (fold === SINGLE) word = Math.imul(word ^ units[i++], PRIME);
    else {
      do {
        word = Math.imul(word ^ fold, PRIME);
        fold = ++i < length ? table[units[i]] : BLANK;
      } while (fold > SINGLE);
    }
    if (count + 3 > grams.length) grams = grown(grams);
    const pair = Math.imul(before, PAIR) ^ word;
    grams[count++] = mixed(word);
    grams[count++] = mixed(pair);
    grams[count++] = mixed(Math.imul(twoBefore, TRIPLE) ^ Math.imul(pair, PAIR));
    twoBefore = before;
    before = word;
  }
  kept = grams.length > MAX_KEPT ? new Int32Array(1 << 12) : grams;
  return grams.subarray(0, count);
}

function grown(grams: Int32Array): Int32Array {
  const larger = new Int32Array(2 * grams.length);
  larger.set(grams);
  return larger;
}
