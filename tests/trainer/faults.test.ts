/** `vua train` when its disk fills or its tokens go away: what was reached is kept, what was lost is said. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkpointsIn, openCheckpoint, stepOf } from '../../trainer/record/checkpoint.ts';
import { startProgram } from '../program.ts';
import { temporaryFolder } from '../support.ts';
import { lendGpu } from './device.ts';
import { makeTokens } from './support.ts';

let tokens: string;
let takeBack: () => void;
beforeAll(async () => {
  takeBack = await lendGpu();
  tokens = await makeTokens();
});
afterAll(() => takeBack());

const SMALL = ['--depth', '1', '--width', '32', '--context', '16', '--batch', '2', '--adapter', 'embedded'];
const SELDOM = ['--evaluate-every', '100000', '--evaluate-tokens', '100000', '--steps', '100000'];
/** Trains until `when` holds, then does `what` and waits for the end. */
async function train(out: string, more: string[], when = () => false, what = () => {}) {
  const words = ['train', '--tokens', tokens, '--out', out, '--json', ...SMALL, ...SELDOM, ...more];
  const { ended } = startProgram(process.cwd(), words);
  const watch = setInterval(() => {
    if (!when()) return;
    clearInterval(watch);
    what();
  }, 5);
  const { status, stderr } = await ended.finally(() => clearInterval(watch));
  return { status, error: JSON.parse(stderr.trim().split('\n').at(-1)!) };
}

const stepsSaid = (out: string): number =>
  existsSync(join(out, 'curve.jsonl')) ? readFileSync(join(out, 'curve.jsonl'), 'utf8').split('\n').length - 2 : 0;

it('keeps the steps that were made when tokens go away', async () => {
  const out = join(temporaryFolder(), 'model');
  const spoil = (): void => {
    for (const name of readdirSync(tokens)) if (/^train.*arrow$/.test(name)) truncateSync(join(tokens, name), 100);
  };
  const { status, error } = await train(out, ['--checkpoint-every', '100000'], () => stepsSaid(out) > 3, spoil);
  expect(status).toBe(2);
  expect(error).toMatchObject({ event: 'error', code: 'BAD_SHARD' });
  const step = Number(/; the weights behind step (\d+) are kept/.exec(error.message)?.[1]);
  expect(step).toBeGreaterThan(3);
  expect(checkpointsIn(out).map(stepOf)).toEqual([step]);
  expect(openCheckpoint(out).state.step).toBe(step);
  expect(stepsSaid(out)).toBe(step);
  tokens = await makeTokens();
});

/** A disk of so many bytes at `dir`, where this machine lets us mount one. */
function mountDisk(dir: string, bytes: number): boolean {
  mkdirSync(dir);
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', dir]).status === 0;
}

it('refuses to begin where its checkpoints do not fit, and says what was lost when the disk fills', async (context) => {
  const disk = join(temporaryFolder(), 'disk');
  if (!mountDisk(disk, 1_000_000)) context.skip('no right to mount a tmpfs');
  try {
    const out = join(disk, 'model');
    const refused = await train(out, ['--keep', '100']);
    const { code, message } = refused.error;
    expect(refused.status).toBe(1);
    expect(code).toBe('WRITE_FAILED');
    expect(message).toMatch(/103 checkpoints of [\d.]+ kB need [\d.]+ MB, [\d.]+ [kM]B are free/);
    expect(existsSync(out)).toBe(false);

    const fill = (): void => {
      try {
        for (let i = 0; ; i++) writeFileSync(join(disk, `filler-${i}`), Buffer.alloc(4096));
      } catch {} // full
    };
    const more = ['--keep', '1', '--checkpoint-every', '20'];
    const { status, error } = await train(out, more, () => checkpointsIn(out).length > 0, fill);
    expect(status).toBe(1);
    expect(error).toMatchObject({ code: 'WRITE_FAILED', hint: expect.stringContaining('free some disk space') });
    expect(error.message).toMatch(/ENOSPC.*; steps \d+1 to \d+ are lost, .*step-\d+ stays$/);
    expect(readdirSync(out).filter((name) => name.includes('partial'))).toEqual([]);
    expect(openCheckpoint(out).damaged).toEqual([]);
  } finally {
    execFileSync('umount', [disk]);
  }
});
