/**
 * Answers from documents: what a question asks for is looked up, the sentence that says it is given as it stands, with its
 * document and its place; where no sentence says it, the answer is «không biết».
 */
import { removeDiacritics } from '../../cleaning/vietnamese/syllables.ts';
import { forEachTerm } from '../../cleaning/vietnamese/terms.ts';
import type { Corpus, Found, OpenCorpus } from './corpus.ts';
import { articleOf, type Passage, sentencesOf } from './passages.ts';
import { candidatesIn, type Question, readQuestion } from './question.ts';

export interface Citation {
  readonly id: string;
  readonly url: string;
  readonly title: string;
  /** `ID#START-END`: the passage, in UTF-16 units of the document's text. */
  readonly passage: string;
  readonly start: number;
  readonly end: number;
  /** Word for word what stands there. */
  readonly quote: string;
}

export interface Answer {
  readonly question: string;
  readonly text: string;
  /** Number, date or name alone, where one was asked for. */
  readonly short?: string;
  readonly known: boolean;
  /** Documents say different things: each is cited. */
  readonly disagree: boolean;
  /** Of what was asked for, the share that the passage says: below BAR nothing is known. */
  readonly score: number;
  readonly citations: readonly Citation[];
}

export const UNKNOWN = 'Không biết: các văn bản không nói điều này.';

/** Calibrated by `npm run ask`: see tests/bench/RESULTS.md. */
export const BAR = 0.55;
/** Of two answers that differ the weaker counts as well from this share of the better. */
const RIVAL = 0.94;
/** Without names more must be said. */
const NAMELESS_BAR = 0.75;
const DOCUMENTS_READ = 8;
const ARTICLE_SHOWN = 1_500;

interface Candidate {
  readonly hit: Found;
  readonly passage: Passage;
  readonly score: number;
  readonly short?: string;
}

export class Assistant {
  readonly #dir: string;
  readonly #open: OpenCorpus;
  readonly #bar: number;
  #corpus: Corpus;

