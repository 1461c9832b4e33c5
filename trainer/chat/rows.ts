/**
 * Conversations packed whole into rows: each sees only itself, and only what the assistant says is a target.
 *
 *   row      │ conversation 7 …… │ conversation 2 ………… │ pad │
 *   targets  │ – – – a a a e – a e │ – – – – a a a a a e │  –  │     a: the assistant's words, e: the mark that ends them
 */

import { seededRandom } from '../../shards/checksum.ts';
import type { BatchArrays } from '../batch.ts';
import { IGNORED } from '../kernels/cross-entropy.ts';
import type { ChatTokens } from './template.ts';

/** Conversations of a row, as indices. */
export type Row = readonly number[];

/** Positions that a conversation takes: behind its last token nothing is predicted. */
const lengthOf = ({ tokens }: ChatTokens): number => tokens.length - 1;

/** Rows that are open at a time: a conversation goes into the fullest that has room for it. */
const OPEN = 32;

/**
 * What is longer than a row loses its end, after the last answer that fits whole; none is left of one whose first answer
 * does not fit.
 */
export function fitted(chat: ChatTokens, length: number): ChatTokens | undefined {
  if (lengthOf(chat) <= length) return chat;
  let end = 0;
  for (let at = 1; at <= length + 1; at++) if (chat.isAnswer[at - 1] && !chat.isAnswer[at]) end = at;
  return end === 0 ? undefined : { tokens: chat.tokens.slice(0, end), isAnswer: chat.isAnswer.slice(0, end) };
}

/** The rows of an epoch: a function of the conversations, the seed and the epoch. Every conversation stands in one of them. */
export function rowsOf(chats: readonly ChatTokens[], length: number, seed: number, epoch: number): Row[] {
  const random = seededRandom((seed * 1_000_003 + epoch) >>> 0);
  const order = chats.map((_, i) => i);
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  const rows: number[][] = [];
  let open: { row: number[]; room: number }[] = [];
  for (const index of order) {
    const needs = lengthOf(chats[index]);
    const best = open.filter(({ room }) => room >= needs).sort((a, b) => a.room - b.room)[0];
    if (best) {
      best.row.push(index);
      best.room -= needs;
    } else {
      const row = [index];
      rows.push(row);
      open.push({ row, room: length - needs });
      if (open.length > OPEN) open = open.sort((a, b) => b.room - a.room).slice(0, OPEN);
    }
  }
  return rows;
}

export interface ChatBatch extends BatchArrays {
  readonly documentStarts: Uint32Array<ArrayBuffer>;
  /** Targets that count. */
  readonly counted: number;
  /** Conversation of each target, as its index. */
  readonly owners: Int32Array;
}

/** @param rows at most as many as the batch has; the rest is padding */
export function batchOf(
  chats: readonly ChatTokens[],
  rows: readonly Row[],
  count: number,
  length: number,
  padId: number,
): ChatBatch {
  const N = count * length;
  const tokens = new Uint32Array(N).fill(padId);
  const targets = new Uint32Array(N).fill(IGNORED);
  const documentStarts = Uint32Array.from({ length: N }, (_, n) => n % length);
  const owners = new Int32Array(N).fill(-1);
  let counted = 0;
  for (const [r, row] of rows.entries()) {
    let at = r * length;
    for (const index of row) {
      const { tokens: own, isAnswer } = chats[index];
      const begin = at;
      for (let i = 0; i + 1 < own.length; i++, at++) {
        tokens[at] = own[i];
        documentStarts[at] = begin - r * length;
        if (!isAnswer[i + 1]) continue;
        targets[at] = own[i + 1];
        owners[at] = index;
        counted++;
      }
    }
  }
  return { tokens, targets, documentStarts, counted, owners };
}
