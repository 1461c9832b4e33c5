/** Proofs of the loader's order: the same rows in the same order for any number of devices, each row once an epoch. */
import { type TokenSource, tokensInMemory } from '../../shards/tokens/source.ts';
import type { LoaderState } from '../batch.ts';
import { type LoaderPlan, openLoader } from '../loader/loader.ts';
import { GRAMMAR_BOS, grammar } from './training.ts';

const PLAN: LoaderPlan = {
  ...{ rows: 11, length: 16, paddedVocab: 0, seed: 7, layout: 'stream', maskDocuments: false },
};
const STEPS = 24;
export const WORLDS: readonly (readonly number[])[] = [[1], [2], [3], [8], [8, 5, 8]];

function source(): TokenSource {
  const tokens = [1, 2, 3, 4, 5].map((seed) => grammar(seed, 700));
  return tokensInMemory(tokens, { fingerprint: 'grammar', vocabSize: 61, bosId: GRAMMAR_BOS });
}

/** FNV-1a over the rows of all devices in the order of their ranks, step by step; the number of devices changes as it goes. */
export async function orderHash(worlds: readonly number[]): Promise<string> {
  const hashes = [0x811c9dc5, 0x811c9dc5]; // of tokens and of targets
  let state: LoaderState | undefined;
  for (const of of worlds) {
    const loaders = Array.from({ length: of }, (_, rank) =>
      openLoader([source()], { ...PLAN, state, device: { rank, of } }),
    );
    for (let step = 0; step < STEPS / worlds.length; step++) {
      for (const loader of loaders) {
        const batch = await loader.next();
        for (const [i, words] of [batch.tokens, batch.targets].entries()) {
          for (const word of words) hashes[i] = Math.imul(hashes[i] ^ word, 0x01000193);
        }
        state = batch.state;
      }
    }
  }
  return hashes.map((hash) => (hash >>> 0).toString(16)).join('-');
}

/** Rows of an epoch, and how many of them came exactly once. Rows are told apart by numbers that stand nowhere twice. */
export async function rowsOnce(): Promise<{ rows: number; once: number }> {
  const numbered = Array.from({ length: 4 }, (_, batch) =>
    Uint16Array.from({ length: 641 }, (_, i) => batch * 700 + i),
  );
  const tokens = tokensInMemory(numbered, { fingerprint: 'numbers', vocabSize: 65_536, bosId: 65_535 });
  const loader = openLoader([tokens], { ...PLAN, rows: 1 });
  const seen = new Map<number, number>();
  for (let state: LoaderState | undefined; (state?.epoch ?? 0) === 0; ) {
    const batch = await loader.next();
    state = batch.state;
    if (state.epoch === 0 || state.position === 0) seen.set(batch.tokens[0], (seen.get(batch.tokens[0]) ?? 0) + 1);
  }
  return { rows: seen.size, once: [...seen.values()].filter((times) => times === 1).length };
}
