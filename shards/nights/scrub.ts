/** Reads a part of the files back each night, so that in so many nights each has been read: rot is found while a copy is good. */
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { NOT_VERIFIED, NOTHING_NEW } from '../../crawlers/shell/command.ts';
import { reasonOf } from '../../crawlers/shell/errors.ts';
import { breather, type Work } from '../../crawlers/shell/work.ts';
import { createChecksum, hash64 } from '../checksum.ts';
import { currentSnapshot, VIEWS } from '../snapshots/read.ts';
import type { NightLog } from './night-log.ts';

export interface Scrubbed {
  readonly files: number;
  readonly bytes: number;
  /** `PATH: found, expected`. */
  readonly faults: readonly string[];
}

const SLICE_BYTES = 1 << 20;

/**
 * Files of the current snapshot whose turn it is.
 * @param nights in which each file is read once; 0: none
 * @param night number of this one: days since 1970
 */
export async function scrub(
  out: string,
  nights: number,
  { signal, report }: Work,
  night = Math.floor(Date.now() / 86_400_000),
): Promise<Scrubbed> {
  const snapshot = nights === 0 ? undefined : currentSnapshot(out);
  const all = snapshot
    ? VIEWS.flatMap((part) => snapshot.record.files[part].map((file) => ({ ...file, dir: snapshot[part] })))
    : [];
  const due = all.filter(({ file }) => Number(hash64(file) % BigInt(nights)) === night % nights);
  if (due.length === 0) return { files: 0, bytes: 0, faults: [] };
  const progress = report.stage(
    'verify',
    'bytes',
    due.reduce((sum, { bytes }) => sum + bytes, 0),
  );
  const breathe = breather(signal);
  const faults: string[] = [];
  let [files, bytes] = [0, 0];
  for (const { file, dir, bytes: size, checksum } of due) {
    if (signal.aborted) break;
    const path = join(dir, file);
    try {
      const found = await readBack(path, breathe);
      if (found.bytes !== size) faults.push(`${path}: ${found.bytes} bytes, expected ${size}`);
      else if (checksum !== undefined && found.checksum !== checksum)
        faults.push(`${path}: ${found.checksum}, expected ${checksum}`);
    } catch (error) {
      if (signal.aborted) break;
      faults.push(`${path}: ${reasonOf(error)}`);
    }
    files++;
    bytes += size;
    progress.update(bytes, { faults: faults.length });
  }
  progress.finish({ faults: faults.length });
  return { files, bytes, faults };
}

async function readBack(path: string, breathe: () => Promise<boolean>) {
  const file = openSync(path, 'r');
  try {
    const checksum = createChecksum();
    const slice = Buffer.alloc(SLICE_BYTES);
    let bytes = 0;
    for (;;) {
      const read = readSync(file, slice);
      if (read === 0) return { bytes, checksum: checksum.digest() };
      checksum.update(slice.subarray(0, read));
      bytes += read;
      await breathe();
    }
  } finally {
    closeSync(file);
  }
}

/** The same in a night: what was read stands in its line, damage is noted. @returns the exit status that it asks for */
export async function readBackNight(
  { out, verifyNights }: { readonly out: string; readonly verifyNights: number },
  log: NightLog,
  work: Work,
): Promise<number> {
  if (work.signal.aborted) return NOTHING_NEW;
  const { faults, ...read } = await scrub(out, verifyNights, work);
  if (read.files > 0) log.verified = { ...read, faults: faults.length };
  for (const fault of faults) work.report.note(`damaged: ${fault}; vua verify ${out} reads everything`);
  return faults.length > 0 ? NOT_VERIFIED : NOTHING_NEW;
}
