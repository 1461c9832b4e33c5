/**
 * The gates of a night, between cleaning and what is made of documents. What they say is kept in OUT/work until the night
 * is published, so that one that was stopped behind them, or released by hand, is judged by all that it read.
 *
 *   OUT/work/profile.json     of what was read since the last snapshot; whether the night was accepted by hand
 *   OUT/passed-over.sqlite    pages of rejected nights: no night reads them, whatever it begins with
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readJsonIfPresent, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import type { Reporter } from '../../crawlers/shell/reporter.ts';
import { Profile, type ProfileFigures } from '../documents/profile.ts';
import { currentSnapshot } from '../snapshots/read.ts';
import { holdNight, workFolder } from '../snapshots/work.ts';
import { figuresOf } from './figures.ts';
import { type Finding, findings, formatFinding, parseGates } from './gates.ts';
import { publishedNights, readHistory } from './history.ts';
import type { NightLog } from './night-log.ts';
import type { NightSettings } from './settings.ts';

/** What OUT/work/profile.json says. */
interface Unpublished {
  /** The snapshot that the night began with: of another one it says nothing. */
  readonly base: string | null;
  readonly profile: ProfileFigures;
  readonly isAccepted?: boolean;
}

/** What OUT/held/work.json says of a night under `held`. */
export interface Held {
  readonly run: string;
  readonly since: string;
  readonly findings: readonly Finding[];
  /** The run that goes on with it when it is accepted. */
  readonly settings: NightSettings;
}

const profilePath = (out: string): string => join(workFolder(out), 'profile.json');

export const passedOverPath = (out: string): string => join(out, 'passed-over.sqlite');

/** The list, where a night was rejected. */
export const passedOverIn = (out: string): string | undefined =>
  existsSync(passedOverPath(out)) ? passedOverPath(out) : undefined;

function readUnpublished(out: string): Unpublished | undefined {
  const known = readJsonIfPresent<Unpublished>(profilePath(out));
  return known?.base === baseOf(out) ? known : undefined;
}

const baseOf = (out: string): string | null => currentSnapshot(out)?.name ?? null;

function writeUnpublished(out: string, unpublished: Unpublished): void {
  writeFileAtomic(profilePath(out), JSON.stringify(unpublished));
}

/** The night that was released goes through the gates as it is. */
export function accept(out: string): void {
  const profile = readUnpublished(out)?.profile ?? new Profile().toJSON();
  writeUnpublished(out, { base: baseOf(out), profile, isAccepted: true });
}

/** Behind a publishing: the next night begins with nothing read. */
export const forgetProfile = (out: string): void => rmSync(profilePath(out), { force: true });

/** Before an interruption ends the run: what was read is judged by the next one. */
export function remember(out: string, read: Profile): Unpublished {
  const before = readUnpublished(out);
  const profile = before ? Profile.of(before.profile) : new Profile();
  profile.merge(read);
  const unpublished = { base: baseOf(out), profile: profile.toJSON(), isAccepted: before?.isAccepted };
  // A night that read nothing leaves nothing.
  if (read.documents + read.rejects > 0) writeUnpublished(out, unpublished);
  return unpublished;
}

/**
 * Whether the night may be published. One that may not moves to OUT/held, whole; the next one begins with the last
 * snapshot and takes its input again.
 * @throws ToolkitError BAD_THRESHOLD (exit 2), WRITE_FAILED
 */
export function passesGates(
  settings: NightSettings,
  { profile: read, pages }: { readonly profile: Profile; readonly pages: number },
  log: NightLog,
  report: Reporter,
): boolean {
  const { out } = settings;
  const moved = parseGates(settings.gate);
  const { profile, isAccepted } = remember(out, read);
  if (profile.documents + profile.rejects === 0) return true;
  log.figures = figuresOf(Profile.of(profile), pages);
  log.gates = findings(log.figures, publishedNights(readHistory(out)), moved);
  const closed = log.gates.filter(({ passes }) => !passes);
  if (closed.length === 0 || isAccepted) return true;
  log.isHeld = true;
  const { onFailure: _secret, ...kept } = settings; // addresses of hooks are for nobody who looks at a night
  const held: Held = { run: log.run, since: log.begun.toISOString(), findings: closed, settings: kept };
  holdNight(out, held);
  report.result(heldText(out, closed), { event: 'held', out, gates: closed });
  return false;
}

export const heldText = (out: string, closed: readonly Finding[]): string =>
  [
    `${out}/held: the documents of this night are kept there, unpublished:`,
    ...closed.map((finding) => `  ${formatFinding(finding)}`),
    `vua gate ${out} --accept publishes them, --reject passes their pages over from now on; else the next run takes them again`,
  ].join('\n');
