/** After a night: what was made before for looking into a run is made of its new shards too. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { reasonOf } from '../../crawlers/shell/errors.ts';
import type { Work } from '../../crawlers/shell/work.ts';
import { SEARCH } from '../side-files.ts';
import { openTrace, type ParseTokenizer } from './open-trace.ts';
import { openSearch } from './search.ts';

/** A night is published already: what fails here is said, and made when somebody searches. */
export async function refreshSideFiles(
  out: string,
  tokenizer: () => Promise<ParseTokenizer>,
  work: Work,
): Promise<void> {
  const dir = join(out, SEARCH);
  const names = existsSync(dir) ? readdirSync(dir) : [];
  const has = (ending: string): boolean => names.some((name) => name.endsWith(ending));
  try {
    if (has('.segment')) (await openSearch(out, work)).close();
    if (has('.samples')) (await openTrace(out, await tokenizer(), work)).close();
  } catch (error) {
    if (!work.signal.aborted) work.report.note(`${dir}: not brought up to this night: ${reasonOf(error)}`);
  }
}
