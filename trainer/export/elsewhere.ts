/** What llama.cpp will do otherwise with a tokenizer of ours, counted on a sample of the run's own text. */
import { formatCount } from '../../crawlers/shell/reporter.ts';
import { readDocuments } from '../../shards/documents/read.ts';
import type { Tokenizer } from '../../tokenizer/load.ts';
import type { LlamaRule } from './gguf-tokenizer.ts';

const SAMPLE_BYTES = 500_000;

export interface Differences {
  readonly lines: number;
  /** Lines with other ids than here. */
  readonly otherLines: number;
  readonly tokens: number;
  /** Tokens of these lines that are not among llama.cpp's. */
  readonly otherTokens: number;
  /** Tokens of the same lines in NFD, which llama.cpp does not compose, over those of NFC. */
  readonly decomposed: number;
}

/** By rule: what llama.cpp does, without it. Undefined where there is no text, or the tokenizer was not made here. */
export function differencesIn(
  lines: readonly string[],
  tokenizer: Tokenizer,
  { pre, spaced }: LlamaRule,
): Differences | undefined {
  const encode = tokenizer.encodingElsewhere(pre);
  if (encode === undefined || lines.length === 0) return undefined;
  const numbers = spaced ? spacedNumbers(tokenizer) : new Map<string, number>();
  const theirs = (text: string): number[] => {
    return cut(text, numbers).flatMap((part) => (typeof part === 'number' ? part : encode(part)));
  };
  const sum = { lines: lines.length, otherLines: 0, tokens: 0, otherTokens: 0 };
  let decomposed = 0;
  for (const line of lines) {
    const ours = Array.from(tokenizer.encode(line));
    const found = theirs(line.normalize('NFC'));
    sum.tokens += ours.length;
    decomposed += theirs(line.normalize('NFD')).length;
    if (found.join() === ours.join()) continue;
    sum.otherLines++;
    const left = new Map<number, number>();
    for (const id of found) left.set(id, (left.get(id) ?? 0) + 1);
    for (const id of ours) {
      const count = left.get(id) ?? 0;
      left.set(id, count - 1);
      if (count <= 0) sum.otherTokens++;
    }
  }
  return { ...sum, decomposed: decomposed / Math.max(1, sum.tokens) };
}

/** The tokens ` 1` … ` 999` that there are, which the file declares user-defined, longest first. */
function spacedNumbers(tokenizer: Tokenizer): Map<string, number> {
  const found = new Map<string, number>();
  for (let id = 0; id < tokenizer.vocabSize; id++) {
    const text = new TextDecoder().decode(tokenizer.bytesOf(id));
    if (/^ [0-9]{1,3}$/.test(text)) found.set(text, id);
  }
  return found;
}

/** User-defined tokens are cut out of the text before it is split, the longest first. */
function cut(text: string, numbers: ReadonlyMap<string, number>): (string | number)[] {
  let parts: (string | number)[] = [text];
  for (const digits of [3, 2, 1]) {
    const pattern = new RegExp(`( [0-9]{${digits}})`);
    parts = parts.flatMap((part) => {
      if (typeof part === 'number') return part;
      const pieces: (string | number)[] = [];
      for (let rest = part; rest !== ''; ) {
        const found = pattern.exec(rest);
        const id = found ? numbers.get(found[0]) : undefined;
        const end = found ? found.index + (id === undefined ? 1 : 0) : rest.length;
        if (end > 0) pieces.push(rest.slice(0, end));
        if (id !== undefined) pieces.push(id);
        rest = rest.slice(end + (id === undefined ? 0 : found![0].length));
      }
      return joined(pieces);
    });
  }
  return parts;
}

/** Neighbouring strings as one. */
function joined(pieces: readonly (string | number)[]): (string | number)[] {
  const out: (string | number)[] = [];
  for (const piece of pieces) {
    const last = out.at(-1);
    if (typeof piece === 'string' && typeof last === 'string') out[out.length - 1] = last + piece;
    else out.push(piece);
  }
  return out;
}

/** Lines of document shards, half a megabyte of them. */
export async function sampleLines(documents: string, signal: AbortSignal): Promise<string[]> {
  const lines: string[] = [];
  let bytes = 0;
  for await (const batch of readDocuments(documents, signal)) {
    for (let row = 0; row < batch.rows && bytes < SAMPLE_BYTES; row++) {
      const text = batch.string('text', row);
      bytes += text.length;
      lines.push(...text.split('\n').filter(Boolean));
    }
    if (bytes >= SAMPLE_BYTES) break;
  }
  return lines;
}

/** What is to be said of it. `counted`: where there is text to count on. */
export function elsewhereNotes({ pre, isExact }: LlamaRule, counted: Differences | undefined): string[] {
  const cost = counted ? `${counted.decomposed.toFixed(1)} × as many tokens` : 'other tokens, and more of them';
  const nfd = `llama.cpp has no normaliser: text in NFD gives ${cost} there; compose it first (NFC)`;
  if (isExact) return [nfd];
  const share = counted && `${((100 * counted.otherTokens) / Math.max(1, counted.tokens)).toFixed(2)} % of tokens`;
  const count = counted
    ? `${formatCount(counted.otherLines)} of ${formatCount(counted.lines)} lines have other tokens there (${share})`
    : 'most lines have the same tokens there, not all: --documents DIR counts them';
  return [
    `llama.cpp has no split rule like this tokenizer's, the file says ${pre}: ${count}; token ids given as numbers are exact, and so is a tokenizer trained with --split llama3`,
    nfd,
  ];
}
