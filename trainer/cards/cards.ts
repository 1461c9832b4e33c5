/** Cards: a model proposes along masks, checkers decide; what a documents folder already says is left out. */
import { existsSync } from 'node:fs';
import { badInput } from '../../crawlers/shell/errors.ts';
import type { Work } from '../../crawlers/shell/work.ts';
import { seededRandom } from '../../shards/checksum.ts';
import { openSampler } from '../generate/open.ts';
import type { AdapterChoice } from '../gpu/choice.ts';
import { type CardRequest, draftOf, freeChoice } from './compose.ts';
import { Lexicon } from './free-line.ts';
import { insultIn, personalIn } from './insults.ts';
import { cardFaults } from './judge.ts';
import type { Form } from './names.ts';
import { copiedFrom, syllablesIn } from './novelty.ts';
import { headingOf } from './occasions.ts';
import { byChance, byModel, type Writer } from './writer.ts';

export interface CardOptions extends CardRequest {
  /** Of whom and by whom, as they are written on the card; nothing of it reaches a model. */
  readonly name: string;
  readonly signed: string;
  readonly count: number;
  readonly seed: number;
  readonly temperature: number;
  /** `phrases`: lines of the bank; `free`: behind the first couplet any syllables that the rules allow. */
  readonly words: 'phrases' | 'free';
  /** Without one, chance takes the place of a model. */
  readonly checkpoint?: string;
  readonly adapter: AdapterChoice;
  /** Folder of documents: what stands there is not novel; free lines are of its syllables. */
  readonly documents?: string;
}

export interface Card {
  readonly heading: string;
  readonly name: string;
  readonly text: string;
  readonly signed: string;
  readonly occasion: string;
  readonly from: string;
  readonly to: string;
  readonly form: Form;
  readonly length: string;
  readonly year: number;
  readonly seed: number;
  readonly writer: 'model' | 'chance';
  /** Drafts that a checker refused before. */
  readonly refused: number;
  /** Longest run of syllables that stands in the documents; missing where none were given. */
  readonly copied?: number;
}

/** So long a run, more than a couplet, is somebody's. */
export const LONGEST_COPIED = 14;
const DRAFTS = 20;

/**
 * Cards one after the other, each without a fault, no two alike where as many are possible.
 * @throws ToolkitError BAD_OPTION (exit 2): a name that insults or is no name; of opening checkpoint and documents
 */
export async function writeCards(options: CardOptions, { signal, report }: Work): Promise<Card[]> {
  checkNames(options);
  const free = await freeLexicon(options, signal);
  return await withWriter(options, report.note, async (writer) => {
    const progress = report.stage('cards', 'cards', options.count);
    const cards: Card[] = [];
    const written = new Set<string>();
    for (let seed = options.seed; cards.length < options.count && !signal.aborted; seed++) {
      const card = await writeCard({ ...options, seed }, writer, free, written);
      written.add(card.text);
      cards.push(card);
      progress.update(cards.length);
    }
    progress.finish();
    if (options.documents === undefined) return cards;
    const { copied } = await copiedFrom(
      options.documents,
      cards.map(({ text }) => text),
      signal,
    );
    return cards.map((card, at) => ({ ...card, copied: copied[at] })).filter((card) => card.copied < LONGEST_COPIED);
  });
}

/** @throws ToolkitError BAD_OPTION (exit 2): an insult, an address, a text */
export function checkNames({ name, signed }: Pick<CardOptions, 'name' | 'signed'>): void {
  for (const [flag, text] of Object.entries({ name, signed })) {
    const insult = insultIn(text);
    if (insult !== undefined)
      throw badInput('BAD_OPTION', `card: --${flag} holds ${JSON.stringify(insult)}: no card insults anybody`);
    const personal = personalIn(text);
    if (personal !== undefined)
      throw badInput('BAD_OPTION', `card: --${flag} holds ${JSON.stringify(personal)}, expected a name alone`);
    if (text.length > 60 || /[\n\r]/.test(text))
      throw badInput('BAD_OPTION', `card: --${flag} has ${text.length} characters, expected a name of at most 60`);
  }
}

async function freeLexicon(options: CardOptions, signal: AbortSignal): Promise<Lexicon | undefined> {
  if (options.words === 'phrases') return undefined;
  const { checkpoint, documents, form } = options;
  if (form !== 'luc-bat' || checkpoint === undefined || documents === undefined)
    throw badInput(
      'BAD_OPTION',
      'card: --words free writes lục bát with a model and the syllables of documents',
      'give --form luc-bat, --checkpoint and --documents, or leave --words out',
    );
  return new Lexicon(await syllablesIn(documents, signal));
}

/** With what writes: the model of a checkpoint on its device, or chance. */
export async function withWriter<T>(
  { checkpoint: dir, adapter, temperature }: Pick<CardOptions, 'checkpoint' | 'adapter' | 'temperature'>,
  onNote: (text: string) => void,
  work: (writer: Writer) => Promise<T>,
): Promise<T> {
  if (dir === undefined) return await work(byChance());
  const { tokenizer, sampler, context, damaged, release } = await openSampler(dir, adapter);
  for (const reason of damaged) onNote(`damaged, passed over: ${reason}`);
  try {
    return await work(byModel({ tokenizer, source: sampler.source, context, temperature }));
  } finally {
    release();
  }
}

/** One card along its masks, no fault in it. @throws ToolkitError BAD_OPTION (exit 2): every draft was refused */
export async function writeCard(
  options: CardOptions,
  writer: Writer,
  lexicon: Lexicon | undefined,
  written: ReadonlySet<string>,
): Promise<Card> {
  const { occasion, pair, form, length, year, seed, name, signed, checkpoint } = options;
  const random = seededRandom(seed);
  const draft = draftOf(options);
  const heading = headingOf(occasion, year);
  let last: string[] = [];
  drafts: for (let refused = 0; refused < DRAFTS; refused++) {
    const lines: string[] = [];
    writer.begin(heading);
    while (lines.length < draft.lines) {
      const choice = lexicon === undefined || lines.length < 2 ? draft.next(lines) : freeChoice(lexicon, lines);
      const line = await writer.write(choice, random);
      if (line === undefined) continue drafts;
      lines.push(capital(line));
    }
    const text = textOf(form, lines);
    const faults = cardFaults(text, options);
    last = faults.map(({ rule, found }) => `${rule} (${found})`);
    if (faults.length > 0 || (written.has(text) && refused + 1 < DRAFTS)) continue;
    const facts = { occasion, from: pair.self, to: pair.you, form, length, year, seed };
    return { heading, name, text, signed, ...facts, writer: checkpoint === undefined ? 'chance' : 'model', refused };
  }
  throw badInput(
    'BAD_OPTION',
    `card: ${DRAFTS} drafts, each refused: ${last.join(', ')}`,
    'another --seed, or --length',
  );
}

const capital = (line: string): string => line.slice(0, 1).toUpperCase() + line.slice(1);

/** Verse line by line; of prose greeting, body and closing. */
const textOf = (form: Form, lines: readonly string[]): string =>
  form === 'prose' ? `${lines[0]}\n${lines.slice(1, -1).join(' ')}\n${lines.at(-1)}` : lines.join('\n');

/** A folder of `vua run`, where it has one: what a command takes that was not told. */
export const foundAt = (path: string): string | undefined => (existsSync(path) ? path : undefined);
