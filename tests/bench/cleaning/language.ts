/**
 * Language: NTREX lines of 40 characters and more in 37 languages, Vietnamese with and without diacritics; and what it
 * costs for each document of the pack.   VUA_PACK=DIR node --import tsx tests/bench/cleaning/language.ts
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { identify, identifyParagraphs } from '../../../cleaning/vietnamese/language.ts';
import { readParagraphs, readSyllables } from '../../../cleaning/vietnamese/lexicon.ts';
import { normalize } from '../../../cleaning/vietnamese/normalize.ts';
import { removeDiacritics } from '../../../cleaning/vietnamese/syllables.ts';
import { formatTable } from '../../../crawlers/shell/reporter.ts';
import { cpuSeconds, hasPack, pack, readPack } from './data.ts';
import { packDocuments } from './filters.ts';

const MIN_CHARACTERS = 40;

interface Line {
  readonly text: string;
  readonly isVietnamese: boolean;
}

function ntrexLines(): { languages: number; lines: Line[] } {
  const dir = 'langid/ntrex';
  const files = readdirSync(join(pack, dir)).filter((name) => name.endsWith('.txt'));
  const lines = files.flatMap((file) =>
    readPack(`${dir}/${file}`)
      .split('\n')
      .filter((line) => line.length >= MIN_CHARACTERS)
      .map((line) => ({ text: normalize(line), isVietnamese: file.startsWith('vie') })),
  );
  return { languages: new Set(files.map((file) => file.slice(0, 3))).size, lines };
}

function f1(lines: readonly Line[]): string {
  let [right, wrong, missed] = [0, 0, 0];
  for (const { text, isVietnamese } of lines) {
    const found = identify(readSyllables(text), text).code === 'vie';
    if (found && isVietnamese) right++;
    else if (found) wrong++;
    else if (isVietnamese) missed++;
  }
  const score = (2 * right) / (2 * right + wrong + missed);
  return `F1 ${score.toFixed(4)} (${wrong} of other languages taken for Vietnamese, ${missed} missed)`;
}

export function languageBench(): void {
  if (!hasPack) {
    process.stdout.write('VUA_PACK is not set: nothing to identify\n');
    return;
  }
  const { languages, lines } = ntrexLines();
  const plain = lines.map((line) => (line.isVietnamese ? { ...line, text: removeDiacritics(line.text) } : line));
  const documents = [...packDocuments()]
    .filter(([kind]) => kind !== 'web')
    .flatMap(([, pages]) => pages.map(({ body }) => normalize(Buffer.from(body).toString('utf8'))));
  const read = documents.map((text) => ({ text, ...readParagraphs(text) }));
  const identifyAll = (): void => {
    for (const { text, syllables, paragraphs } of read) {
      identify(syllables, text);
      identifyParagraphs(syllables, paragraphs, text);
    }
  };
  identifyAll();
  const whole = cpuSeconds(() => {
    for (const { text, syllables } of read) identify(syllables, text);
  });
  const both = cpuSeconds(identifyAll);
  const micro = (seconds: number): string => `${((1e6 * seconds) / documents.length).toFixed(1)} µs a document`;
  const rows = [
    [`${lines.length} lines in ${languages} languages`, f1(lines)],
    ['the same, Vietnamese without diacritics', f1(plain)],
    [`${documents.length} documents, as a whole`, micro(whole)],
    ['and every paragraph', micro(both)],
  ];
  process.stdout.write(`language\n${formatTable(rows)}\n`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) languageBench();
