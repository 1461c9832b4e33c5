/** The learning rate over the steps of a run. */
import { expect, it } from 'vitest';
import { learningRate } from '../../trainer/run/schedule.ts';

it('learning rate warms up, holds and decays to its floor', () => {
  const schedule = { steps: 100, peak: 1, warmupSteps: 10, decayShare: 0.5, floor: 0.1 };
  expect([1, 5, 10, 51, 76, 101].map((step) => learningRate(schedule, step))).toEqual([0.1, 0.5, 1, 1, 0.55, 0.1]);
});

it.each(['wsd', 'cosine'] as const)('%s: the last step still moves, and a run of one step trains', (kind) => {
  const schedule = { kind, peak: 1, decayShare: 0.5, floor: 0 };
  expect(learningRate({ ...schedule, steps: 100, warmupSteps: 10 }, 100)).toBeGreaterThan(0);
  expect(learningRate({ ...schedule, steps: 1, warmupSteps: 0 }, 1)).toBe(1);
});
