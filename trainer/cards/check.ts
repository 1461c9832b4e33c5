/** Poems and cards of a file, judged: text, or JSON lines as `vua card --out` writes them. */
import { readFileSync } from 'node:fs';
import { badInput, reasonOf } from '../../crawlers/shell/errors.ts';
import { utf8Of } from '../../crawlers/shell/folder.ts';
import type { Card } from './cards.ts';
import { type CardFacts, type CardFault, cardFaults } from './judge.ts';
import type { Form } from './names.ts';
import { poemOf } from './poem.ts';
import { pairOf } from './pronouns.ts';
import { linesOf } from './verse.ts';

export interface Judged {
  /** Line of a file of cards; missing for a poem. */
  readonly card?: number;
  readonly form: Form;
  /** Of lục bát couplets, else lines. */
  readonly units: number;
  /** Without a fault. */
  readonly accepted: number;
  /** Numbers of lines that are none of its verses: a title, a name. */
  readonly around: readonly number[];
  readonly faults: readonly CardFault[];
}

/** @throws ToolkitError BAD_INPUT (exit 2): no file, no UTF-8 or no text in it, or a row that is no card */
export function judgeFile(path: string, facts: Partial<CardFacts>): Judged[] {
  let text: string;
  try {
    text = utf8Of(readFileSync(path)).normalize('NFC');
  } catch (error) {
    throw badInput('BAD_INPUT', `${path}: ${reasonOf(error)}`, 'a poem as UTF-8 text, or cards.jsonl', error);
  }
  if (/\.jsonl$/i.test(path)) return judgeCards(path, text);
  if (linesOf(text).length === 0) throw badInput('BAD_INPUT', `${path}: no line of text, expected a poem`);
  return [judge(text, { form: poemOf(text).form, ...facts })];
}

function judgeCards(path: string, text: string): Judged[] {
  return text
    .split('\n')
    .map((row, at) => ({ row, card: at + 1 }))
    .filter(({ row }) => row.trim() !== '')
    .map(({ row, card }) => {
      const { text: body, form, from, to, occasion, year, length } = parsed(row, `${path}: line ${card}`);
      const facts = { form, pair: pairOf(from, to), occasion, year, length } as CardFacts;
      return { card, ...judge(body, facts) };
    });
}

function parsed(row: string, where: string): Card {
  try {
    const card = JSON.parse(row) as Partial<Card>;
    if (typeof card.text === 'string' && card.from && card.to && card.form) return card as Card;
  } catch {}
  throw badInput('BAD_INPUT', `${where}: ${row.slice(0, 40)}, expected a card with text, form, from and to`);
}

function judge(text: string, facts: CardFacts): Judged {
  const { lines, around } = poemOf(text, facts.form);
  const faults = cardFaults(text, facts);
  const size = facts.form === 'luc-bat' ? 2 : 1;
  const units = Math.ceil(lines.length / size);
  const unitOf = new Map(lines.map(({ number }, at) => [number, Math.floor(at / size)] as const));
  const refused = new Set(faults.map(({ line }) => unitOf.get(line) ?? 0));
  return {
    form: facts.form,
    units,
    accepted: units - refused.size,
    around: around.map(({ number }) => number),
    faults,
  };
}
