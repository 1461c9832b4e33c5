/**
 * NFC in linear time, for cleaning and for the tokenizer. The engine puts marks in the order of their combining classes by
 * insertion, which takes the square of the length of their run: seconds for 100,000 marks, which no language writes.
 */

/** `text.normalize('NFC')`: a long run of marks comes to the engine in canonical order, so that the result is the same. */
export const nfc = (text: string): string => (MAY_PILE.test(text) ? withRunsInOrder(text) : text).normalize('NFC');

/** What no script stacks: of more than 16 marks in a row the rest. Changes the text; that of a corpus, never a prompt. */
export const dropPiledMarks = (text: string): string => (MAY_PILE.test(text) ? text.replace(PILED_MARKS, '$1') : text);

const PILED_MARKS = /(\p{M}{16})\p{M}+/gu;
/** More than 16 units in a row that may each be a mark or half of one: a cheap test that nearly every text fails. */
export const MAY_PILE = new RegExp(
  '[^\\0-\\u02ff\\u0370-\\u0482\\u1e00-\\u20cf\\u20f1-\\u2cee\\u2e00-\\u3029\\u309b-\\ua66e' +
    '\\uac00-\\ud7ff\\ue000-\\ufb1d\\ufe30-\\uffff]{17}',
);

function withRunsInOrder(text: string): string {
  const parts: string[] = [];
  let done = 0;
  RUN.lastIndex = 0;
  for (let run = RUN.exec(text); run !== null; run = RUN.exec(text)) {
    NO_MARK.lastIndex = RUN.lastIndex; // not `{8,}`, which would keep a way back for every mark
    const end = NO_MARK.exec(text)?.index ?? text.length;
    RUN.lastIndex = end;
    if (end - run.index < LONG_RUN) continue;
    parts.push(text.slice(done, run.index), inOrder(text.slice(run.index, end)));
    done = end;
  }
  return `${parts.join('')}${text.slice(done)}`;
}

/** Only marks have a combining class. */
const RUN = /\p{M}{8}/gu;
const NO_MARK = /\P{M}/gu;
/** UTF-16 units; what insertion costs below that is little. */
const LONG_RUN = 64;

/** Marks decomposed and, between those of class 0, sorted by combining class; equal ones keep their order. */
function inOrder(marks: string): string {
  const decomposed = new Map(Array.from(new Set(marks), (mark) => [mark, Array.from(mark.normalize('NFD'))]));
  const kinds = [...new Set([...decomposed.values()].flat())].filter(hasClass).sort(byClass);
  const classes: string[][] = [];
  const classOf = new Map<string, string[]>();
  for (const [i, kind] of kinds.entries()) {
    if (i === 0 || byClass(kinds[i - 1], kind) !== 0) classes.push([]);
    classOf.set(kind, classes.at(-1)!);
  }
  const sorted: string[] = [];
  const takeOut = (): void => {
    for (const members of classes) for (const mark of members.splice(0)) sorted.push(mark);
  };
  for (const mark of marks) {
    for (const part of decomposed.get(mark)!) {
      const members = classOf.get(part);
      if (members === undefined) takeOut();
      (members ?? sorted).push(part);
    }
  }
  takeOut();
  return sorted.join('');
}

const isInOrder = (text: string): boolean => text.normalize('NFD') === text;
/** It changes places with a mark of class 230 before it or with one of class 1 behind it. */
const hasClass = (mark: string): boolean => !isInOrder(`\u0301${mark}\u0334`);
const byClass = (a: string, b: string): number => Number(isInOrder(`${b}${a}`)) - Number(isInOrder(`${a}${b}`));
