/**
 * A line of verse of any words: syllables of a lexicon with a space between, at each place those that its rule allows
 * (bằng or trắc, a rhyme, no word of persons), as an automaton for constrain.ts.
 */
import { type State, Trie } from './constrain.ts';
import { personsIn } from './pronouns.ts';
import { rhyme, type Sound, soundOf } from './prosody.ts';

/** Places of a line that are bound. */
const FLAT: Readonly<Record<number, readonly (boolean | undefined)[]>> = {
  6: [undefined, true, undefined, false, undefined, true],
  8: [undefined, true, undefined, false, undefined, true, undefined, true],
};
/** An end that is to be carried on needs this many syllables to rhyme with. */
const LEAST_RHYMES = 2;

/** Syllables that free lines are made of. */
export class Lexicon {
  readonly sounds: readonly Sound[];
  readonly #tries = new Map<string, Trie>();
  readonly #carried = new Map<string, boolean>();

  constructor(syllables: Iterable<string>) {
    const known = [...new Set(syllables)].flatMap((syllable) => soundOf(syllable) ?? []);
    this.sounds = known.filter(({ syllable }) => [...personsIn(syllable)].length === 0);
  }

  /** Those that `wanted` takes, which are named by `key`. */
  trie(key: string, wanted: (sound: Sound) => boolean): Trie {
    const trie = this.#tries.get(key) ?? Trie.of(this.sounds.filter(wanted).map(({ syllable }) => syllable));
    this.#tries.set(key, trie);
    return trie;
  }

  /** Whether a line that ends so can be followed. */
  carries(sound: Sound): boolean {
    const key = `${sound.nucleus}|${sound.coda}|${sound.tone}`;
    if (!this.#carried.has(key))
      this.#carried.set(
        key,
        this.sounds.filter((other) => other.flat && other !== sound && rhyme(sound, other)).length >= LEAST_RHYMES,
      );
    return this.#carried.get(key)!;
  }
}

const [SPACE, NEWLINE] = [0x20, 0x0a];
const DECODER = new TextDecoder();

/** A six or an eight whose sixth syllable rhymes with `carried`; its end is the newline. */
export function freeLine(lexicon: Lexicon, count: 6 | 8, carried: Sound | undefined): State {
  return begin(lexicon, count, carried, []);
}

function begin(lexicon: Lexicon, count: 6 | 8, carried: Sound | undefined, said: readonly string[]): State {
  const place = said.length;
  const flat = FLAT[count][place];
  const rhymed = place === 5 ? carried : undefined;
  // The eighth is of the other tone than the sixth.
  const other = place === 7 ? soundOf(said[5])?.tone : undefined;
  const key = [flat, rhymed?.syllable, other, place + 1 === count].join();
  const trie = lexicon.trie(
    key,
    (sound) =>
      (flat === undefined || sound.flat === flat) &&
      (rhymed === undefined || (rhymed.syllable !== sound.syllable && rhyme(rhymed, sound))) &&
      (place + 1 < count || lexicon.carries(sound)) &&
      sound.tone !== other,
  );
  const within = (at: Trie, bytes: readonly number[]): State => ({
    isEnd: false,
    next(byte) {
      const child = at.next(byte);
      if (child !== undefined) return within(child, [...bytes, byte]);
      if (!at.isEnd) return undefined;
      const syllable = DECODER.decode(Uint8Array.from(bytes));
      const isLast = place + 1 === count;
      if (byte === (isLast ? NEWLINE : SPACE))
        return isLast ? END : begin(lexicon, count, carried, [...said, syllable]);
      return undefined;
    },
  });
  return within(trie, []);
}

const END: State = { isEnd: true, next: () => undefined };
