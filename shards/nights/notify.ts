/** Who hears of a night that failed: addresses and commands of `--on-failure`. */
import { spawn } from 'node:child_process';
import { hostname } from 'node:os';
import { EXIT_STATUSES } from '../../crawlers/shell/command.ts';
import { reasonOf } from '../../crawlers/shell/errors.ts';
import type { Reporter } from '../../crawlers/shell/reporter.ts';
import { formatFinding } from './gates.ts';
import type { NightLine } from './history.ts';

/** A hook that does not answer holds nothing up for longer. */
const PATIENCE_MS = 30_000;

export interface Failure {
  readonly event: 'run_failed';
  /** One sentence for people; chat services show this key. */
  readonly text: string;
  readonly out: string;
  readonly host: string;
  readonly time: string;
  readonly run: string;
  readonly version: string;
  readonly status: number;
  /** What the status says. */
  readonly says: string;
  readonly code?: string;
  readonly message?: string;
  /** Names of the gates that closed. */
  readonly gates: readonly string[];
  readonly findings: NightLine['gates'];
}

export function failureOf(out: string, { time, run, version, status, error, gates = [] }: NightLine): Failure {
  const says = EXIT_STATUSES.find(([known]) => known === status)?.[1] ?? 'ended';
  const closed = gates.filter(({ passes }) => !passes);
  const why = [...closed.map(formatFinding), ...(error ? [`${error.code}: ${error.message}`] : [])].join('; ');
  return {
    ...{ event: 'run_failed', text: `vua run of ${out} on ${hostname()}: ${says} (${status})${why && `: ${why}`}` },
    ...{ out, host: hostname(), time, run, version, status, says, ...error },
    ...{ gates: closed.map(({ gate }) => gate), findings: closed },
  };
}

/** Tells each hook at once; one that fails is a note, for the night has its own status. */
export async function notify(hooks: readonly string[], failure: Failure, { note }: Reporter): Promise<void> {
  await Promise.all(
    hooks.map(async (hook) => {
      try {
        await (/^https?:\/\//.test(hook) ? post(hook, failure) : execute(hook, failure));
      } catch (error) {
        const name = /^https?:/.test(hook) ? new URL(hook).host : hook; // its path may be a secret
        note(`--on-failure ${name}: ${reasonOf(error)}`);
      }
    }),
  );
}

async function post(url: string, failure: Failure): Promise<void> {
  const { ok, status } = await fetch(url, {
    ...{ method: 'POST', body: JSON.stringify(failure), headers: { 'content-type': 'application/json' } },
    ...{ redirect: 'error', signal: AbortSignal.timeout(PATIENCE_MS) },
  });
  if (!ok) throw new Error(`it answered ${status}`);
}

/** By the shell of the system: the failure as JSON on its stdin, the short of it in VUA_… */
async function execute(command: string, failure: Failure): Promise<void> {
  const { out, run, status, gates, code = '', text } = failure;
  const short = { VUA_OUT: out, VUA_RUN: run, VUA_STATUS: String(status), VUA_CODE: code, VUA_TEXT: text };
  const child = spawn(command, {
    ...{ shell: true, stdio: ['pipe', 'ignore', 'ignore'], timeout: PATIENCE_MS },
    env: { ...process.env, ...short, VUA_GATE: gates.join(' ') },
  });
  child.stdin!.on('error', () => {}); // a command that reads nothing
  child.stdin!.end(JSON.stringify(failure));
  const ending = await new Promise<string | undefined>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (ended, signal) => resolve(ended === 0 ? undefined : `it ended with ${signal ?? ended}`));
  });
  if (ending !== undefined) throw new Error(ending);
}
