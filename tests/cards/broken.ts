/** Couplets of lục bát broken in one rule each, by seed: what a checker must refuse by that rule's name. */

import { seededRandom } from '../../shards/checksum.ts';
import { rhyme, type Sound, soundOf } from '../../trainer/cards/prosody.ts';
import type { VerseRule } from '../../trainer/cards/verse.ts';

export interface Broken {
  readonly rule: VerseRule;
  readonly text: string;
}

const FLAT = ['', '\u0300'];
const SHARP = ['\u0301', '\u0309', '\u0303', '\u0323'];
const BOUND = [
  [0, 1],
  [0, 3],
  [0, 5],
  [1, 1],
  [1, 3],
  [1, 5],
  [1, 7],
] as const;

/** Each couplet (two lists of syllables) broken once: tone, rhyme, syllables in turn. */
export function brokenOf(couplets: readonly (readonly [readonly string[], readonly string[]])[], seed = 1): Broken[] {
  const random = seededRandom(seed);
  const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)];
  const pool = couplets.flat(2).flatMap((syllable) => soundOf(syllable) ?? []);
  return couplets.map((couplet, at): Broken => {
    const lines = couplet.map((line) => [...line]);
    const rule = (['tone', 'rhyme', 'syllables'] as const)[at % 3];
    if (rule === 'tone') {
      const free = BOUND.filter(([line, place]) => !/(?:c|ch|p|t)$/.test(lines[line][place]));
      const [line, place] = pick(free);
      const { flat } = soundOf(lines[line][place])!;
      lines[line][place] = toned(lines[line][place], pick(flat ? SHARP : FLAT));
    } else if (rule === 'rhyme') {
      const [six, own] = [soundOf(lines[0][5])!, soundOf(lines[1][5])!];
      const others = pool.filter((sound: Sound) => sound.tone === own.tone && !rhyme(sound, six));
      lines[1][5] = pick(others).syllable;
    } else {
      const line = pick(lines);
      if (random() < 0.5) line.splice(Math.floor(random() * line.length), 1);
      else line.splice(Math.floor(random() * line.length), 0, pick(pool).syllable);
    }
    return { rule, text: lines.map((line) => line.join(' ')).join('\n') };
  });
}

/** The syllable with another tone mark, on its hatted or its first vowel. */
function toned(syllable: string, mark: string): string {
  const plain = syllable
    .normalize('NFD')
    .replace(/[\u0300\u0301\u0303\u0309\u0323]/g, '')
    .normalize('NFC');
  const onset = /^(?:qu|gi(?=[aăâeêioôơuưy])|[^aăâeêioôơuưy]*)/.exec(plain)![0].length;
  const rest = plain.slice(onset);
  const hatted = rest.search(/[ăâêôơ]/);
  const at = onset + Math.max(0, hatted >= 0 ? hatted : rest.search(/[ưaeioyu]/));
  return (plain.slice(0, at + 1) + mark + plain.slice(at + 1)).normalize('NFC');
}
