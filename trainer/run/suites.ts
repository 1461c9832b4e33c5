/** Which tasks a score has: a suite that makes its own questions, and what the user brings. */
import { first53, hash64 } from '../../shards/checksum.ts';
import type { TokenFolder } from '../../shards/tokens/source.ts';
import { bitsTask } from '../tasks/bits.ts';
import { hashOf } from '../tasks/card.ts';
import { clozeTask } from '../tasks/cloze.ts';
import { diacriticsTask } from '../tasks/diacritics.ts';
import type { Suite, VmluScorer } from '../tasks/names.ts';
import { readingTask } from '../tasks/reading.ts';
import type { Task } from '../tasks/task.ts';
import { viblimpTask } from '../tasks/viblimp/task.ts';
import { vmluTask } from '../tasks/vmlu.ts';
import { readVmlu } from '../tasks/vmlu-items.ts';
import { readCorpus } from '../tasks/words.ts';

export interface SuiteOptions {
  readonly suite: Suite;
  /** File or folder of items in the format of VMLU. */
  readonly vmlu?: string;
  readonly scorers: readonly VmluScorer[];
  readonly shots: number;
  /** Files of reading sets: SQuAD's or DROP's format. */
  readonly reading: readonly string[];
  /** Questions of a task, at most; 0: all. */
  readonly limit: number;
  readonly seed: number;
}

/** Questions of each kind that a suite makes; of minimal pairs those of each phenomenon. */
const SIZES = {
  small: { pairs: 40, sentences: 48, gaps: 200, documents: 24 },
  full: { pairs: undefined, sentences: 500, gaps: 2000, documents: 400 },
} as const;

/** @returns also why some could not be made */
export async function tasksOf(
  options: SuiteOptions,
  folder: TokenFolder | undefined,
): Promise<{ tasks: Task[]; left: string[] }> {
  const { suite, vmlu, scorers, shots, seed, reading } = options;
  const limit = options.limit || undefined;
  const tasks: Task[] = [];
  const left: string[] = [];
  if (suite !== 'none') {
    const { pairs, sentences, gaps, documents } = SIZES[suite];
    tasks.push(viblimpTask({ seed, limit: limit ?? pairs }, hashOf));
    if (folder === undefined) left.push('cloze, diacritics, bits per byte: no held-out text (--tokens)');
    else {
      const corpus = await readCorpus(folder);
      const sampled = [
        clozeTask(corpus, seed, sampler(limit ?? gaps, seed), hashOf),
        diacriticsTask(corpus, sampler(limit ?? sentences, seed), hashOf),
        bitsTask(corpus, sampler(limit ?? documents, seed), hashOf),
      ];
      for (const task of sampled as Task[]) {
        if (task.questions.length > 0) tasks.push(task);
        else left.push(`${task.name}: the held-out text of ${folder.where} makes no question`);
      }
    }
  }
  if (vmlu !== undefined) {
    const data = readVmlu(vmlu, shots);
    for (const scorer of scorers) tasks.push(vmluTask(data, { scorer, shots, limit }));
  }
  for (const file of reading) tasks.push(readingTask(file, limit));
  return { tasks, left };
}

/** So many of a list, drawn by hash, so that a larger draw holds a smaller one; in the order of the list. */
const sampler =
  (count: number, seed: number) =>
  <T>(list: readonly T[]): T[] => {
    const keys = list.map((one, i) => [first53(hash64(`${seed} ${JSON.stringify(one)}`)), i] as const);
    const chosen = new Set(
      keys
        .sort(([a], [b]) => a - b)
        .slice(0, count)
        .map(([, i]) => i),
    );
    return list.filter((_, i) => chosen.has(i));
  };
