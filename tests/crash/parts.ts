/** The parts of `npm run crash`, each a list of cases that can be tried alone. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { crawlNights } from './crawl-nights.ts';
import { argumentsIn, copyOf, isWellSaid, night, recover, type Stage, said, setStage } from './night.ts';
import { failing } from './operations.ts';
import { keptOf, randomOf, rebuild } from './states.ts';
import { CHANGING, hasStrace, type Traced, trace, traceFault } from './trace.ts';

/**
 * `kill`: a kill before each operation, from the log. `signal`: the same by SIGKILL to a process, where names change.
 * `node`: each operation of Node failed. `sqlite`: each of SQLite. `power`: power cuts. `nights`: of a crawl.
 */
export const PARTS = ['kill', 'signal', 'node', 'sqlite', 'power', 'nights'] as const;
export type Part = (typeof PARTS)[number];
export const isPart = (name: string): name is Part => (PARTS as readonly string[]).includes(name);

export interface Case {
  readonly part: Part;
  /** Number of the operation, or the seed. */
  readonly at: number;
  readonly call?: string;
  readonly fault?: 'ENOSPC' | 'EIO';
}

const POWER_STATES = 5000;
const CRAWL_NIGHTS = 10_000;
/** Nights that follow one another in one folder. */
const NIGHTS_A_SEED = 20;
export const NIGHTS_SHORT = 2;
const FAULTS = ['ENOSPC', 'EIO'] as const;

export interface Prepared extends Stage {
  readonly dir: string;
  /** What strace saw, where there is one. */
  readonly traced?: Traced;
  /** Operations of Node in an undisturbed night. */
  readonly count: number;
}

/** The stage in `dir`: made once, read by every process. */
export async function prepare(dir: string): Promise<Prepared> {
  const kept = join(dir, 'prepared');
  if (existsSync(kept)) return deserialize(readFileSync(kept)) as Prepared;
  const stage = await setStage(dir);
  const folder = copyOf(stage.before, join(dir, 'traced'));
  const traced = hasStrace()
    ? trace(argumentsIn(folder), join(folder, 'out'), join(stage.before, 'out'), dir)
    : undefined;
  const counted = copyOf(stage.before, join(dir, 'counted'));
  const count = await failing({}, () => night(counted));
  const prepared: Prepared = { ...stage, dir, traced, count };
  writeFileSync(kept, serialize(prepared));
  return prepared;
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);

export function casesOf(part: Part, { traced, count }: Prepared): Case[] {
  if (part === 'nights') return upTo(CRAWL_NIGHTS / NIGHTS_A_SEED).map((at) => ({ part, at }));
  if (part === 'node') return upTo(count).flatMap((at) => FAULTS.map((fault) => ({ part, at, fault })));
  if (traced === undefined) {
    console.log(`${part}: skipped, there is no strace here`);
    return [];
  }
  const { operations, calls } = traced;
  if (part === 'kill') return upTo(operations.length).map((at) => ({ part, at }));
  if (part === 'power') return upTo(POWER_STATES).map((at) => ({ part, at }));
  const of = (call: string): number[] => upTo(calls[call] ?? 0);
  if (part === 'sqlite') {
    const native = ['pwrite64', 'fsync', 'fdatasync', 'ftruncate', 'unlink'];
    return native.flatMap((call) => of(call).flatMap((at) => FAULTS.map((fault) => ({ part, at, call, fault }))));
  }
  // Writes are many and like each other: every one of them was cut in the log.
  return CHANGING.filter((call) => call !== 'write').flatMap((call) => of(call).map((at) => ({ part, at, call })));
}

/** Some cases of a part, drawn by a seed. */
export function sampleOf(part: Part, stage: Prepared, seed: number, count: number): Case[] {
  const [random, cases] = [randomOf(seed), casesOf(part, stage)];
  return Array.from({ length: count }, () => cases[Math.floor(random() * cases.length)]);
}

/** @returns what is wrong; empty when nothing is */
export async function tryCase(one: Case, stage: Prepared, own: string): Promise<string[]> {
  const { part, at, call, fault } = one;
  if (part === 'nights') return crawlNights(join(own, 'nights'), at, NIGHTS_A_SEED);
  const dir = join(own, 'case');
  const wrong: string[] = [];
  try {
    if (part === 'kill' || part === 'power') cut(dir, one, stage);
    else copyOf(stage.before, dir);
    if (part === 'node') {
      try {
        await failing({ at, code: fault }, () => night(dir));
      } catch (error) {
        if (!isWellSaid(error)) wrong.push(`it says ${said(error)}`);
      }
    } else if (part === 'signal' || part === 'sqlite') {
      const ended = await traceFault(argumentsIn(dir), own, { call: call!, at, fault: fault ?? 'KILL' });
      if (part === 'sqlite') wrong.push(...wrongHints(ended.said, ended.hit, dir));
    }
    return [...wrong, ...(await recover(dir, stage))];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function cut(dir: string, { part, at }: Case, { before, dir: made, traced }: Prepared): void {
  const { operations } = traced!;
  const random = randomOf(at);
  const count = part === 'kill' ? at - 1 : 1 + Math.floor(random() * operations.length);
  copyOf(join(before, 'in'), join(dir, 'in'));
  const kept = keptOf(operations, count, part === 'power' ? random : undefined);
  rebuild(join(before, 'out'), join(dir, 'out'), join(made, 'traced', 'out'), operations, kept);
}

/** What a process said of a fault in its own folder. */
function wrongHints(stderr: string, hit: string, dir: string): string[] {
  if (!hit.includes(dir)) return [];
  const errors = stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { event: string; code?: string; hint?: string; message?: string })
    .filter(({ event }) => event === 'error');
  return errors
    .filter(
      ({ code, hint = '' }) => !['WRITE_FAILED', 'UNWRITABLE_FOLDER'].includes(code!) || /\b(delet|remov)/i.test(hint),
    )
    .map(({ code, message, hint }) => `${hit.trim().slice(0, 120)}: it says ${code}: ${message} (${hint})`);
}
