/**
 * A tokenizer of others with Vietnamese merges behind its own: old ids stay, so weights that know them go on
 * (`vua train --init-from` begins the new rows as the mean of those of their pieces).
 *
 *   merges   base … │ learned on words that the base has cut: the base's always come first
 *   ids      base's tokens and special tokens … │ new ones
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { badInput } from '../../crawlers/shell/errors.ts';
import { writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { holding } from '../../crawlers/shell/lock.ts';
import { type Outcome, unattended, type Work } from '../../crawlers/shell/work.ts';
import { CONFIG_FILE, TOKENIZER_FILE } from '../encode/export.ts';
import type { TokenizerJson } from '../encode/foreign.ts';
import { Tokenizer } from '../load.ts';
import { PaddedText } from '../text/padded-text.ts';
import { Pretokenizer } from '../text/pretokenize.ts';
import type { SplitRule } from '../text/split.ts';
import { MAX_TOKEN_BYTES, MIN_FREQUENCY, VALID_SHARE } from './defaults.ts';
import { expectedBytes, readTrainingTexts } from './documents.ts';
import { Merger, type Words } from './merge.ts';

export interface ExtendOptions {
  /** Folder with tokenizer.json and tokenizer_config.json. */
  readonly base: string;
  readonly documents: readonly string[];
  /** Tokens to add, at most. */
  readonly add: number;
  readonly out: string;
  readonly validShare?: number;
}

export interface ExtendedTokenizer {
  readonly added: number;
  readonly vocabSize: number;
  /** Of the text that was learned from; a syllable is a pretoken with a letter. */
  readonly tokensPerSyllable: { readonly before: number; readonly after: number };
}

/** @throws ToolkitError NO_TOKENIZER, BAD_TOKENIZER, EMPTY_CORPUS (exit 2), FOLDER_LOCKED and those of readTrainingTexts */
export const extendTokenizer = (
  options: ExtendOptions,
  work = unattended(),
): Promise<Outcome<ExtendedTokenizer, undefined>> =>
  holding(options.out, options.documents, () => extendLocked(options, work));

async function extendLocked(
  { base, documents, add, out, validShare = VALID_SHARE }: ExtendOptions,
  { signal, report }: Work,
): Promise<Outcome<ExtendedTokenizer, undefined>> {
  const tokenizer = await Tokenizer.load(base);
  const { split } = tokenizer;
  if (split === undefined || split.acrossSpaces) {
    throw badInput(
      'BAD_TOKENIZER',
      `${base}: a split rule that is not known here`,
      'known are those of GPT-2, Llama 3 and Qwen',
    );
  }
  const progress = report.stage('count', 'bytes', expectedBytes(documents, validShare));
  const counts = new Map<string, number>();
  let done = 0;
  for await (const text of readTrainingTexts(documents, validShare, signal)) {
    countWords(counts, text, split);
    done += text.length;
    progress.update(done);
  }
  if (signal.aborted) return { outcome: 'interrupted', report: undefined };
  progress.finish({ words: counts.size });
  if (counts.size === 0) throw badInput('EMPTY_CORPUS', `${documents.join(', ')}: no text`, 'add documents');

  const json = JSON.parse(readFileSync(join(base, TOKENIZER_FILE), 'utf8')) as TokenizerJson;
  const vocabulary = new GrowingVocabulary(json, tokenizer);
  const words = wordsOf(counts, (word) => tokenizer.piecesOf(word));
  const limit = tokenizer.vocabSize + add;
  const merging = report.stage('merge', 'merges', add);
  const allows = (left: number, right: number): boolean =>
    vocabulary.bytesOf(left) + vocabulary.bytesOf(right) <= MAX_TOKEN_BYTES;
  const merger = new Merger(words, vocabulary, { minFrequency: MIN_FREQUENCY, allows }, limit);
  while (merger.step()) {
    if (signal.aborted) return { outcome: 'interrupted', report: undefined };
    merging.update(vocabulary.added.length);
  }
  merging.finish();
  writeFileAtomic(join(out, CONFIG_FILE), readFileSync(join(base, CONFIG_FILE)));
  writeFileAtomic(join(out, TOKENIZER_FILE), `${JSON.stringify(vocabulary.extended(json), null, 1)}\n`);
  const now = await Tokenizer.load(out);
  const after = wordsOf(counts, (word) => now.piecesOf(word));
  const tokensPerSyllable = { before: perSyllable(counts, words), after: perSyllable(counts, after) };
  return {
    outcome: 'written',
    report: { added: vocabulary.added.length, vocabSize: now.vocabSize, tokensPerSyllable },
  };
}

