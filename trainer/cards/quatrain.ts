/**
 * Four lines of seven syllables (thất ngôn tứ tuyệt), by rule: in a line the second and the sixth syllable are of one
 * kind, the fourth of the other (nhị tứ lục phân minh); lines 1 and 4 begin alike, 2 and 3 the other way (niêm); 1, 2
 * and 4 end flat and rhyme, 3 ends sharp.
 */
import { rhyme, rhymeName, type Sound, soundOf } from './prosody.ts';
import type { Line, VerseFault } from './verse.ts';

const LINES = 4;
const SYLLABLES = 7;
const END = SYLLABLES - 1;

/** Every breach; none: the poem keeps all rules. */
export function quatrainFaults(lines: readonly Line[]): VerseFault[] {
  const faults: VerseFault[] = [];
  const fault = (rule: VerseFault['rule'], line: number, syllable: number, found: string, expected: string): void => {
    faults.push({ rule, line: lines[line]?.number ?? 0, syllable, found, expected });
  };
  if (lines.length !== LINES) fault('syllables', 0, 0, `${lines.length} lines`, `${LINES}`);
  const heard = lines.slice(0, LINES).map(({ syllables }, at) => {
    if (syllables.length !== SYLLABLES) {
      fault('syllables', at, 0, String(syllables.length), String(SYLLABLES));
      return undefined;
    }
    const sounds = syllables.map(soundOf);
    const foreign = sounds.indexOf(undefined);
    if (foreign >= 0) fault('spelling', at, foreign + 1, syllables[foreign], 'a Vietnamese syllable');
    return foreign < 0 ? (sounds as Sound[]) : undefined;
  });
  const first = heard.findIndex((sounds) => sounds !== undefined);
  if (first < 0) return faults;
  const begins = heard[first]![1].flat === isLikeFirst(first);
  for (const [at, sounds] of heard.entries()) {
    if (sounds === undefined) continue;
    const flat = begins === isLikeFirst(at);
    for (const [place, wanted] of [
      [2, flat],
      [4, !flat],
      [6, flat],
      [7, at !== 2],
    ] as const) {
      const { flat: is, syllable, tone } = sounds[place - 1];
      if (is !== wanted) fault('tone', at, place, `${syllable}: ${tone}`, wanted ? 'bằng' : 'trắc');
    }
    const rhymed = heard[0]?.[END];
    if ((at === 1 || at === 3) && rhymed && !rhyme(rhymed, sounds[END]))
      fault('rhyme', at, SYLLABLES, `${rhymed.syllable} / ${sounds[END].syllable}`, `a rhyme in ${rhymeName(rhymed)}`);
  }
  return faults;
}

const isLikeFirst = (line: number): boolean => line === 0 || line === 3;
