/** Which questions stand in the training text: read once for all of them, and kept beside the scores. */
import { join } from 'node:path';
import { contaminationIndex, itemsInText } from '../../cleaning/benchmarks/contamination.ts';
import { readJsonIfPresent, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import type { Work } from '../../crawlers/shell/work.ts';
import { checksumOf } from '../../shards/checksum.ts';
import type { TokenFolder } from '../../shards/tokens/source.ts';
import type { Task } from '../tasks/task.ts';
import { textsIn } from '../tasks/texts.ts';

interface Seen {
  /** Of questions and tokens. */
  readonly of: string;
  readonly seen: readonly string[];
}

/** Names `TASK ID` of questions that the training split holds, by the rule of `vua clean --contamination`; none where there are no tokens. */
export async function seenIn(
  tasks: readonly Task[],
  folder: TokenFolder | undefined,
  out: string,
  { report, signal }: Work,
): Promise<ReadonlySet<string> | undefined> {
  if (folder === undefined) return undefined;
  const looked = new Map<string, string>();
  for (const { name, questions } of tasks)
    for (const { id, text } of questions) if (text !== '') looked.set(`${name} ${id}`, text);
  const of = checksumOf(new TextEncoder().encode(JSON.stringify([folder.fingerprint, [...looked]])));
  const path = join(out, 'seen.json');
  const known = readJsonIfPresent<Seen>(path);
  if (known?.of === of) return new Set(known.seen);
  const index = contaminationIndex([...looked].map(([id, whole]) => ({ id, whole })));
  const seen = new Set<string>();
  const all = folder.manifest.shards
    .filter(({ split }) => split === 'train')
    .reduce((sum, one) => sum + one.documents, 0);
  const progress = report.stage('look for questions', 'documents', all);
  let read = 0;
  for await (const { text } of textsIn(folder, 'train')) {
    if (signal.aborted) return undefined;
    for (const id of itemsInText(text, index)) seen.add(id);
    progress.update(++read);
  }
  progress.finish({ 'seen in training': seen.size });
  writeFileAtomic(path, `${JSON.stringify({ of, seen: [...seen] } satisfies Seen)}\n`);
  return seen;
}
