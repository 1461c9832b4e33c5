/**
 * A night as those who run it want it: it waits for a busy folder, keeps a line of history, shows metrics, and tells who
 * asked when it fails. `nightly.ts` is the night itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { FAILED, INTERRUPTED, NOTHING_NEW } from '../../crawlers/shell/command.ts';
import { reasonOf, ToolkitError } from '../../crawlers/shell/errors.ts';
import { writeFault, writeFileAtomic } from '../../crawlers/shell/folder.ts';
import type { Work } from '../../crawlers/shell/work.ts';
import type { NightLine } from './history.ts';
import { NightLog } from './night-log.ts';
import type { NightSettings } from './settings.ts';

/** Between two looks at a busy folder. */
const LOOK_MS = 1000;
/** Endings of which nobody is told: all is well, nothing to do, faults in inputs that it named, a stop. */
const QUIET = [0, 5, NOTHING_NEW, INTERRUPTED];

/**
 * Works through a night in the folder of a run, which it holds.
 * @returns the exit status
 * @throws whatever `night` throws; ToolkitError FOLDER_LOCKED (exit 75)
 */
export async function attend(
  settings: NightSettings,
  work: Work,
  night: (log: NightLog, work: Work) => Promise<number>,
): Promise<number> {
  const log = new NightLog(work.report);
  const heard = { ...work, report: log.listening(work.report) };
  let isHolding = false;
  try {
    const status = await holdingPatiently(settings, heard, async () => {
      isHolding = true;
      const server = await openMetrics(settings, log);
      try {
        return await night(log, heard);
      } finally {
        server?.close();
      }
    });
    await afterwards(settings, log, status, work, isHolding);
    return status;
  } catch (error) {
    const { code, message } = error instanceof ToolkitError ? error : { code: 'UNEXPECTED', message: reasonOf(error) };
    const own = error instanceof ToolkitError ? error.exitStatus : FAILED;
    const status = work.signal.aborted ? INTERRUPTED : own;
    await afterwards(settings, log, status, work, isHolding, { code, message });
    throw error;
  }
}

/** Takes the folder of the run, after `--wait` minutes at last. */
async function holdingPatiently(
  { out, wait }: NightSettings,
  { signal, report }: Work,
  work: () => Promise<number>,
): Promise<number> {
  const { holding } = await import('../../crawlers/shell/lock.ts');
  const until = performance.now() + wait * 60_000;
  let isWaiting = false;
  for (;;) {
    let hasBegun = false;
    try {
      return await holding(out, [], () => {
        hasBegun = true;
        return work();
      });
    } catch (error) {
      const isBusy = error instanceof ToolkitError && error.code === 'FOLDER_LOCKED' && !hasBegun;
      if (!isBusy || signal.aborted || performance.now() > until) throw error;
      if (!isWaiting) report.note(`${error.message}; waits up to ${wait} minutes`);
      isWaiting = true;
      await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
    }
  }
}

async function openMetrics({ out, metricsPort }: NightSettings, log: NightLog) {
  if (metricsPort === undefined) return undefined;
  const { metricsText, serveMetrics } = await import('./metrics.ts');
  const { readHistory } = await import('./history.ts');
  const history = readHistory(out);
  return serveMetrics(metricsPort, () => metricsText(out, log, history));
}

/** History, metrics, hooks. What fails here is a note: the night has its own ending. */
async function afterwards(
  { out, metricsFile, onFailure, nothingNewStatus }: NightSettings,
  log: NightLog,
  status: number,
  { report }: Work,
  isHolding: boolean,
  error?: NightLine['error'],
): Promise<void> {
  const line = log.line(status, error);
  const trying = async (work: () => Promise<void> | void): Promise<void> => {
    try {
      await work();
    } catch (fault) {
      report.note(reasonOf(writeFault(out, fault) ?? fault));
    }
  };
  // A run that could not have the folder writes nothing of another's.
  if (isHolding) {
    const { readHistory, writeHistory } = await import('./history.ts');
    await trying(async () => {
      if (metricsFile === undefined) return;
      const { metricsText } = await import('./metrics.ts');
      writeFileAtomic(metricsFile, metricsText(out, log, readHistory(out), status));
    });
    await trying(() => writeHistory(out, line));
  }
  if (onFailure === undefined || [...QUIET, nothingNewStatus].includes(status)) return;
  const { failureOf, notify } = await import('./notify.ts');
  await trying(() => notify(onFailure, failureOf(out, line), report));
}
