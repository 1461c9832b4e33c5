/** Bits per byte of held-out text, by source and by register: windows of what the model sees, each from its first token. */
import type { Item } from '../score/tree.ts';
import { bytesIn, type Question, type Result, type Task } from './task.ts';
import { type Corpus, wordsOf } from './words.ts';

/** Of a document its first characters. */
const MOST_CHARACTERS = 3000;

interface Passage extends Question {
  readonly register: string;
}

export function bitsTask(
  { heldOut }: Corpus,
  sample: <T>(list: readonly T[]) => T[],
  hash: (text: string) => string,
): Task<Passage> {
  const chosen = sample(heldOut.filter(({ text }) => text.length > 200));
  const questions = chosen.map(({ source, text }, i) => {
    const passage = text.slice(0, MOST_CHARACTERS).replace(/[\ud800-\udbff]$/, '');
    return { id: `document-${i}`, group: source, text: passage, register: registerOf(text) };
  });
  return {
    ...{ name: 'text', unit: 'bits', scorer: 'bits-per-byte', prompt: '{text}', seed: 0 },
    data: { name: 'held-out documents', hash: hash(JSON.stringify(questions)) },
    questions,
    async *answer(asked, model) {
      const { tokenizer, context } = model;
      const windows = asked.map(({ text }): Item => {
        const ids = Array.from(tokenizer.encode(text));
        const pieces: Item[number][] = [];
        for (let at = 0; at < ids.length; at += context)
          pieces.push({ tokens: [tokenizer.bosId, ...ids.slice(at, at + context)], from: 1 });
        return pieces;
      });
      let at = 0;
      for await (const found of model.likelihoods(windows)) {
        const { id, group, text, register } = asked[at++];
        const nats = found.reduce((sum, one) => sum + one.nats, 0);
        yield { id, group, value: nats / Math.LN2, weight: bytesIn(text), answer: register };
      }
    },
    notes: byRegister,
  };
}

/** What marks a register, so many times in a hundred words. */
const REGISTERS: readonly (readonly [name: string, words: ReadonlySet<string>, share: number])[] = [
  ['law', new Set('điều khoản nghị định quyết luật căn cứ hành thông tư'.split(' ')), 7],
  ['talk', new Set('mình bạn nhé ạ em ơi nha nhỉ hihi tớ cậu'.split(' ')), 3],
  ['story', new Set('hắn nàng chàng tôi bà ông cô thằng lão gã'.split(' ')), 4],
];

/** `law`, `talk`, `story`, or `report` where nothing marks it: a rule of thumb by single words. */
export function registerOf(text: string): string {
  const words = wordsOf(text.slice(0, 20_000));
  const found = REGISTERS.find(
    ([, marks, share]) => (100 * words.filter((word) => marks.has(word)).length) / words.length >= share,
  );
  return found?.[0] ?? 'report';
}

function byRegister(results: readonly Result[]): string[] {
  const sums = new Map<string, [bits: number, bytes: number]>();
  for (const { answer = '', value = 0, weight = 0 } of results) {
    const [bits, bytes] = sums.get(answer) ?? [0, 0];
    sums.set(answer, [bits + value, bytes + weight]);
  }
  const rows = [...sums]
    .sort((a, b) => b[1][1] - a[1][1])
    .map(([name, [bits, bytes]]) => `${name} ${(bits / bytes).toFixed(4)} (${bytes} bytes)`);
  return rows.length > 0 ? [`bits per byte by register: ${rows.join(', ')}`] : [];
}
