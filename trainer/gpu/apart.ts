/** Work in a process of its own, which may crash or hang without harm: probes, peers, the stages of a stay on a GPU. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, extname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How this Node was started: where its system is another one, by that one's loader, which `execPath` then names. */
export function nodeCommand(): string[] {
  if (!basename(process.execPath).startsWith('ld-')) return [process.execPath, ...process.execArgv];
  const words = readFileSync('/proc/self/cmdline', 'utf8').split('\0');
  return [...words.slice(0, words.indexOf(process.argv0) + 1), ...process.execArgv];
}

/** This program's command line, also where another program has imported it. */
export const vuaCommand = (): string[] => [
  ...nodeCommand(),
  fileURLToPath(new URL(`../../main${extname(import.meta.url)}`, import.meta.url)),
];

export interface Ended {
  /** Undefined after exit status 0; else status or signal, and the last lines of stderr. */
  readonly fault?: string;
}

export interface ApartOptions {
  readonly timeoutMs: number;
  /** Longest time without a line: a driver that hangs says nothing. */
  readonly quietMs?: number;
  /** Ends the process. */
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
  /** What the process says on stderr, as it comes. */
  readonly onSaid?: (text: string) => void;
}

/** Runs a command to its end or its time, or to the end of this process. */
export function runApart(command: readonly string[], options: ApartOptions): Promise<Ended> {
  const { timeoutMs, quietMs = timeoutMs, signal: abort, onLine, onSaid } = options;
  return new Promise((resolve) => {
    const [file, ...given] = command;
    const child = spawn(file, given, { stdio: ['ignore', 'pipe', 'pipe'] });
    const endToo = (): boolean => child.kill('SIGKILL');
    process.on('exit', endToo);
    abort?.addEventListener('abort', endToo);
    if (abort?.aborted) endToo();
    let [rest, said, stopped] = ['', '', ''];
    const stopAfter = (ms: number, why: string) =>
      setTimeout(() => {
        stopped ||= `stopped after ${ms / 1000} s${why}`;
        child.kill('SIGKILL');
      }, ms);
    const limit = stopAfter(timeoutMs, '');
    const quiet = stopAfter(quietMs, quietMs < timeoutMs ? ' without a word' : '');
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      quiet.refresh();
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) onLine?.(line);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-2000);
      onSaid?.(text);
    });
    const end = (fault?: string): void => {
      clearTimeout(limit);
      clearTimeout(quiet);
      process.off('exit', endToo);
      abort?.removeEventListener('abort', endToo);
      resolve(fault === undefined ? {} : { fault });
    };
    child.on('error', ({ message }) => end(message));
    child.on('close', (status, signal) => {
      if (status === 0) return end();
      const how = stopped || (signal ?? `status ${status}`);
      end([how, ...said.trim().split('\n').slice(-4)].filter(Boolean).join(' | '));
    });
  });
}
