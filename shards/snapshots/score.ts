/** Scorers over a folder of documents, or over a run: what they say is in its next snapshot. */
import { holding } from '../../crawlers/shell/lock.ts';
import { type Outcome, unattended } from '../../crawlers/shell/work.ts';
import { type Applied, applyScorers } from '../documents/score.ts';
import { findFolders } from '../manifest.ts';
import type { NightFacts } from './facts.ts';
import { foldersIn } from './publish.ts';
import { beginNight, publishNight, workFolder } from './work.ts';

export interface Scored extends Applied {
  /** Of a run: the current snapshot; none while it waits for its tokens, which the next night makes. */
  readonly current?: string;
  /** Of a run: where the documents wait for that. */
  readonly waits?: string;
}

/** @throws ToolkitError NO_MANIFEST (exit 2), FOLDER_LOCKED (exit 75), those of `applyScorers` and of publishing */
export async function scoreFolder(
  dir: string,
  files: readonly string[],
  facts: NightFacts,
  work = unattended(),
): Promise<Outcome<Scored>> {
  if (findFolders(dir).documents === dir) return applyScorers(dir, files, work);
  return holding(dir, [], async () => {
    beginNight(dir, facts);
    const done = await applyScorers(foldersIn(workFolder(dir)).documents, files, work);
    if (done.outcome !== 'written') return done;
    const { snapshot, isNew, waits } = publishNight(dir, facts);
    return { ...done, report: { ...done.report, ...(isNew && { current: snapshot?.name }), waits } };
  });
}
