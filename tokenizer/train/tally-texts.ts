/** A tally over all texts of a corpus: by this thread, and by others where there are (tally-threads.ts). */
import { breather } from '../../crawlers/shell/work.ts';
import { sumOf, type TallyResult, type TallyTask, tallyOf } from './tally.ts';

/** Threads that tally along. */
export interface TallyTeam {
  /** A new tally begins. */
  begin(task: TallyTask): void;
  /** Takes a text over, if a thread has room for it. */
  take(text: Uint8Array): boolean;
  /** What the threads counted since `begin`. */
  finish(): Promise<TallyResult[]>;
}

export interface TallyOptions {
  readonly team?: TallyTeam;
  readonly signal?: AbortSignal;
  /** Bytes taken so far, and about how many distinct keys were found. */
  readonly onProgress?: (bytes: number, distinct: number) => void;
}

export interface Tallied {
  readonly bytes: number;
  readonly result: TallyResult;
}

/** A longer text is cut, so that threads share it. */
const LONGEST_PART = 1 << 18;

export async function tallyTexts(
  texts: AsyncIterable<Uint8Array>,
  task: TallyTask,
  { team, signal, onProgress }: TallyOptions,
): Promise<Tallied> {
  const breathe = breather(signal);
  const tally = tallyOf(task);
  let bytes = 0;
  team?.begin(task);
  for await (const text of texts) {
    for (const part of partsOf(text)) {
      if (team?.take(part) !== true) tally.add(part);
      bytes += part.length;
      if (await breathe()) onProgress?.(bytes, tally.size);
    }
  }
  signal?.throwIfAborted(); // sources end quietly
  const others = (await team?.finish()) ?? [];
  const result = sumOf([tally.result(), ...others]);
  onProgress?.(bytes, result instanceof Uint32Array ? 0 : result.counts.length);
  return { bytes, result };
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
const DELETE = 0x7f;

/** Cuts where a line ends and the next begins with a visible ASCII character: no pretoken or run goes across. */
function* partsOf(text: Uint8Array): Generator<Uint8Array> {
  let start = 0;
  for (let end = LONGEST_PART; end < text.length; end++) {
    if (text[end - 1] !== NEWLINE || text[end] <= SPACE || text[end] >= DELETE) continue;
    yield text.subarray(start, end);
    start = end;
    end += LONGEST_PART;
  }
  yield start === 0 ? text : text.subarray(start);
}
