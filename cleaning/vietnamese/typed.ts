/** Keys of Telex (`tieesng Vieejt`) and VNI (`tie61ng Vie65t`) that no program turned into letters. */
import { parseSyllable } from './syllables.ts';

const TELEX_HATS: readonly (readonly [RegExp, string])[] = [
  [/uow/, 'ươ'],
  [/aa/, 'â'],
  [/ee/, 'ê'],
  [/oo/, 'ô'],
  [/aw/, 'ă'],
  [/ow/, 'ơ'],
  [/uw/, 'ư'],
  [/^dd/, 'đ'],
];
const TELEX_TONES: Readonly<Record<string, string>> = {
  s: '\u0301',
  f: '\u0300',
  r: '\u0309',
  x: '\u0303',
  j: '\u0323',
};
const VNI_TONES = ['', '\u0301', '\u0300', '\u0309', '\u0303', '\u0323'];
const VNI_HATS: Readonly<Record<string, string>> = { a6: 'â', e6: 'ê', o6: 'ô', a8: 'ă', o7: 'ơ', u7: 'ư', d9: 'đ' };

/**
 * Whether a word is a syllable once its keys are letters: one for a hat, horn, breve or đ, and one for a tone, so that
 * no English word is taken for one by a single letter.
 * @param word lower case, letters and digits
 */
export function isTyped(word: string): boolean {
  if (!/^[a-z][a-z0-9]{2,9}$/.test(word)) return false;
  if (/\d/.test(word)) return /\d[a-z]*\d/.test(word) && isVni(word);
  let hatted = word;
  for (const [keys, letter] of TELEX_HATS) hatted = hatted.replace(keys, letter);
  if (hatted === word) return false;
  for (let i = 2; i < hatted.length; i++) {
    const tone = TELEX_TONES[hatted[i]];
    if (tone !== undefined && parseSyllable(hatted.slice(0, i) + hatted.slice(i + 1) + tone) !== undefined) return true;
  }
  return false;
}

function isVni(word: string): boolean {
  const tones = word.match(/[1-5]/g) ?? [];
  if (tones.length !== 1) return false;
  const toneless = word.replace(/[1-5]/, '').replace(/uo7/, 'ươ');
  const hatted = toneless.replace(/([adeou])([a-z]?)([6-9])/g, (keys, vowel, between, hat) => {
    const letter = VNI_HATS[vowel + hat];
    return letter === undefined ? keys : letter + between;
  });
  return !/\d/.test(hatted) && parseSyllable(hatted + VNI_TONES[Number(tones[0])]) !== undefined;
}
