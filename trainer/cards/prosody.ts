/**
 * How a syllable sounds in verse: bằng (flat: ngang, huyền) or trắc (the four others), and what it rhymes with. A rhyme
 * compares nucleus and coda; onset, glide and tone do not count (hoa rhymes with nhà, tuyền with tiên).
 */
import { parseSyllable, splitTone, type Tone } from '../../cleaning/vietnamese/syllables.ts';

export interface Sound {
  readonly syllable: string;
  readonly tone: Tone;
  /** Bằng. */
  readonly flat: boolean;
  /** `a ă â e ê i iê o ô ơ u uô ư ươ`: spellings of one sound are one (ia, ya, yê → iê; ay → ă). */
  readonly nucleus: string;
  /** `'' i u m n ng nh p t c ch`: y and o behind a vowel are i and u. */
  readonly coda: string;
}

/** Syllables of a line, lower case, in NFC: letters between anything else. */
export const syllablesOf = (line: string): string[] =>
  line
    .normalize('NFC')
    .toLowerCase()
    .match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];

const heard = new Map<string, Sound | undefined>();

/** Of one lower-case NFC syllable; `undefined` for what is none (a number, a foreign word). */
export function soundOf(syllable: string): Sound | undefined {
  if (!heard.has(syllable)) heard.set(syllable, listen(syllable));
  return heard.get(syllable);
}

function listen(syllable: string): Sound | undefined {
  const spelling = parseSyllable(syllable) ?? dialectal(syllable);
  if (spelling === undefined) return undefined;
  const { onset, tone } = spelling;
  const shared = onset === 'gi' && spelling.rhyme.startsWith('ê') ? 'i' : ''; // giếng: the i is of both
  const rhyme = (shared + spelling.rhyme).replace(/^o(?=[aăe])/, '').replace(/^u(?=[âêơy])/, '');
  const [, written, coda] = /^(iê|yê|ia|ya|ươ|ưa|uô|ua|oo|[aăâeêioôơuưy])(.*)$/.exec(rhyme) ?? [];
  if (written === undefined) return undefined;
  const short = written === 'a' && (coda === 'y' || coda === 'u'); // ay, au are ăi, ău
  const nucleus = short ? 'ă' : (ONE_SOUND[written] ?? written);
  return {
    syllable,
    tone,
    flat: tone === 'ngang' || tone === 'huyền',
    nucleus,
    coda: ({ y: 'i', o: 'u' } as Record<string, string>)[coda] ?? coda,
  };
}

const ONE_SOUND: Readonly<Record<string, string>> = {
  ...{ yê: 'iê', ia: 'iê', ya: 'iê', ưa: 'ươ', ua: 'uô', y: 'i', oo: 'o' },
};

/** What the table of today's spelling lacks: chưn for chân. */
function dialectal(syllable: string): { onset: string; rhyme: string; tone: Tone } | undefined {
  const { toneless, tones } = splitTone(syllable);
  const [, onset, rhyme] = /^([bcdđghklmnpqrstvx]*)(ưn)$/.exec(toneless) ?? [];
  const like = rhyme === undefined ? undefined : parseSyllable(`a${tones}n`.normalize('NFC'));
  return like && { onset, rhyme, tone: like.tone };
}

/**
 * Nuclei that poets rhyme with each other before a coda (vần thông), beside equal ones (vần chính): pairs that The Tale of
 * Kiều uses at least twice, and what follows by analogy for codas that it hardly has. A row: codas, then groups.
 */
const NEAR_RHYMES: Readonly<Record<string, readonly string[]>> = {
  '': ['e ê i iê', 'ơ ươ ư', 'o ô u uô'],
  i: ['â ă', 'a ơ ươ ô', 'o ô ơ ươ', 'u uô ô ơ', 'a o'],
  u: ['â ă', 'a ă', 'e iê ê i', 'ư ươ'],
  m: ['â ă', 'e ê i iê', 'a ơ ươ', 'o ô uô'],
  n: ['â ă', 'e ê i iê', 'a ơ', 'ơ ươ', 'o ô uô', 'o u'],
  ng: ['a ươ', 'ă ư â', 'o ô u uô'],
  nh: ['a i ê'],
};
const PAIRS = new Set(
  Object.entries(NEAR_RHYMES).flatMap(([coda, groups]) =>
    groups.flatMap((group) => {
      const nuclei = group.split(' ');
      return nuclei.flatMap((one) => nuclei.map((other) => `${one} ${other} ${coda}`));
    }),
  ),
);

/** Whether two flat syllables rhyme in verse; which syllable it is, or its tone, does not matter. */
export const rhyme = (one: Sound, other: Sound): boolean =>
  one.coda === other.coda &&
  (one.nucleus === other.nucleus || PAIRS.has(`${one.nucleus} ${other.nucleus} ${one.coda}`));

/** Its rhyme as it is named: `ươ+ng`, `a`. */
export const rhymeName = ({ nucleus, coda }: Sound): string => nucleus + coda;