  private constructor(dir: string, open: OpenCorpus, corpus: Corpus, bar: number) {
    [this.#dir, this.#open, this.#corpus, this.#bar] = [dir, open, corpus, bar];
  }

  /** @throws ToolkitError of opening the index */
  static async open(dir: string, open: OpenCorpus, bar = BAR): Promise<Assistant> {
    return new Assistant(dir, open, await open(dir), bar);
  }

  close(): void {
    this.#corpus.close();
  }

  /** Of what the folder shows now: what was removed is not read again. */
  async ask(typed: string): Promise<Answer> {
    if (!this.#corpus.isCurrent) {
      this.#corpus.close();
      this.#corpus = await this.#open(this.#dir);
    }
    const question = readQuestion(typed);
    if (question.law !== undefined) return this.#article(question);
    const candidates = this.#candidates(question);
    const [best] = candidates;
    const isNamed = question.names.size > 0 || (best !== undefined && asksForTitle(best.hit.title, question));
    const bar = isNamed ? this.#bar : Math.max(this.#bar, NAMELESS_BAR);
    if (best === undefined || best.score < bar) return unknown(question, best?.score ?? 0);
    const rival = candidates.find(
      ({ hit, short, score, passage }) =>
        hit.id !== best.hit.id &&
        !isSame(short, best.short) &&
        score >= Math.max(this.#bar, RIVAL * best.score) &&
        isAbout(passage.text, best.passage.text, question),
    );
    const told = rival === undefined || best.short === undefined || rival.short === undefined ? [best] : [best, rival];
    const disagree = told.length > 1;
    const quotes = told.map(({ passage }, at) => `${passage.text} [${at + 1}]`);
    return {
      question: question.text,
      text: disagree ? `Các nguồn nói khác nhau: ${quotes.join(' / ')}` : quotes[0],
      short: told.map(({ short }) => short).join(' / ') || undefined,
      known: true,
      disagree,
      score: best.score,
      citations: told.map(({ hit, passage }) => citation(hit, passage)),
    };
  }

  /** Sentences of the documents found, best first. */
  #candidates(question: Question): Candidate[] {
    const { words } = question;
    if (words.length === 0) return [];
    const weights = this.#weightsOf(question);
    const text = words.join(' ');
    const found = (['any', 'all'] as const).flatMap(
      (match) => this.#corpus.search({ text, match, limit: DOCUMENTS_READ }).hits,
    );
    const hits = new Map(found.map((hit) => [hit.id, hit]));
    return [...hits.values()]
      .flatMap((hit) => this.#inDocument(hit, question, weights))
      .sort(
        (a, b) => b.score - a.score || opens(b, question) - opens(a, question) || a.passage.start - b.passage.start,
      );
  }

  /** How much each word says: little where most documents have it. */
  #weightsOf({ words }: Question): Map<string, number> {
    const all = this.#corpus.count('documents');
    return new Map(
      words.map((word) => {
        const { total } = this.#corpus.search({ text: word, match: 'any', limit: 0 });
        return [word, Math.log(1 + (all - total + 0.5) / (total + 0.5))] as const;
      }),
    );
  }

  #inDocument(hit: Found, question: Question, weights: ReadonlyMap<string, number>): Candidate[] {
    const sentences = sentencesOf(this.#corpus.text(hit.place));
    const title = wordsIn(hit.title, question);
    const heard = sentences.map(({ text }) => wordsIn(text, question));
    const candidates: Candidate[] = [];
    for (const [at, passage] of sentences.entries()) {
      const own = heard[at];
      if (passage.text.endsWith('?')) continue;
      const before = [...(heard[at - 2] ?? []), ...(heard[at - 1] ?? [])];
      const named = namedIn(own, title, before, question);
      if (named === 0) continue;
      const shorts = candidatesIn(passage.text, question);
      const lacksKind = question.kind !== 'any' && shorts.length === 0;
      const lacksIs = question.definition && !isDefinition(own, new Set(question.words));
      const kind = lacksKind ? 0.4 : lacksIs ? 0.8 : 1;
      const score = named * saidIn(own, [...title, ...before], question, weights) * kind;
      if (score > 0) candidates.push({ hit, passage, score, short: nearest(passage.text, shorts, question) });
    }
    return candidates.sort((a, b) => b.score - a.score).slice(0, 3);
  }

  /** An article of a law: the law by its number or its name, the article by its heading. */
  #article(question: Question): Answer {
    const { article, number } = question.law!;
    const text = number ?? question.words.filter((word) => !/^\d/.test(word)).join(' ');
    const { hits } = this.#corpus.search({ text, phrase: number !== undefined, match: 'any', limit: 40 });
    for (const hit of hits) {
      const whole = this.#corpus.text(hit.place);
      const head = `${hit.title}\n${whole.slice(0, 600)}`;
      if (number === undefined ? !names(hit.title, question) : !isOfNumber(head, number)) continue;
      const found = articleOf(whole, article);
      if (found === undefined) continue;
      const shown = found.text.slice(0, ARTICLE_SHOWN).replace(/\s\S*$/, '');
      const end = found.text.length > ARTICLE_SHOWN ? found.start + shown.length : found.end;
      const passage = { text: whole.slice(found.start, end), start: found.start, end };
      return {
        ...{ question: question.text, text: `${passage.text} [1]`, known: true, disagree: false, score: 1 },
        citations: [citation(hit, passage)],
      };
    }
    return unknown(question, 0);
  }
}

/** 1 where the sentence begins with what the question names. */
const opens = ({ passage }: Candidate, question: Question): number => {
  const own = wordsIn(passage.text.slice(0, 80), question);
  return Number(question.runs.some((run) => run.every((word, at) => own[at] === word)));
};

const unknown = (question: Question, score: number): Answer => ({
  ...{ question: question.text, text: UNKNOWN, known: false, disagree: false, score, citations: [] },
});

const citation = ({ id, url, title }: Found, { start, end, text }: Passage): Citation => ({
  ...{ id, url, title, passage: `${id}#${start}-${end}`, start, end, quote: text },
});

/** Whether a head is that of the law with the number: `SỐ 01/2010/NĐ-CP` comes before any other number of the kind. */
function isOfNumber(head: string, number: string): boolean {
  const plain = (text: string): string => removeDiacritics(text).toLowerCase();
  const [first] = head.match(/\d+\/\d{4}\/[\p{L}\d-]+/u) ?? [];
  return first !== undefined && plain(first) === plain(number);
}

/** Whether a question that is typed without capitals has the title of the document in it: cầu vân phong dài bao nhiêu mét. */
function asksForTitle(title: string, question: Question): boolean {
  const [named, asked] = [title, question.text].map((text) => wordsIn(text, question));
  return named.length > 1 && ` ${asked.join(' ')} `.includes(` ${named.join(' ')} `);
}

/** Whether most of a law's name stands in the title. */
function names(title: string, question: Question): boolean {
  const own = new Set(wordsIn(title, question));
  const wanted = question.words.filter((word) => !/^\d/.test(word) && word.length > 1);
  return wanted.length > 1 && wanted.filter((word) => own.has(word)).length >= 0.7 * wanted.length;
}

