/** Going back to an earlier snapshot: one rename, as a night is published. The next night is made from it. */
import { badInput } from '../../crawlers/shell/errors.ts';
import { makeCurrent, showViews } from './publish.ts';
import { currentSnapshot, nightBefore, type Snapshot, snapshotNamed } from './read.ts';
import { findCurrent } from './work.ts';

/**
 * Makes an earlier snapshot the current one; `name`: the night before where none is given. What was published since stays
 * until retention. The folder of the run is held.
 * @throws ToolkitError NO_SNAPSHOT, BAD_SNAPSHOT (exit 2), WRITE_FAILED
 */
export function rollBack(out: string, name?: string): Snapshot {
  findCurrent(out);
  const current = currentSnapshot(out);
  if (current === undefined) {
    throw badInput('NO_SNAPSHOT', `${out}: nothing was published here`, 'give the folder of `vua run`');
  }
  const target = name === undefined ? nightBefore(out, current) : snapshotNamed(out, name);
  if (target === undefined) {
    const fact = `${current.dir}: the night before it is not kept`;
    throw badInput('NO_SNAPSHOT', fact, 'see those that are with `vua snapshots`, and name one with --to');
  }
  makeCurrent(out, target.name);
  showViews(out);
  return target;
}
