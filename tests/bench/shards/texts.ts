/** Vietnamese-like text without end, the same for the same seed: sentences of the sample web, and its words by their frequency. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Repeatable chance: 0 … sides − 1. */
export function dice(seed: number): (sides: number) => number {
  let state = seed >>> 0;
  return (sides) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

const PAGES = join(import.meta.dirname, '../../../crawlers/sample/pages');

/** Words of the sample's pages, in their order. */
function sampleWords(): string[] {
  const pages = readdirSync(PAGES, { recursive: true, withFileTypes: true }).filter(
    (each) => each.isFile() && /\.md$/.test(each.name),
  );
  return pages.flatMap((page) => {
    const text = readFileSync(join(page.parentPath, page.name), 'utf8').replace(
      /<(script|style)[\s\S]*?<\/\1>|<[^>]*>|&\w+;/g,
      ' ',
    );
    return text.match(/[\p{L}\p{M}]+[,.]?/gu) ?? [];
  });
}

/** One sentence after another, of 8 to 25 words: stretches of what was written, and now and then another word. */
export function sentences(seed: number): () => string {
  const words = sampleWords();
  const roll = dice(seed);
  return () => {
    const length = 8 + roll(18);
    const sentence: string[] = [];
    for (let at = roll(words.length); sentence.length < length; at++) {
      if (roll(4) === 0) at = roll(words.length);
      sentence.push(words[at % words.length]);
    }
    return `${sentence.join(' ')}.`;
  };
}
