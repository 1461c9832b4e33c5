/**
 * What may come next in a card: of a form, a pair and an occasion the lines of its bank that keep the rules behind the
 * lines before, and behind which the card can be brought to its end. Which of them is taken, the model says.
 */
import * as prose from './bank/prose.ts';
import * as quatrain from './bank/quatrain.ts';
import * as verse from './bank/verse.ts';
import { canChiOf } from './calendar.ts';
import type { State } from './constrain.ts';
import { freeLine, type Lexicon } from './free-line.ts';
import { LUC_BAT_LINES } from './judge.ts';
import { ofMood } from './moods.ts';
import type { Form, Length, Mood, OccasionName } from './names.ts';
import { OCCASION } from './occasions.ts';
import type { PronounPair } from './pronouns.ts';
import { rhyme, type Sound, soundOf, syllablesOf } from './prosody.ts';
import { quatrainFaults } from './quatrain.ts';
import { linesOf, lucBatFaults } from './verse.ts';

export interface CardRequest {
  readonly occasion: OccasionName;
  readonly pair: PronounPair;
  readonly form: Form;
  readonly length: Length;
  /** How it sounds; lines that do not are taken where none that does fits. */
  readonly mood?: Mood;
  readonly year: number;
}

/** A card in the making. */
export interface Draft {
  readonly lines: number;
  /** Lines that may follow these, each of which leads to an end. */
  next(before: readonly string[]): readonly string[];
}

/** Selves that look up to whom they write to. */
const LOOKS_UP = new Set(['con', 'cháu', 'em', 'chúng con', 'chúng cháu', 'chúng em', 'tôi', 'chúng tôi']);

/** One place of a form: its lines, and which of them fit behind a line that is already there. */
interface Place {
  readonly options: readonly string[];
  fits(before: readonly string[], line: string): boolean;
}

const bank = (...texts: readonly string[]): string[] => texts.flatMap((text) => text.trim().split('\n'));
const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** Lines with pronouns and the year put in, a capital in front. */
function spoken(lines: readonly string[], { pair: { self, you }, year }: CardRequest): string[] {
  const said = lines.map((line) =>
    line
      .replaceAll('{me}', self)
      .replaceAll('{you}', you)
      .replaceAll('{Me}', capital(self))
      .replaceAll('{You}', capital(you))
      .replaceAll('{year}', canChiOf(year)),
  );
  return [...new Set(said.map(capital))];
}

export function draftOf(request: CardRequest): Draft {
  const places =
    request.form === 'luc-bat'
      ? lucBat(request)
      : request.form === 'four-lines'
        ? fourLines(request)
        : sentences(request);
  const reaches = request.form === 'luc-bat' ? reachable(places) : () => true;
  return { lines: places.length, next: (before) => ofMood(next(places, before, reaches), request.mood ?? 'any') };
}

/** Whether a line at a place can be followed to the end, if lines might be said twice. */
type Reaches = (at: number, line: string) => boolean;

/** Of places that look at the line before them alone: what is behind a line is found once. */
function reachable(places: readonly Place[]): Reaches {
  const known = new Map<string, boolean>();
  const reaches: Reaches = (at, line) => {
    if (at + 1 === places.length) return true;
    const key = `${at} ${line}`;
    const { options, fits } = places[at + 1];
    if (!known.has(key))
      known.set(
        key,
        options.some((other) => fits([line], other) && reaches(at + 1, other)),
      );
    return known.get(key)!;
  };
  return reaches;
}

/** Options of the next place behind which the card comes to an end without a line said twice. */
function next(places: readonly Place[], before: readonly string[], reaches: Reaches): string[] {
  const at = before.length;
  const ends = (lines: readonly string[]): boolean => lines.length === places.length || follow(lines).some(ends);
  const follow = (lines: readonly string[]): string[][] =>
    places[lines.length].options
      .filter((line) => !lines.includes(line) && places[lines.length].fits(lines, line) && reaches(lines.length, line))
      .map((line) => [...lines, line]);
  return follow(before)
    .filter(ends)
    .map((lines) => lines[at]);
}

