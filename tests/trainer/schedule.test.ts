/** The learning rate over the steps of a run. */
import { expect, it } from 'vitest';
import { constantUntil, learningRate, ratesAt } from '../../trainer/run/schedule.ts';

it('learning rate warms up, holds and decays to its floor', () => {
  const schedule = { steps: 100, peak: 1, warmupSteps: 10, decayShare: 0.5, floor: 0.1 };
  expect([1, 5, 10, 51, 76, 101].map((step) => learningRate(schedule, step))).toEqual([0.1, 0.5, 1, 1, 0.55, 0.1]);
});

it.each(['wsd', 'cosine'] as const)('%s: the last step still moves, and a run of one step trains', (kind) => {
  const schedule = { kind, peak: 1, decayShare: 0.5, floor: 0 };
  expect(learningRate({ ...schedule, steps: 100, warmupSteps: 10 }, 100)).toBeGreaterThan(0);
  expect(learningRate({ ...schedule, steps: 1, warmupSteps: 0 }, 1)).toBe(1);
});

it('momentum grows from 0.85 and shrinks to it, decay may follow the rate, the average forgets the first weights', () => {
  const schedule = { steps: 100, peak: 2, warmupSteps: 0, decayShare: 0.5, floor: 0 };
  expect([1, 50, 100].map((step) => ratesAt(schedule, step))).toEqual(
    [1, 50, 100].map(() => ({ momentum: 0.95, decay: 1, keeps: 0 })),
  );
  const moving = { ...schedule, momentum: 0.95, momentumWarmup: 10, momentumCooldown: 20 };
  const momenta = [1, 6, 11, 50, 80, 90, 100].map((step) => ratesAt(moving, step).momentum!.toFixed(3));
  expect(momenta).toEqual(['0.850', '0.900', '0.950', '0.950', '0.950', '0.900', '0.850']);
  const falling = { ...schedule, decaySchedule: 'rate' as const };
  for (const step of [20, 75, 100]) expect(ratesAt(falling, step).decay).toBe(learningRate(schedule, step) / 2);
  expect([1, 2, 11, 10_000].map((step) => ratesAt({ ...schedule, ema: 0.9 }, step).keeps)).toEqual([
    0,
    1 / 11,
    0.5,
    0.9,
  ]);
  expect([constantUntil(schedule), constantUntil({ ...moving, momentumCooldown: 60 })]).toEqual([50, 40]);
});