function wordsIn(text: string, { folded }: Question): string[] {
  const words: string[] = [];
  forEachTerm(text, ({ exact, folded: without }) => words.push(folded ? without : exact));
  return words;
}

/** What a name counts that does not stand in both, the sentence and the title; that stands a sentence before. */
const IN_ONE = 0.95;
const BEFORE = 0.8;

/** How surely a sentence is about what the question names; 0: a name is nowhere near. */
function namedIn(
  own: readonly string[],
  title: readonly string[],
  before: readonly string[],
  { runs }: Question,
): number {
  const [here, above, earlier] = [own, title, before].map((words) => ` ${words.join(' ')} `);
  const shares = runs.map((run) => {
    const name = ` ${run.join(' ')} `;
    if (here.includes(name)) return above.includes(name) ? 1 : IN_ONE;
    return above.includes(name) ? IN_ONE : earlier.includes(name) ? BEFORE : 0;
  });
  return shares.length === 0 ? 1 : Math.min(...shares);
}

/** A word that stands alone, where the question has it beside another that stands elsewhere: half of a word. */
const ALONE = 0.5;

/** Of what is asked about the names the share that the sentence says, by the weight of its words. */
function saidIn(
  own: readonly string[],
  near: readonly string[],
  { words, names, pairs }: Question,
  weights: ReadonlyMap<string, number>,
): number {
  const asked = words.filter((word) => !names.has(word));
  if (asked.length === 0) return isDefinition(own, names) ? 1 : 0.7;
  const here = new Set(own);
  // Where no name is written as one, the title may say what the sentence leaves out.
  const around = sidesOf(names.size > 0 ? [] : near);
  const sides = sidesOf(own);
  const beside = pairs.filter(([one, other]) => !names.has(one) && !names.has(other));
  let [said, all] = [0, 0];
  for (const word of asked) {
    const weight = weights.get(word) ?? 0;
    const partners = beside.filter((pair) => pair.includes(word));
    const together = partners.length === 0 || partners.some(([one, other]) => sides.has(`${one} ${other}`));
    if (here.has(word)) said += weight * (together ? 1 : ALONE);
    else if (partners.some(([one, other]) => around.has(`${one} ${other}`))) said += weight * BEFORE;
    all += weight;
  }
  return all === 0 ? 0 : said / all;
}

const sidesOf = (words: readonly string[]): Set<string> =>
  new Set(words.slice(1).map((word, at) => `${words[at]} ${word}`));

/** `NAME là …`: what a question without more asks for. */
function isDefinition(own: readonly string[], names: ReadonlySet<string>): boolean {
  const last = Math.max(...own.slice(0, 16).map((word, at) => (names.has(word) ? at : -1)));
  return (
    last >= 0 && own.slice(last + 1, last + 8).some((word) => word === 'la\u0300' || word === 'la' || word === 'là')
  );
}

/** Whether two sentences say the same of the same, numbers aside: a third of their words at least. */
function isAbout(one: string, other: string, question: Question): boolean {
  const [a, b] = [one, other].map((text) => new Set(wordsIn(text, question).filter((word) => !/\d/.test(word))));
  const both = [...a].filter((word) => b.has(word)).length;
  return both / (a.size + b.size - both) >= 1 / 3;
}

/** Whether two short answers say one thing: 1.245 and 1245, năm 1890 and 1890. */
function isSame(one: string | undefined, other: string | undefined): boolean {
  const plain = (text = ''): string =>
    removeDiacritics(text)
      .toLowerCase()
      .replace(/^nam |[.,](?=\d{3})/g, '');
  const [a, b] = [plain(one), plain(other)];
  return a === b || a.includes(b) || b.includes(a);
}

/** Of several numbers or names the one nearest to the words that were asked for. */
function nearest(sentence: string, shorts: readonly string[], question: Question): string | undefined {
  if (shorts.length <= 1) return shorts[0];
  const asked = new Set(question.words.filter((word) => !question.names.has(word)));
  const places: number[] = [];
  forEachTerm(sentence, ({ exact, folded }, start) => {
    if (asked.has(question.folded ? folded : exact)) places.push(start);
  });
  const distance = (short: string): number => {
    const at = sentence.indexOf(short) + short.length / 2;
    return Math.min(...places.map((place) => Math.abs(place - at)), sentence.length);
  };
  return [...shorts].sort((a, b) => distance(a) - distance(b))[0];
}
