import { expect, it } from 'vitest';
import { learningRate } from '../../trainer/schedule.ts';

it('learning rate warms up, holds and decays to its floor', () => {
  const schedule = { steps: 100, peak: 1, warmupSteps: 10, decayShare: 0.5, floor: 0.1 };
  expect([1, 5, 10, 50, 75, 100].map((step) => learningRate(schedule, step))).toEqual([0.1, 0.5, 1, 1, 0.55, 0.1]);
});
