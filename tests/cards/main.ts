/**
 * What the rules of cards are worth, measured:
 *
 *   npm run cards -- POEM.txt              couplets of a poem accepted, the others by rule and licence; then each broken once
 *   npm run cards -- generate [MODEL [DOCUMENTS [COUNT]]]   1,000 cards of every pair, occasion and form
 */
import { readFileSync } from 'node:fs';
import { type CardOptions, withWriter, writeCard } from '../../trainer/cards/cards.ts';
import { cardFaults } from '../../trainer/cards/judge.ts';
import { FORMS, LENGTHS, OCCASIONS } from '../../trainer/cards/names.ts';
import { copiedFrom } from '../../trainer/cards/novelty.ts';
import { ALL_PAIRS } from '../../trainer/cards/pronouns.ts';
import { syllablesOf } from '../../trainer/cards/prosody.ts';
import { linesOf, lucBatFaults } from '../../trainer/cards/verse.ts';
import { brokenOf } from './broken.ts';

const [what, model, documents, count = '1000'] = process.argv.slice(2);
if (what === 'generate') await generate();
else if (what) judgePoem(what);
else console.error('npm run cards -- POEM.txt, or generate [MODEL [DOCUMENTS [COUNT]]]');

function judgePoem(path: string): void {
  // Fourteen syllables are a couplet, however an edition sets its lines.
  const syllables = syllablesOf(readFileSync(path, 'utf8')).filter((syllable) => !/^\d+$/.test(syllable));
  const couplets = Array.from({ length: Math.floor(syllables.length / 14) }, (_, at) => {
    const own = syllables.slice(at * 14, at * 14 + 14);
    return [own.slice(0, 6), own.slice(6)] as const;
  });
  const text = couplets.flatMap((lines) => lines.map((line) => line.join(' '))).join('\n');
  const faults = lucBatFaults(linesOf(text));
  const refused = new Set(faults.map(({ line }) => (line - 1) >> 1));
  for (const { rule, line, syllable, found, expected, licence } of faults)
    console.log(`couplet ${((line - 1) >> 1) + 1}, syllable ${syllable}, ${rule}: ${found}; ${licence ?? expected}`);
  const share = (100 * (couplets.length - refused.size)) / couplets.length;
  console.log(
    `${couplets.length - refused.size} of ${couplets.length} couplets keep every rule: ${share.toFixed(2)} %`,
  );
  const sound = couplets.filter((_, at) => {
    const own = lucBatFaults(linesOf(couplets[at].map((line) => line.join(' ')).join('\n')));
    return own.length === 0;
  });
  for (const seed of [1, 2, 3]) {
    const broken = brokenOf(sound, seed);
    const wrong = broken.filter(({ rule, text: each }) => {
      const own = lucBatFaults(linesOf(each));
      return own.length === 0 || own.some((fault) => fault.rule !== rule);
    });
    for (const { rule, text: each } of wrong.slice(0, 5)) console.log(`not by ${rule}:\n${each}`);
    console.log(
      `seed ${seed}: ${broken.length - wrong.length} of ${broken.length} broken couplets refused by their rule`,
    );
  }
}

async function generate(): Promise<void> {
  const kinds = FORMS.flatMap((form) => OCCASIONS.map((occasion) => ({ form, occasion })));
  const how = { checkpoint: model, adapter: 'auto', temperature: 0.8 } as const;
  const counts = { pronouns: 0, form: 0, other: 0, refused: 0 };
  const texts: string[] = [];
  const written = new Set<string>();
  await withWriter(how, console.error, async (writer) => {
    for (let seed = 0; seed < Number(count); seed++) {
      const pair = ALL_PAIRS[seed % ALL_PAIRS.length];
      const length = LENGTHS[Math.floor(seed / kinds.length) % LENGTHS.length];
      const options: CardOptions = {
        ...how,
        ...{
          ...kinds[seed % kinds.length],
          pair,
          length,
          year: 2027,
          name: '',
          signed: '',
          count: 1,
          seed,
          words: 'phrases',
        },
      };
      const card = await writeCard(options, writer, undefined, written);
      const rules = cardFaults(card.text, options).map(({ rule }) => rule);
      const breaks = (...some: string[]): number => Number(rules.some((rule) => some.includes(rule)));
      counts.pronouns += breaks('pronouns');
      counts.form += breaks('syllables', 'tone', 'rhyme', 'spelling', 'length');
      counts.other += breaks('occasion', 'can-chi', 'insult', 'personal', 'repeated');
      counts.refused += card.refused;
      written.add(card.text);
      texts.push(card.text);
    }
  });
  const { copied } = documents === undefined ? { copied: [] } : await copiedFrom(documents, texts);
  const novelty =
    documents === undefined
      ? 'novelty not measured'
      : `${copied.filter((run) => run > 0).length} share six syllables or more with the documents, ${Math.max(...copied)} at most`;
  console.log(
    `${texts.length} cards of ${kinds.length} kinds, ${ALL_PAIRS.length} pairs, written by ${model ?? 'chance'}: ${counts.pronouns} mix pronouns, ${counts.form} break their form, ${counts.other} another rule; ${written.size} different texts, ${counts.refused} drafts refused before; ${novelty}`,
  );
}
