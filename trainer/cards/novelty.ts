/** How much of a card stands in the documents that a model may have learned from: the longest run of syllables of both. */
import { readDocuments } from '../../shards/documents/read.ts';
import { syllablesOf } from './prosody.ts';

/** Shorter runs are the language's own. */
export const SHORTEST_RUN = 6;

export interface ReadOfDocuments {
  /** Of each card, the longest run in syllables; 0: none of SHORTEST_RUN. */
  readonly copied: readonly number[];
  readonly documents: number;
}

/** One pass over a folder of documents for all cards together. */
export async function copiedFrom(
  folder: string,
  cards: readonly string[],
  signal?: AbortSignal,
): Promise<ReadOfDocuments> {
  const holders = new Map<string, number[]>();
  for (const [card, text] of cards.entries())
    for (const gram of new Set(gramsOf(syllablesOf(text)))) holders.set(gram, [...(holders.get(gram) ?? []), card]);
  const copied = cards.map(() => 0);
  let documents = 0;
  for await (const batch of readDocuments(folder, signal)) {
    for (let row = 0; row < batch.rows; row++) {
      documents++;
      let runs = new Map<number, number>();
      for (const gram of gramsOf(syllablesOf(batch.string('text', row)))) {
        const here = holders.get(gram);
        if (here === undefined && runs.size === 0) continue;
        runs = new Map((here ?? []).map((card) => [card, (runs.get(card) ?? SHORTEST_RUN - 1) + 1]));
        for (const [card, run] of runs) copied[card] = Math.max(copied[card], run);
      }
    }
  }
  return { copied, documents };
}

function* gramsOf(syllables: readonly string[]): Generator<string> {
  for (let at = 0; at + SHORTEST_RUN <= syllables.length; at++) yield syllables.slice(at, at + SHORTEST_RUN).join(' ');
}

/** Syllables that occur in the documents, oftener than once. */
export async function syllablesIn(folder: string, signal?: AbortSignal): Promise<Set<string>> {
  const counts = new Map<string, number>();
  for await (const batch of readDocuments(folder, signal))
    for (let row = 0; row < batch.rows; row++)
      for (const syllable of syllablesOf(batch.string('text', row)))
        counts.set(syllable, (counts.get(syllable) ?? 0) + 1);
  return new Set([...counts].filter(([, count]) => count > 1).map(([syllable]) => syllable));
}
