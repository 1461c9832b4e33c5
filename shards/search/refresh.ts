/** After a night: where somebody has searched a run, its new shards are made ready too. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { reasonOf } from '../../crawlers/shell/errors.ts';
import type { Work } from '../../crawlers/shell/work.ts';
import { SEARCH } from '../side-files.ts';
import { openSearch } from './search.ts';

/** The night is published already: what fails here is said, and made when somebody searches. */
export async function refreshSearch(out: string, work: Work): Promise<void> {
  const dir = join(out, SEARCH);
  if (!existsSync(dir) || !readdirSync(dir).some((name) => name.endsWith('.segment'))) return;
  try {
    (await openSearch(out, work)).close();
  } catch (error) {
    if (!work.signal.aborted) work.report.note(`${dir}: not brought up to this night: ${reasonOf(error)}`);
  }
}
