/**
 * Learning rate by step: linear warm-up, then
 *   wsd     constant, at the end a linear decay to `floor` (Hu et al. 2024; nanochat)
 *   cosine  half a cosine from the peak to `floor` (Loshchilov & Hutter 2017)
 */
export const SCHEDULES = ['wsd', 'cosine'] as const;
export type ScheduleName = (typeof SCHEDULES)[number];

export interface Schedule {
  readonly kind?: ScheduleName;
  /** The last one. */
  readonly steps: number;
  /** Steps before those of this schedule; none where it is the whole run's. */
  readonly begin?: number;
  readonly peak: number;
  readonly warmupSteps: number;
  /** Last part of the run that decays under `wsd`: 0…1. */
  readonly decayShare: number;
  /** Share of the peak that is left behind the end. */
  readonly floor: number;
}

/** `at` is a step of the run, from 1. */
export function learningRate(schedule: Schedule, at: number): number {
  const { kind = 'wsd', begin = 0, peak, warmupSteps, decayShare, floor } = schedule;
  const [step, steps] = [at - begin, schedule.steps - begin];
  const warmup = Math.min(1, step / Math.max(1, warmupSteps));
  return peak * warmup * (floor + (1 - floor) * remaining());

  /** 1 at the peak, 0 one step behind the last: every step moves. */
  function remaining(): number {
    if (kind === 'cosine') {
      const progress = (step - 1 - warmupSteps) / Math.max(1, steps - warmupSteps);
      return 0.5 * (1 + Math.cos(Math.PI * Math.min(1, Math.max(0, progress))));
    }
    return Math.min(1, (steps - step + 1) / Math.max(1, steps * decayShare));
  }
}

/** The last step with the rate that it would have in a longer run too: `wsd` decays behind it. 0: there is none. */
export function constantUntil({
  kind = 'wsd',
  begin = 0,
  steps,
  decayShare,
}: Pick<Schedule, 'kind' | 'begin' | 'steps' | 'decayShare'>): number {
  return kind === 'wsd' ? Math.floor(steps - (steps - begin) * decayShare) : 0;
}
