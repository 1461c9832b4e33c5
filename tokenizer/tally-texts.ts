/** A tally over all texts of a corpus. */

import { breather } from './breathe.ts';
import { type TallyResult, type TallyTask, tallyOf } from './tally.ts';

export interface TallyOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (bytes: number, distinct: number) => void;
}

export interface Tallied {
  readonly bytes: number;
  readonly result: TallyResult;
}

export async function tallyTexts(
  texts: AsyncIterable<Uint8Array>,
  task: TallyTask,
  { signal, onProgress }: TallyOptions,
): Promise<Tallied> {
  const breathe = breather(signal);
  const tally = tallyOf(task);
  let bytes = 0;
  for await (const text of texts) {
    bytes += tally.add(text);
    if (await breathe()) onProgress?.(bytes, tally.size);
  }
  signal?.throwIfAborted(); // sources end quietly
  onProgress?.(bytes, tally.size);
  return { bytes, result: tally.result() };
}
