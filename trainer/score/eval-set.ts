/**
 * The frozen text of an ablation, by content: documents that all arms hold out, at most 16 kB of each, dealt by hash into
 * *tune* (rates are judged on it), *select* and *test* (the table is of it); and a model on it, in windows.
 *
 *   document   BOS t t t t t t t t t t t
 *   windows    ├── T ──┤                       the first whole
 *                  ├─ ─┼───┤                   then by T/2, and only the newer half counts
 */
import { PASSAGES, SharedPassages } from '../../cleaning/vietnamese/terms.ts';
import { checksumOf } from '../../shards/checksum.ts';
import { eachBatch, type TokenFolder } from '../../shards/tokens/source.ts';
import type { Tokenizer } from '../../tokenizer/load.ts';
import { IGNORED } from '../kernels/cross-entropy.ts';
import { EVAL_SETS, type EvalDocument, type EvalSet } from './ablation.ts';
import type { Model } from './bits-per-byte.ts';
import { placeOf, TEST_FROM } from './draw.ts';
import { heldOutOf, stretches } from './held-out.ts';

export interface EvalText extends EvalDocument {
  readonly text: string;
}

/** Words in 13-grams of what is trained on, of which a document is left out. */
const MOST_SHARED = 0.05;
/** Share of the hashes of each set, from the lowest on. */
const UNTIL: Readonly<Record<EvalSet, number>> = { tune: 0.25, select: TEST_FROM, test: 1 };

export interface TextLimits {
  /** Bytes of a document at most: none speaks for all. */
  readonly textBytes: number;
  /** Documents at most, those of the lowest hashes. */
  readonly textDocuments: number;
}

/** @throws ToolkitError NO_HELD_OUT and those of reading */
export async function evalTexts(
  folder: TokenFolder,
  tokenizer: Tokenizer,
  { textBytes, textDocuments }: TextLimits,
): Promise<EvalText[]> {
  const { tokens, pieces, sources } = await heldOutOf([folder]);
  const found: EvalText[] = [];
  let ids: number[] = [];
  const lengths = pieces.map(({ length }) => length);
  for await (const { index, at, stretch } of stretches(tokens, lengths)) {
    if (at === 0) ids = [];
    for (let i = at === 0 ? 1 : 0; i < stretch.length; i++) ids.push(stretch[i]);
    if (at + stretch.length < lengths[index]) continue;
    const text = headOf(tokenizer.decode(ids), textBytes);
    const set = EVAL_SETS.find((name) => placeOf(pieces[index].hash) < UNTIL[name])!;
    const bytes = Buffer.from(text);
    found.push({ hash: checksumOf(bytes), bytes: bytes.length, source: sources[pieces[index].source], set, text });
  }
  const filled = found.filter(({ bytes }) => bytes > 0).sort((a, b) => (a.hash < b.hash ? -1 : 1));
  return filled.slice(0, textDocuments);
}

/** The first bytes, cut behind a line; a single long line is cut at a blank. */
function headOf(text: string, most: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  const head = bytes
    .subarray(0, most)
    .toString()
    .replace(/\ufffd+$/, '');
  const end = Math.max(head.lastIndexOf('\n'), 0) || head.lastIndexOf(' ');
  return end > 0 ? head.slice(0, end) : head;
}

/** Texts without those that training text shares too much with. */
export async function withoutShared(
  texts: readonly EvalText[],
  train: AsyncIterable<string>,
): Promise<{ readonly kept: EvalText[]; readonly left: number; readonly shares: readonly number[] }> {
  const passages = new SharedPassages(texts.map(({ text }) => text));
  for await (const text of train) passages.hear(text);
  const shared = passages.shares;
  const kept = texts.filter((_, i) => shared[i][0] <= MOST_SHARED);
  const bytes = texts.reduce((sum, one) => sum + one.bytes, 0);
  const shares = PASSAGES.map((_, size) => texts.reduce((sum, one, i) => sum + one.bytes * shared[i][size], 0) / bytes);
  return { kept, left: texts.length - kept.length, shares };
}

/** Texts of what a folder trains on, a record batch after the other. */
export async function* trainTexts(folder: TokenFolder, tokenizer: Tokenizer): AsyncGenerator<string> {
  const bos = folder.manifest.bosId;
  for await (const batch of eachBatch(folder.source('train'))) {
    for (let from = 0; from < batch.length; ) {
      const next = batch.indexOf(bos, from);
      const end = next < 0 ? batch.length : next;
      if (end > from) yield tokenizer.decode(batch.subarray(from, end));
      from = end + 1;
    }
  }
}

/**
 * Nats of the tokens of each document, BOS before it and not counted.
 * @param documents ids, BOS first
 * @returns undefined when the signal was aborted
 */
export async function natsInWindows(
  model: Model,
  documents: readonly ArrayLike<number>[],
  signal?: AbortSignal,
): Promise<number[] | undefined> {
  const { rows } = model;
  const T = model.config.context;
  const nats = new Array<number>(documents.length).fill(0);
  const places = documents.flatMap((ids, document) =>
    windowsOf(ids.length - 1, T).map((window) => ({ document, ...window })),
  );
  for (let first = 0; first < places.length; first += rows) {
    if (signal?.aborted) return undefined;
    const tokens = new Uint32Array(rows * T);
    const targets = new Uint32Array(rows * T).fill(IGNORED);
    const batch = places.slice(first, first + rows);
    for (const [row, { document, start, from, to }] of batch.entries()) {
      const ids = documents[document];
      for (let at = start; at < to; at++) {
        tokens[row * T + at - start] = ids[at];
        if (at >= from) targets[row * T + at - start] = ids[at + 1];
      }
    }
    const losses = await model.losses({ tokens, targets, documentStarts: new Uint32Array(rows * T) });
    for (const [row, { document }] of batch.entries()) {
      for (let i = row * T; i < (row + 1) * T; i++) if (targets[i] !== IGNORED) nats[document] += losses[i];
    }
  }
  return nats;
}

/** Windows over `predicted` tokens: inputs from `start` to `to`, of which those from `from` on count. */
export function windowsOf(predicted: number, T: number): { start: number; from: number; to: number }[] {
  const windows = [{ start: 0, from: 0, to: Math.min(T, predicted) }];
  for (let done = windows[0].to; done < predicted; done = windows.at(-1)!.to) {
    const to = Math.min(done + T / 2, predicted);
    windows.push({ start: to - T, from: done, to });
  }
  return windows;
}
