/** What of a text is the poem: a title, a poet, a place and a day stand around it. And what kind of poem it looks like. */
import type { Form } from './names.ts';
import { type Line, linesOf, lucBatFaults } from './verse.ts';

export interface Poem {
  readonly form: Form;
  readonly lines: readonly Line[];
  /** What stands around it, and is not judged as verse. */
  readonly around: readonly Line[];
}

const count = (line: Line | undefined): number => line?.syllables.length ?? 0;
const isCouplet = (lines: readonly Line[], at: number): boolean => count(lines[at]) === 6 && count(lines[at + 1]) === 8;
const hasCouplet = (lines: readonly Line[]): boolean => lines.some((_, at) => isCouplet(lines, at));
const isQuatrain = (lines: readonly Line[]): boolean =>
  lines.length === 4 && lines.filter((line) => count(line) === 7).length >= 3;
/** Apart from a poem: one line, or lines of other lengths than a six and an eight. */
const isBeside = (stanza: readonly Line[]): boolean =>
  stanza.length === 1 || stanza.every((line) => ![6, 8].includes(count(line)));

/** @param form where it is known: that of `--form`, of a card */
export function poemOf(text: string, form?: Form): Poem {
  const lines = linesOf(text);
  const stanzas = lines.reduce<Line[][]>((found, line) => {
    if (line.opens || found.length === 0) found.push([line]);
    else found.at(-1)!.push(line);
    return found;
  }, []);
  const quatrain = form === undefined && stanzas.find(isQuatrain);
  if (quatrain && stanzas.every((stanza) => stanza === quatrain || isBeside(stanza)))
    return { form: 'four-lines', lines: quatrain, around: lines.filter((line) => !quatrain.includes(line)) };
  const own = form === undefined || form === 'luc-bat' ? withoutBeside(stanzas) : lines;
  if (form !== undefined || isLucBat(own))
    return { form: form ?? 'luc-bat', lines: own, around: lines.filter((line) => !own.includes(line)) };
  return { form: 'prose', lines, around: [] };
}

/** Stanzas at either end that hold no couplet, and a title right above the first one, are not the poem's. */
function withoutBeside(stanzas: readonly Line[][]): Line[] {
  const own = [...stanzas];
  const isOther = (stanza: Line[]): boolean => !hasCouplet(stanza) && isBeside(stanza);
  if (own.some(hasCouplet)) {
    while (isOther(own[0])) own.shift();
    while (isOther(own.at(-1)!)) own.pop();
  }
  const lines = own.flat();
  return isCouplet(lines, 1) && ![6, 8].includes(count(lines[0])) ? lines.slice(1) : lines;
}

/** Half of the lines stand in couplets, or have the length of their place; where a line was cut, some couplet keeps the rules. */
function isLucBat(lines: readonly Line[]): boolean {
  const paired = 2 * lines.filter((_, at) => isCouplet(lines, at)).length;
  const placed = lines.filter((line, at) => count(line) === (at % 2 === 0 ? 6 : 8)).length;
  if (lines.length < 2 || 2 * Math.max(paired, placed) < lines.length) return false;
  const isCut = lines.every(({ number }, at) => number === lines[at - (at % 2)].number);
  const faulty = new Set(lucBatFaults(lines).map(({ line, syllable }) => `${line} ${syllable}`)).size;
  return !isCut || 2 * faulty <= lines.length;
}
