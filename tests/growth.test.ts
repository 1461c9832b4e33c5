/** The measure of growth: linear work passes, quadratic work is caught, also where no core is free. */
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectLinear } from './growth.ts';

const letters = (n: number): string => 'a<'.repeat(n / 2);

/** Counts what opens a comment. */
function opened(text: string): number {
  let count = 0;
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at + 1)) if (text[at + 1] !== '!') count++;
  return count;
}

/** The same, and looks through the whole rest for the end of each. */
function openedAndSearched(text: string): number {
  let count = 0;
  for (let at = text.indexOf('<'); at >= 0; at = text.indexOf('<', at + 1)) if (text.indexOf('-->', at) < 0) count++;
  return count;
}

async function pairsOf(n: number): Promise<number> {
  let near = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) near += (i ^ j) & 1;
  return near;
}

const grows = /each doubling multiplies the cost: \d+ ms of CPU at \d+, \d+ ms at \d+: expected [3-5]\.\d+ to be less/;

it('sorting passes', () =>
  expectLinear(
    (n) => Float64Array.from({ length: n }, (_, i) => (i * 2654435761) % n),
    (values) => values.slice().sort(),
    { from: 10_000 },
  ));

it('a loop over pairs is caught, awaited', () =>
  expect(expectLinear((n) => n, pairsOf, { from: 1000 })).rejects.toThrow(grows));

it('work that does not depend on size has no growth to judge', () =>
  expect(expectLinear(String, (text) => text.length, { from: 1 })).rejects.toThrow('costs nothing'));

describe('while every core is busy', () => {
  const burning: ChildProcess[] = [];
  beforeAll(() => {
    for (let core = 0; core < availableParallelism(); core++)
      burning.push(spawn(process.execPath, ['-e', 'for (;;);']));
  });
  afterAll(() => {
    for (const child of burning) child.kill('SIGKILL');
  });

  it('linear work passes', () => expectLinear(letters, opened, { from: 100_000 }));
  it('a search to the end from every place is caught', () =>
    expect(expectLinear(letters, openedAndSearched, { from: 10_000 })).rejects.toThrow(grows));
});
