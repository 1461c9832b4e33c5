/** Which tasks a score has: a suite that makes its own questions, and what the user brings. */
import { checksumOf } from '../../shards/checksum.ts';
import type { TokenFolder } from '../../shards/tokens/source.ts';
import type { Suite, VmluScorer } from '../tasks/names.ts';
import type { Task } from '../tasks/task.ts';
import { viblimpTask } from '../tasks/viblimp/task.ts';
import { vmluTask } from '../tasks/vmlu.ts';
import { readVmlu } from '../tasks/vmlu-items.ts';

export interface SuiteOptions {
  readonly suite: Suite;
  /** File or folder of items in the format of VMLU. */
  readonly vmlu?: string;
  readonly scorers: readonly VmluScorer[];
  readonly shots: number;
  /** Questions of a task, at most; 0: all. */
  readonly limit: number;
  readonly seed: number;
}

const hashOf = (text: string): string => checksumOf(new TextEncoder().encode(text));

export async function tasksOf(options: SuiteOptions, _folder: TokenFolder | undefined, _out: string) {
  const { suite, vmlu, scorers, shots, seed } = options;
  const limit = options.limit || undefined;
  const tasks: Task[] = [];
  const left: string[] = [];
  if (suite !== 'none') tasks.push(viblimpTask({ seed, limit: limit ?? (suite === 'small' ? 60 : undefined) }, hashOf));
  if (vmlu !== undefined) {
    const data = readVmlu(vmlu, shots);
    for (const scorer of scorers) tasks.push(vmluTask(data, { scorer, shots, limit }));
  }
  return { tasks, left };
}
