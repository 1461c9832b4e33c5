/** A night that a gate held back, when somebody has looked at it. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { passOver as passOverPages } from '../../cleaning/clean.ts';
import { knownRecipe } from '../../cleaning/recipe.ts';
import { badInput } from '../../crawlers/shell/errors.ts';
import { syncFolder, writeFault } from '../../crawlers/shell/folder.ts';
import { holding } from '../../crawlers/shell/lock.ts';
import { formatCount } from '../../crawlers/shell/reporter.ts';
import type { Work } from '../../crawlers/shell/work.ts';
import { DocumentFolder } from '../documents/folder.ts';
import { manifestPath, readDocumentManifest } from '../manifest.ts';
import type { NightFacts } from '../snapshots/facts.ts';
import { beginNight, heldNight, releaseNight, workFolder } from '../snapshots/work.ts';
import { accept, type Held, passedOverPath } from './ask.ts';
import { writeHistory } from './history.ts';
import { NightLog } from './night-log.ts';
import type { NightSettings } from './settings.ts';

/** The line, for a night that goes on behind its gate. */
export interface Line {
  goOn(settings: NightSettings, log: NightLog, work: Work): Promise<number>;
  facts(settings: NightSettings): Promise<NightFacts>;
}

export function heldIn(out: string): { readonly held: Held; readonly isNext: boolean } | undefined {
  const record = heldNight(out);
  return record?.held === undefined ? undefined : { held: record.held as Held, isNext: record.isNext };
}

function needHeld(out: string) {
  const found = heldIn(out);
  if (found === undefined) throw badInput('NO_NIGHT_HELD', `${out}: no night is held there`, 'vua run makes nights');
  return found;
}

/** The night goes on behind its gate: tokenizer, tokens, publishing; its model comes with the next run. */
export async function acceptNight(out: string, { goOn }: Line, work: Work): Promise<number> {
  return holding(out, [], async () => {
    const { held, isNext } = needHeld(out);
    if (!isNext)
      throw badInput(
        'NIGHT_OVERTAKEN',
        `${out}: another night was published since this one was held`,
        'the next `vua run` takes its pages again, beside what is new; `--gate NAME=NUMBER` lets them through',
      );
    const log = new NightLog(work.report);
    releaseNight(out);
    accept(out);
    writeHistory(out, { event: 'accepted', time: log.begun.toISOString(), run: held.run });
    return goOn({ ...held.settings, out, until: 'tokens' }, log, work);
  });
}

/** The night goes, and its pages are known from now on. What they said of consent, of rules, of absence is heard again. */
export async function rejectNight(out: string, { facts }: Line, work: Work): Promise<number> {
  return holding(out, [], async () => {
    const { held } = needHeld(out);
    const from = join(out, 'held', 'documents');
    const { recipe } = readDocumentManifest(from);
    // A night that was killed meanwhile may know the same pages: it begins anew.
    rmSync(workFolder(out), { recursive: true, force: true });
    const night = join(beginNight(out, await facts({ ...held.settings, out })), 'documents');
    DocumentFolder.open(night, knownRecipe(recipe, manifestPath(from))).close();
    const [memory, before] = [from, night].map((dir) => join(dir, 'dedup.sqlite'));
    const pages = passOver(passedOverPath(out), memory, before);
    writeHistory(out, { event: 'rejected', time: new Date().toISOString(), run: held.run });
    rmSync(join(out, 'held'), { recursive: true, force: true });
    syncFolder(out);
    const said = `${formatCount(pages)} pages of the night of ${held.since} are passed over from now on`;
    work.report.result(said, { event: 'rejected', out, pages, run: held.run });
    return 0;
  });
}

function passOver(path: string, memory: string, before: string): number {
  try {
    return passOverPages(path, memory, before);
  } catch (error) {
    throw writeFault(path, error) ?? error;
  }
}
