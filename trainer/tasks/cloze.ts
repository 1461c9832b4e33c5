/** Cloze: a word taken out of a held-out sentence, and three of like frequency that stand there as well. */
import { seededRandom } from '../../shards/checksum.ts';
import { continuation, type Question, type Task } from './task.ts';
import { type Corpus, sentencesOf } from './words.ts';

/** Ranks of words that are taken out, by frequency: neither particles nor what is seen once. */
const [FIRST, LAST] = [30, 2000];
/** Others come from so many ranks before and behind. */
const NEAR = 40;
/** Words behind the gap that are scored with it. */
const BEHIND = 6;

interface Gap extends Question {
  readonly before: string;
  /** The right word first. */
  readonly words: readonly string[];
  readonly after: string;
}

export function clozeTask(
  corpus: Corpus,
  seed: number,
  sample: <T>(list: readonly T[]) => T[],
  hash: (text: string) => string,
): Task<Gap> {
  const random = seededRandom(seed);
  const ranked = [...corpus.counts]
    .filter(([, count]) => count > 1)
    .sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
    .map(([word]) => word);
  const rank = new Map(ranked.map((word, i) => [word, i]));
  const questions = sample([...sentencesOf(corpus, [8, 30])]).flatMap(({ source, words }, i): Gap[] => {
    const places = words.flatMap((word, at) => {
      const place = rank.get(word);
      return at >= 2 && place !== undefined && place >= FIRST && place < LAST ? [at] : [];
    });
    if (places.length === 0) return [];
    const at = places[Math.floor(random() * places.length)];
    const place = rank.get(words[at])!;
    const near = ranked.slice(Math.max(0, place - NEAR), place + NEAR + 1).filter((word) => !words.includes(word));
    const others: string[] = [];
    while (others.length < 3 && near.length > 0) others.push(near.splice(Math.floor(random() * near.length), 1)[0]);
    if (others.length < 3) return [];
    return [
      {
        ...{ id: `gap-${i}`, group: source, text: words.join(' '), chance: 0.25, words: [words[at], ...others] },
        ...{
          before: words.slice(0, at).join(' '),
          after: words
            .slice(at + 1, at + 1 + BEHIND)
            .map((word) => ` ${word}`)
            .join(''),
        },
      },
    ];
  });
  return {
    ...{ name: 'cloze', unit: 'share', scorer: 'sentence-ll', prompt: '{before} {word}{after}', seed },
    data: { name: 'held-out sentences', hash: hash(JSON.stringify(questions)) },
    questions,
    async *answer(asked, model) {
      const texts = asked.map(({ before, words, after }) =>
        words.map((word) => continuation(model, before, ` ${word}${after}`)),
      );
      let at = 0;
      for await (const found of model.likelihoods(texts)) {
        const { id, group, chance, words } = asked[at++];
        const nats = found.map((one) => one.nats);
        const best = nats.indexOf(Math.min(...nats));
        yield { id, group, chance, value: Number(best === 0), answer: words[best] };
      }
    },
  };
}
