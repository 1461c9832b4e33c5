/** ViBLiMP: of two sentences the model should find the one that speakers accept the likelier. */
import { continuation, type Question, type Result, type Task } from '../task.ts';
import { minimalPairs, type Pair } from './pairs.ts';

interface PairQuestion extends Question, Pair {}

/** @param limit pairs of each phenomenon, at most */
export function viblimpTask(
  { seed, limit }: { seed: number; limit?: number },
  hash: (text: string) => string,
): Task<PairQuestion> {
  const pairs = minimalPairs(seed, limit);
  return {
    ...{ name: 'viblimp', unit: 'share', scorer: 'sentence-ll', prompt: '{sentence}', seed },
    data: { name: `made, seed ${seed}`, hash: hash(pairs.map(({ good, bad }) => `${good}\t${bad}\n`).join('')) },
    questions: pairs.map((pair, i) => ({
      ...{ id: `${pair.phenomenon}-${i}`, group: pair.phenomenon, text: pair.good, chance: 0.5, ...pair },
    })),
    async *answer(questions, model) {
      const asked = questions.map(({ good, bad }) => {
        const [a, b] = [good, bad].map((text) => continuation(model, '', text));
        // What both begin with counts in both alike.
        let from = 1;
        while (a.tokens[from] === b.tokens[from] && from < Math.min(a.tokens.length, b.tokens.length) - 1) from++;
        return [
          { ...a, from },
          { ...b, from },
        ];
      });
      let at = 0;
      for await (const [good, bad] of model.likelihoods(asked)) {
        const { id, group, chance } = questions[at++];
        const value = good.nats === bad.nats ? 0.5 : Number(good.nats < bad.nats);
        yield { id, group, chance, value, answer: value === 1 ? 'good' : value === 0 ? 'bad' : 'tie' };
      }
    },
    notes: tiesOf,
  };
}

/** Ties are worth a half. */
function tiesOf(results: readonly Result[]): string[] {
  const ties = results.filter(({ answer }) => answer === 'tie').length;
  return ties > 0.05 * results.length
    ? [`${ties} of ${results.length} pairs are ties: the model tells nothing apart`]
    : [];
}