/** The base's tokens by id, and those made since. */
class GrowingVocabulary {
  readonly added: { readonly token: string; readonly merge: readonly [string, string] }[] = [];
  readonly #tokens: string[] = [];
  readonly #known: Set<string>;
  readonly #first: number;

  constructor({ model, added_tokens: added = [] }: TokenizerJson, { vocabSize }: Tokenizer) {
    this.#first = vocabSize;
    for (const [token, id] of Object.entries(model.vocab)) this.#tokens[id] = token;
    this.#known = new Set([...Object.keys(model.vocab), ...added.map(({ content }) => content)]);
  }

  get size(): number {
    return this.#first + this.added.length;
  }

  /** One character a byte. */
  bytesOf(id: number): number {
    return this.#tokens[id].length;
  }

  /** False when there is such a token: a vocabulary holds each once. */
  add(left: number, right: number): boolean {
    const merge = [this.#tokens[left], this.#tokens[right]] as const;
    const token = merge.join('');
    if (this.#known.has(token)) return false;
    this.#tokens[this.size] = token;
    this.#known.add(token);
    this.added.push({ token, merge });
    return true;
  }

  /** tokenizer.json with them; merges in the form in which the base has its own. */
  extended(json: TokenizerJson): TokenizerJson {
    const isText = typeof json.model.merges[0] === 'string';
    const merges = this.added.map(({ merge }) => (isText ? merge.join(' ') : merge));
    const vocab = Object.fromEntries(this.added.map(({ token }, i) => [token, this.#first + i]));
    return {
      ...json,
      model: { ...json.model, vocab: { ...json.model.vocab, ...vocab }, merges: [...json.model.merges, ...merges] },
    };
  }
}

/** Pretokens as latin1 text, a character a byte. */
function countWords(counts: Map<string, number>, text: Uint8Array, split: SplitRule): void {
  const bytes = Buffer.from(new TextDecoder().decode(text).normalize('NFC'));
  const padded = new PaddedText(bytes.length);
  padded.set(bytes);
  const pretokenizer = new Pretokenizer(split);
  for (let start = 0; start < bytes.length; ) {
    const end = pretokenizer.next(padded, start);
    const word = bytes.toString('latin1', start, end);
    counts.set(word, (counts.get(word) ?? 0) + 1);
    start = end;
  }
}

function wordsOf(counts: ReadonlyMap<string, number>, piecesOf: (word: Uint8Array) => number[]): Words {
  const pieces = Array.from(counts.keys(), (word) => piecesOf(Buffer.from(word, 'latin1')));
  const starts = new Int32Array(pieces.length + 1);
  for (const [i, ids] of pieces.entries()) starts[i + 1] = starts[i] + ids.length;
  const symbols = new Int32Array(starts[pieces.length]);
  for (const [i, ids] of pieces.entries()) symbols.set(ids, starts[i]);
  return { symbols, starts, counts: Float64Array.from(counts.values()) };
}

function perSyllable(counts: ReadonlyMap<string, number>, { starts }: Words): number {
  let [tokens, syllables, i] = [0, 0, 0];
  for (const [word, count] of counts) {
    const length = starts[i + 1] - starts[i++];
    if (!/\p{L}/u.test(Buffer.from(word, 'latin1').toString())) continue;
    syllables += count;
    tokens += count * length;
  }
  return tokens / Math.max(1, syllables);
}
