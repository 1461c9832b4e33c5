/**
 * Work that a driver may crash or hang, in processes of its own. A child says every finding as one line of JSON, and
 * before each thing that may go wrong what it is `trying`; the parent keeps them in one file, whole at any time, which the
 * next child reads. What a child was at when it crashed stands under `crashed`, and the next one goes on without it.
 */
import { writeFileAtomic } from '../../crawlers/shell/folder.ts';
import { type ApartOptions, runApart } from './apart.ts';

export interface Findings {
  /** What the child is at. */
  trying?: string;
  /** What a child was at when it crashed or hung, and how. */
  crashed?: Record<string, string>;
}
export type Keep = (path: readonly string[], value: unknown) => void;

/** In the child. */
export const sayFinding: Keep = (path, value) => console.log(JSON.stringify({ path, value }));

/** In the parent: sets `path` in the findings and writes them to their file. */
export const keepIn =
  (file: string, findings: Findings): Keep =>
  (path, value) => {
    let at = findings as Record<string, unknown>;
    for (const key of path.slice(0, -1)) {
      at[key] ??= {};
      at = at[key] as Record<string, unknown>;
    }
    at[path.at(-1)!] = value;
    writeFileAtomic(file, `${JSON.stringify(findings, null, 1)}\n`);
  };

const MOST_CRASHES = 8;
/** A GPU's driver that says nothing for so long hangs. */
export const QUIET_MS = 120_000;

export interface LeavingOutOptions extends ApartOptions {
  readonly onFault: (fault: string, trying: string | undefined) => void;
}

/** Runs a command until one comes to its end, each without what crashed those before. @returns the last one's fault */
export async function runLeavingOut(
  command: readonly string[],
  findings: Findings,
  keep: Keep,
  { timeoutMs, onLine, onFault, ...options }: LeavingOutOptions,
): Promise<string | undefined> {
  const until = performance.now() + timeoutMs;
  let last: string | undefined = 'no time was left';
  for (let crashes = 0; crashes < MOST_CRASHES && performance.now() < until; crashes++) {
    if (findings.trying) keep(['trying'], '');
    const { fault } = await runApart(command, {
      ...options,
      timeoutMs: Math.round(until - performance.now()),
      onLine(line) {
        if (!line.startsWith('{"path":')) return onLine?.(line);
        const { path, value } = JSON.parse(line) as { path: string[]; value: unknown };
        keep(path, value);
      },
    });
    last = fault;
    if (fault === undefined || options.signal?.aborted) return fault;
    const { trying } = findings;
    onFault(fault, trying || undefined);
    if (!trying || performance.now() >= until) return fault;
    keep(['crashed', trying], fault);
  }
  return last;
}
