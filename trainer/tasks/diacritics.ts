/**
 * Diacritics put back: a sentence without its marks, each word as one of the forms that training text has for it, the
 * likeliest sentence by beam search. Two floors beside it: the sentence as it is, and of each word the most frequent form.
 */
import { type Answering, continuation, type Question, type Result, type Task } from './task.ts';
import { type Corpus, sentencesOf, withoutMarks } from './words.ts';

/** Sentences that are kept at each word, and forms of a word that are tried. */
const [BEAM, FORMS] = [3, 5];

interface Restoring extends Question {
  readonly words: readonly string[];
}

/** Forms of each spelling without marks, most frequent first. */
type Forms = ReadonlyMap<string, readonly string[]>;

export function diacriticsTask(
  corpus: Corpus,
  sample: <T>(list: readonly T[]) => T[],
  hash: (text: string) => string,
): Task<Restoring> {
  const forms = formsOf(corpus);
  const chosen = sample([...sentencesOf(corpus, [5, 20])]);
  return {
    ...{ name: 'diacritics', unit: 'share', scorer: `beam-${BEAM}`, prompt: '{sentence}', seed: 0 },
    data: {
      name: 'held-out sentences',
      hash: hash(JSON.stringify([chosen, chosen.map(({ words }) => words.map((word) => choicesOf(word, forms)))])),
    },
    questions: chosen.map(({ source, words }, i) => ({
      id: `sentence-${i}`,
      group: source,
      text: words.join(' '),
      words,
    })),
    async *answer(questions, model) {
      for (let at = 0; at < questions.length; at += 32) yield* restored(questions.slice(at, at + 32), forms, model);
    },
    notes: floorsOf,
  };
}

interface Beam {
  readonly words: readonly string[];
  readonly nats: number;
}

/** Sentences side by side, a word of each at a time. */
async function* restored(questions: readonly Restoring[], forms: Forms, model: Answering): AsyncGenerator<Result> {
  const beams: Beam[][] = questions.map(() => [{ words: [], nats: 0 }]);
  const longest = Math.max(...questions.map(({ words }) => words.length));
  for (let at = 0; at < longest; at++) {
    const open = questions.flatMap(({ words }, index) =>
      at >= words.length ? [] : beams[index].map((beam) => ({ index, beam, choices: choicesOf(words[at], forms) })),
    );
    // What is certain is scored with the word behind it.
    const asked = open.filter(({ choices }) => choices.length > 1);
    const texts = asked.map(({ beam, choices }) =>
      choices.map((word) => continuation(model, beam.words.join(' '), `${beam.words.length > 0 ? ' ' : ''}${word}`)),
    );
    const found: (readonly number[])[] = [];
    for await (const item of model.likelihoods(texts)) found.push(item.map(({ nats }) => nats));
    if (found.length < asked.length) return; // stopped
    const grown = new Map<number, Beam[]>();
    for (const one of open) {
      const nats = found[asked.indexOf(one)];
      const next = one.choices.map((word, i) => ({
        words: [...one.beam.words, word],
        nats: one.beam.nats + (nats?.[i] ?? 0),
      }));
      grown.set(one.index, [...(grown.get(one.index) ?? []), ...next]);
    }
    for (const [index, all] of grown) beams[index] = all.sort((a, b) => a.nats - b.nats).slice(0, BEAM);
  }
  for (const [index, { id, group, words }] of questions.entries()) {
    const right = (other: readonly string[]): number =>
      other.filter((word, i) => word === words[i]).length / words.length;
    const [best] = beams[index];
    const [plain, frequent] = [words.map(withoutMarks), words.map((word) => choicesOf(word, forms)[0])];
    yield {
      id,
      group,
      value: right(best.words),
      answer: best.words.join(' '),
      beside: { plain: right(plain), frequent: right(frequent) },
    };
  }
}

function formsOf({ counts }: Corpus): Forms {
  const forms = new Map<string, string[]>();
  for (const [word] of [...counts].sort((a, b) => b[1] - a[1])) {
    const plain = withoutMarks(word);
    const known = forms.get(plain);
    if (known === undefined) forms.set(plain, [word]);
    else if (known.length < FORMS) known.push(word);
  }
  return forms;
}

/** In the case of the word; a word that training text never has stays without its marks. */
function choicesOf(word: string, forms: Forms): readonly string[] {
  const plain = withoutMarks(word);
  const isCapital = plain[0] !== plain[0].toLowerCase();
  const known = forms.get(plain.toLowerCase()) ?? [plain.toLowerCase()];
  return isCapital ? known.map((form) => form[0].toUpperCase() + form.slice(1)) : known;
}

function floorsOf(results: readonly Result[]): string[] {
  const mean = (of: (one: Result) => number): string =>
    ((100 * results.reduce((sum, one) => sum + of(one), 0)) / results.length).toFixed(2);
  if (results.length === 0) return [];
  return [
    `${mean(({ value = 0 }) => value)} % of words right; floors: ${mean(({ beside }) => beside!.plain)} % without marks, ${mean(({ beside }) => beside!.frequent)} % with the most frequent form of each word`,
  ];
}
