/**
 * Contamination: every item of VMLU's development set planted in a document of its own, and the pack's documents, in
 * which it stands nowhere on purpose.   VUA_PACK=DIR node --import tsx tests/bench/cleaning/contamination.ts
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contaminationOf, readContaminationIndex } from '../../../cleaning/benchmarks/contamination.ts';
import { readSyllables } from '../../../cleaning/vietnamese/lexicon.ts';
import { normalize } from '../../../cleaning/vietnamese/normalize.ts';
import { formatTable } from '../../../crawlers/shell/reporter.ts';
import { hasPack, pack, readPack } from './data.ts';
import { packDocuments } from './filters.ts';

interface Item {
  readonly id: string;
  readonly question: string;
  readonly choices: readonly string[];
}

const AROUND = ['Buổi sáng người trong xóm ra bến chờ đò.', 'Đến trưa thì chợ vãn, ai về nhà nấy.'];

/** Letters of choices stay in their order, the answers behind them move by one. */
const reordered = (choices: readonly string[]): string[] => {
  const parts = choices.map((choice) => /^(\s*[A-Ea-e][.:)]\s*)?(.*)$/s.exec(choice)!);
  return parts.map(([, letter = ''], i) => `${letter}${parts[(i + 1) % parts.length][2]}`);
};
const isLong = (question: string): boolean => question.trim().split(/\s+/).length >= 12;

export function contaminationBench(): void {
  if (!hasPack) {
    process.stdout.write('VUA_PACK is not set: nothing to flag\n');
    return;
  }
  const index = readContaminationIndex([join(pack, 'vmlu/dev.jsonl')]);
  const items = readPack('vmlu/dev.jsonl')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Item);
  const flags = (text: string): string[] => contaminationOf(readSyllables(normalize(text)), index).split(' ');
  const beside = new Set<string>(); // an item that was not planted, in a document of another
  const found = (planted: (item: Item) => string): number =>
    items.filter((item) => {
      const held = flags(`${AROUND[0]} ${planted(item)}\n${AROUND[1]}`);
      for (const id of held) if (id !== '' && id !== `dev:${item.id}`) beside.add(`${item.id} ${id}`);
      return held.includes(`dev:${item.id}`);
    }).length;
  const rows = [
    ['question and choices planted', found(({ question, choices }) => [question, ...choices].join('\n')), items.length],
    [
      'the same, choices in another order',
      found(({ question, choices }) => [question, ...reordered(choices)].join('\n')),
      items.length,
    ],
    ['question alone planted', found(({ question }) => question), items.length],
    [
      'of these, questions of 12 syllables and more',
      found(({ question }) => (isLong(question) ? question : '')),
      items.filter(({ question }) => isLong(question)).length,
    ],
    ['choices alone planted (no question: not to be found)', found(({ choices }) => choices.join('\n')), items.length],
    // What is flagged where nothing was planted: false, but for a text that an item quotes.
    ...[...packDocuments()]
      .filter(([kind]) => kind !== 'web')
      .map(([kind, pages]) => {
        const flagged = pages.filter(({ body }) => flags(Buffer.from(body).toString('utf8'))[0] !== '');
        return [`${kind}, nothing planted`, flagged.length, pages.length];
      }),
  ];
  rows.splice(5, 0, ['false: items flagged in a document of another item', beside.size, '']);
  process.stdout.write(
    `${[...beside].join('\n')}\n${formatTable([['documents', 'flagged', 'of'], ...rows.map((row) => row.map(String))])}\n`,
  );
}

if (process.argv[1] === fileURLToPath(import.meta.url)) contaminationBench();