/** The line behind these as any words: six or eight, with the rhyme that is carried. */
export function freeChoice(lexicon: Lexicon, before: readonly string[]): State {
  const carried = soundAt(before.at(-1)!, before.length % 2 === 0 ? 8 : 6);
  return freeLine(lexicon, before.length % 2 === 0 ? 6 : 8, carried);
}

const soundAt = (line: string, place: number): Sound | undefined => soundOf(syllablesOf(line)[place - 1] ?? '');

function lucBat(request: CardRequest): Place[] {
  const { mourning, six, eight } = OCCASION[request.occasion];
  const keeps = (line: string, at: 0 | 1): boolean => {
    const faults = lucBatFaults(linesOf(at === 0 ? `${line}\nx` : `x\n${line}`));
    return !faults.some((fault) => fault.line === at + 1 && fault.rule !== 'rhyme');
  };
  const of = (at: 0 | 1, ...texts: string[]): string[] => spoken(bank(...texts), request).filter((l) => keeps(l, at));
  const glad = mourning ? ['', ''] : [verse.GLAD_SIX, verse.GLAD_EIGHT];
  const opening = [of(0, verse.OPENING_SIX), of(1, mourning ? verse.MOURNING_OPENING_EIGHT : verse.OPENING_EIGHT)];
  const body = [of(0, six, glad[0]), of(1, eight, glad[1])];
  const own = [of(0, six), of(1, eight)];
  const total = LUC_BAT_LINES[request.length];
  return Array.from({ length: total }, (_, at): Place => {
    // The second couplet is of the occasion; its eight may be of any, where its own have no such rhyme.
    const options = at < 2 ? opening[at] : at === 2 ? own[0] : at === 3 ? [...own[1], ...body[1]] : body[at % 2];
    return { options, fits: (before, line) => rhymesOn(before, line) };
  });
}

/** The sixth syllable rhymes with the end of the line before, and is another word. */
function rhymesOn(before: readonly string[], line: string): boolean {
  const [last, own] = [before.at(-1), soundAt(line, 6)];
  if (last === undefined) return true;
  const carried = soundOf(syllablesOf(last).at(-1)!);
  return carried !== undefined && own !== undefined && carried.syllable !== own.syllable && rhyme(carried, own);
}

function fourLines(request: CardRequest): Place[] {
  const { mourning, three } = OCCASION[request.occasion];
  const { OPENING_ONE, OPENING_TWO, GLAD_THREE, GLAD_FOUR } = quatrain;
  const { MOURNING_ONE, MOURNING_TWO, MOURNING_FOUR } = quatrain;
  const banks = mourning
    ? [MOURNING_ONE, MOURNING_TWO, three, MOURNING_FOUR]
    : [OPENING_ONE, OPENING_TWO, `${three}${GLAD_THREE}`, GLAD_FOUR];
  return banks.map((text) => ({
    options: spoken(bank(text), request).filter((line) => line !== ''),
    fits: (before, line) => {
      const lines = [...before, line];
      const ends = lines.filter((_, at) => at !== 2).map((each) => syllablesOf(each).at(-1));
      const faults = quatrainFaults(linesOf(lines.join('\n'))).filter(({ found }) => !found.endsWith(' lines'));
      return faults.length === 0 && new Set(ends).size === ends.length;
    },
  }));
}

const SENTENCES: Readonly<Record<Length, readonly [number, number]>> = { short: [1, 0], medium: [2, 1], long: [3, 3] };

function sentences(request: CardRequest): Place[] {
  const { mourning, sentences: own } = OCCASION[request.occasion];
  const up = LOOKS_UP.has(request.pair.self);
  const say = (...texts: string[]): string[] => spoken(bank(...texts), request);
  const [ofOccasion, ofAny] = SENTENCES[request.length];
  const greeting = say(up || mourning ? prose.GREETING_UP : prose.GREETING);
  const any = say(mourning ? prose.MOURNING_MORE : prose.GLAD);
  const closing = say(mourning ? prose.MOURNING_CLOSING : up ? prose.CLOSING_UP : prose.CLOSING);
  const free = (options: string[]): Place => ({ options, fits: () => true });
  return [
    free(greeting),
    ...Array.from({ length: ofOccasion }, () => free(say(own))),
    ...Array.from({ length: ofAny }, () => free(any)),
    free(closing),
  ];
}
