/** Input made to hurt: time at a size and at twice that. Linear or n·log n means about two. */
import type * as Encode from '../../../tokenizer/encode/encode.ts';
import { built, corpus, options, print } from './support.ts';
import { trainOurs } from './training.ts';

const random = (count: number, letters: string): string => {
  let state = 1;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return letters[(state >>> 16) % letters.length];
  }).join('');
};
const prose = (texts: readonly Buffer[], count: number): string => {
  const all = texts
    .slice(0, 4000)
    .map((text) => text.toString().replaceAll(/\s+/g, ' '))
    .join(' ');
  return all.slice(0, count);
};

export async function hostile(): Promise<void> {
  const texts = corpus();
  const { Encoder } = await built<typeof Encode>('tokenizer/encode/encode');
  const cases: [string, (size: number) => string, number][] = [
    ['random letters', (size) => random(size, 'abcdefghijklmnopqrstuvwxyz'), 32_000],
    ['random letters', (size) => random(size, 'abcdefghijklmnopqrstuvwxyz'), 1_000_000],
    ['one letter', (size) => 'a'.repeat(size), 1_000_000],
    ['ế', (size) => 'ế'.repeat(size), 1_000_000],
    ['spaces', (size) => ' '.repeat(size), 1_000_000],
    ['dashes', (size) => '-'.repeat(size), 1_000_000],
    ['random syllables', (size) => random(size, 'abc nhgđê '), 1_000_000],
    ['one syllable', (size) => ' và'.repeat(size / 3), 3_000_000],
    ['prose in one line', (size) => prose(texts, size), 5_000_000],
    ['unordered marks', (size) => '\u0300\u0323'.repeat(size / 2), 400_000],
    ['decomposed prose', (size) => prose(texts, size).normalize('NFD'), 2_000_000],
  ];
  const rows: string[][] = [];
  for (const maxSyllables of options.modes.map(Number)) {
    const encoder = new Encoder((await trainOurs(texts, { maxSyllables })).model);
    for (const [name, make, size] of cases) {
      const time = (text: string): number => {
        let shortest = Number.POSITIVE_INFINITY;
        for (let run = 0; run < 2; run++) {
          const started = performance.now();
          encoder.encode(text);
          shortest = Math.min(shortest, performance.now() - started);
        }
        return shortest;
      };
      const [once, twice] = [time(make(size)), time(make(2 * size))];
      rows.push([
        maxSyllables === 1 ? 'syllable-bounded' : 'across spaces',
        name,
        size.toLocaleString('en'),
        once.toFixed(1),
        twice.toFixed(1),
        (twice / once).toFixed(1),
      ]);
    }
  }
  print('Hostile input', [['', 'input', 'characters', 'ms', 'ms, twice the size', 'ratio'], ...rows]);
}
