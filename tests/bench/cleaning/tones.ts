/**
 * Which `--tones` makes text cheaper to model. For each style a tokenizer and a trigram model of its tokens learn from the
 * same documents, then say how many bits a byte of held-out text costs them: text as it was written, wholly in the old
 * style, wholly in the new one. No prompt is ever respelt, so a style that a model did not see costs what it costs here.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TONE_STYLES, type ToneStyle } from '../../../cleaning/choices.ts';
import { noRepairs, normalize } from '../../../cleaning/vietnamese/normalize.ts';
import { formatTable } from '../../../crawlers/shell/reporter.ts';
import { Tokenizer, trainTokenizer } from '../../../tokenizer/index.ts';
import { hasPack, readPack } from './data.ts';

const VOCABULARY = 8192;
/** Every so many-th document is held out. */
const HELD_OUT = 10;
const WORDS = ['hòa bình', 'hoà bình', 'thủy triều', 'thuỷ triều', 'khóa cửa', 'khoá cửa', 'tòa án', 'toà án'];

export async function tonesBench(): Promise<void> {
  if (!hasPack) return void process.stdout.write('VUA_PACK is not set: left out\n');
  const texts = ['viwiki', 'law_2010'].flatMap((name) =>
    readPack(`text/${name}.jsonl`)
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { text: string }).text),
  );
  const isHeldOut = (_: string, i: number): boolean => i % HELD_OUT === 0;
  const heldOut = texts.filter(isHeldOut);
  const learned = texts.filter((text, i) => !isHeldOut(text, i));
  const rows = [['--tones', 'as written', 'all old', 'all new', ...WORDS]];
  for (const style of TONE_STYLES) {
    const documents = learned.map((text) => spelt(text, style));
    const tokenizer = await tokenizerOf(documents);
    const model = new Trigrams(documents.map((text) => tokenizer.encode(text)));
    const bits = TONE_STYLES.map((tones) => {
      let [sum, bytes] = [0, 0];
      for (const text of heldOut) {
        const held = spelt(text, tones);
        sum += model.bits(tokenizer.encode(held));
        bytes += Buffer.byteLength(held);
      }
      return (sum / bytes).toFixed(4);
    });
    rows.push([style, ...bits, ...WORDS.map((word) => String(tokenizer.encode(` ${word}`).length))]);
  }
  process.stdout.write('held-out bits per byte, and tokens of some words\n');
  process.stdout.write(`${formatTable(rows)}\n`);
}

const spelt = (text: string, style: ToneStyle): string => normalize(text, noRepairs(), style);

async function tokenizerOf(documents: readonly string[]): Promise<Tokenizer> {
  const dir = mkdtempSync(join(tmpdir(), 'vua-tones-'));
  try {
    writeFileSync(join(dir, 'texts.jsonl'), documents.map((text) => `${JSON.stringify({ text })}\n`).join(''));
    await trainTokenizer({ documents: [join(dir, 'texts.jsonl')], vocabSize: VOCABULARY, out: join(dir, 'tokenizer') });
    return await Tokenizer.load(join(dir, 'tokenizer'));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Interpolated trigrams of tokens (Witten and Bell 1991). */
class Trigrams {
  /** Times a gram was seen, and how many different tokens follow it; by the number that its tokens spell. */
  readonly #seen = new Map<number, number>();
  readonly #followers = new Map<number, number>();
  readonly #total = new Map<number, number>();

  constructor(texts: readonly ArrayLike<number>[]) {
    for (const ids of texts) {
      for (let i = 0; i < ids.length; i++) {
        for (let n = 1; n <= Math.min(3, i + 1); n++) this.#count(gram(ids, i - n + 1, i + 1), gram(ids, i - n + 1, i));
      }
    }
  }

  #count(whole: number, context: number): void {
    const before = this.#seen.get(whole) ?? 0;
    this.#seen.set(whole, before + 1);
    this.#total.set(context, (this.#total.get(context) ?? 0) + 1);
    if (before === 0) this.#followers.set(context, (this.#followers.get(context) ?? 0) + 1);
  }

  bits(ids: ArrayLike<number>): number {
    let sum = 0;
    for (let i = 0; i < ids.length; i++) {
      let probability = 1 / VOCABULARY;
      for (let n = 1; n <= Math.min(3, i + 1); n++) {
        const context = gram(ids, i - n + 1, i);
        const followers = this.#followers.get(context) ?? 0;
        if (followers === 0) break;
        const seen = this.#seen.get(gram(ids, i - n + 1, i + 1)) ?? 0;
        probability = (seen + followers * probability) / (this.#total.get(context)! + followers);
      }
      sum -= Math.log2(probability);
    }
    return sum;
  }
}

/** Tokens of a range as one number; that of none is 1. */
function gram(ids: ArrayLike<number>, from: number, to: number): number {
  let number = 1;
  for (let i = from; i < to; i++) number = number * VOCABULARY + ids[i];
  return number;
}
