/**
 * ViBLiMP: of two sentences the model should find the one that speakers accept the likelier. Where a tokenizer has tokens of
 * several words (`tôi không`) it cuts the accepted one into fewer, and a model that learnt nothing finds that one likelier:
 * such pairs count in no figure.
 */
import { type Answering, continuation, type Question, type Result, type Task } from '../task.ts';
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
      const uneven = unevenDraws(pairs, model);
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
        const { id, group, chance, ...pair } = questions[at++];
        const value = good.nats === bad.nats ? 0.5 : Number(good.nats < bad.nats);
        const answer = value === 1 ? 'good' : value === 0 ? 'bad' : 'tie';
        yield { id, group, chance, answer, ...(uneven.has(drawOf(pair)) ? { beside: { uneven: 1 } } : { value }) };
      }
    },
    notes: (results) => [...unevenIn(results), ...tiesOf(results)],
  };
}

const drawOf = ({ phenomenon, draw }: Pick<Pair, 'phenomenon' | 'draw'>): string => `${phenomenon} ${draw}`;

/** Draws whose good sentences have other numbers of tokens than their bad ones: a longer word stands in both, mirrored. */
function unevenDraws(pairs: readonly Pair[], { tokenizer }: Pick<Answering, 'tokenizer'>): Set<string> {
  const more = new Map<string, number>();
  for (const { good, bad, ...pair } of pairs) {
    const difference = tokenizer.encode(good).length - tokenizer.encode(bad).length;
    more.set(drawOf(pair), (more.get(drawOf(pair)) ?? 0) + difference);
  }
  return new Set([...more].filter(([, difference]) => difference !== 0).map(([draw]) => draw));
}

function unevenIn(results: readonly Result[]): string[] {
  const uneven = results.filter(({ beside }) => beside?.uneven).length;
  return uneven > 0
    ? [`${uneven} of ${results.length} pairs count in no figure: the tokenizer tells their sentences apart`]
    : [];
}

/** Ties are worth a half. */
function tiesOf(results: readonly Result[]): string[] {
  const ties = results.filter(({ answer }) => answer === 'tie').length;
  return ties > 0.05 * results.length
    ? [`${ties} of ${results.length} pairs are ties: the model tells nothing apart`]
    : [];
}
