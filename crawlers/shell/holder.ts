/** Who holds a folder, written beside its lock for people to read. No decision rests on it: pids are used again. */
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { printable } from './errors.ts';

/** Of the run that writes in the folder; runs that read it have one each, `vua.lock.reader-TOKEN`. */
export const HOLDER_FILE = 'vua.lock';
/** Other names that a lock takes in a folder, also those of the first version (`vua.lock.PID`). */
const BESIDE = /^vua\.lock\.(reader-|trial-|dead-|clock-|\d+$)/;

export interface Holder {
  readonly host: string;
  /** Of the machine's start; `undefined` where the system tells none, as `pidNamespace`. */
  readonly bootId: string | undefined;
  readonly pidNamespace: string | undefined;
  readonly pid: number;
  /** When the process began, and when it took the lock: ISO 8601. */
  readonly started: string;
  readonly since: string;
  readonly token: string;
  readonly command: string;
}

/** This process, with a new token. */
export const self = (): Holder => ({
  host: hostname(),
  bootId: told(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
  pidNamespace: pidNamespace(),
  pid: process.pid,
  started: new Date(Date.now() - process.uptime() * 1000).toISOString(),
  since: new Date().toISOString(),
  token: randomUUID(),
  command: ['vua', ...process.argv.slice(2)].join(' '),
});

const pidNamespace = (): string | undefined => told(() => readlinkSync('/proc/self/ns/pid'));

function told<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined; // not on this system
  }
}

export const readerFile = ({ token }: Holder): string => `${HOLDER_FILE}.reader-${token}`;

export const holderText = (holder: Holder): string => `${JSON.stringify(holder, null, 1)}\n`;

/** For people: a disk too full for it stops no run. */
export function writeHolder(path: string, holder: Holder): void {
  told(() => writeFileSync(path, holderText(holder)));
}

/** `undefined` when there is no such file, or another text (the first version wrote a pid alone). */
function readHolder(path: string): Partial<Holder> | undefined {
  return told(() => {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Partial<Holder>) : undefined;
  });
}

/** Files of runs that read a folder. */
export const readersOf = (dir: string): string[] =>
  (told(() => readdirSync(dir)) ?? []).filter((name) => name.startsWith(`${HOLDER_FILE}.reader-`));

/** Removes what is no lock and stands beside one. For who holds the folder alone. */
export function sweep(dir: string): void {
  for (const name of told(() => readdirSync(dir)) ?? []) {
    if (BESIDE.test(name)) rmSync(join(dir, name), { force: true });
  }
}

/** Of this system, and no process any more: it left its file and another holds the lock. */
function isGone({ host, bootId, pidNamespace: namespace, pid }: Partial<Holder>): boolean {
  const here = self();
  if (host !== here.host || bootId !== here.bootId || namespace !== here.pidNamespace || pid === undefined)
    return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** `a run with pid 12 on host a, vua crawl --out x, has written in it since …` */
export function describeHolder(dir: string, place: string): string {
  const written = readHolder(join(dir, HOLDER_FILE));
  const readers = written ? [] : readersOf(dir).map((name) => readHolder(join(dir, name)) ?? {});
  const reader = readers.find((each) => !isGone(each)) ?? readers[0];
  const { pid, host, since, command, pidNamespace: namespace } = written ?? reader ?? {};
  if (!Number.isInteger(pid)) return `another run works ${place}`;
  const apart = host === hostname() && namespace !== pidNamespace() ? ' of another PID namespace' : '';
  const what = command === undefined ? '' : ` (${printable(String(command)).slice(0, 200)})`;
  const does = written ? 'has written' : 'has been reading';
  return `a run with pid ${pid}${apart} on host ${printable(String(host))}${what} ${does} ${place} since ${printable(String(since))}`;
}
