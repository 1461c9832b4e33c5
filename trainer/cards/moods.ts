/** How a card sounds: warm among those who are close, formal to those who are looked up to. Lines that sound so come first. */
import type { Mood } from './names.ts';
import { syllablesOf } from './prosody.ts';

const list = (words: string): readonly string[] => words.split(', ');

const WORDS: Readonly<Record<Exclude<Mood, 'any'>, readonly string[]>> = {
  warm: list(
    'thương, yêu, nhớ, ấm, tình, lòng, vui, cười, ôm, gắn bó, ân cần, mộc mạc, chân thành, yêu quý, thương mến, niềm vui, đôi lời, trao tay',
  ),
  formal: list(
    'kính, thưa, trân trọng, xin, vạn, phúc, lộc, thọ, thịnh vượng, an khang, cát tường, danh, song toàn, thành công, sức khỏe, mạnh khỏe, kính chúc, công lao, biết ơn, nghĩa',
  ),
};

/** Of lines that may stand somewhere those of a mood; all of them where none is. */
export function ofMood(lines: readonly string[], mood: Mood): readonly string[] {
  if (mood === 'any') return lines;
  const wanted = WORDS[mood].map((word) => ` ${word} `);
  const found = lines.filter((line) => {
    const said = ` ${syllablesOf(line).join(' ')} `;
    return wanted.some((word) => said.includes(word));
  });
  return found.length > 0 ? found : lines;
}
