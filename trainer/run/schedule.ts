/**
 * Learning rate by step: linear warm-up, then
 *   wsd     constant, at the end a linear decay to `floor` (Hu et al. 2024; nanochat)
 *   cosine  half a cosine from the peak to `floor` (Loshchilov & Hutter 2017)
 */
import { MOMENTUM } from '../model/config.ts';
import type { StepRates } from '../model/trainer.ts';

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
  /** Muon's; it grows to this over the first steps of the run and shrinks over the last ones, from and to LOW_MOMENTUM. */
  readonly momentum?: number;
  readonly momentumWarmup?: number;
  readonly momentumCooldown?: number;
  readonly decaySchedule?: DecaySchedule;
  /** What an average of the weights keeps of itself each step, 0…1; 0: none is kept. */
  readonly ema?: number;
}

/** Weight decay beside the rate that it is multiplied with: as it is, or by the rate's share of its peak once more. */
export const DECAY_SCHEDULES = ['constant', 'rate'] as const;
export type DecaySchedule = (typeof DECAY_SCHEDULES)[number];

const LOW_MOMENTUM = 0.85;

/** What else a step has. The average forgets the first weights: early it keeps less of itself. */
export function ratesAt(schedule: Schedule, step: number): StepRates {
  const { steps, momentum = MOMENTUM, momentumWarmup = 0, momentumCooldown = 0, ema = 0, peak } = schedule;
  const low = Math.min(LOW_MOMENTUM, momentum);
  const height = Math.min(1, (step - 1) / Math.max(1, momentumWarmup), (steps - step) / Math.max(1, momentumCooldown));
  const isFlat = momentumWarmup === 0 && (momentumCooldown === 0 || steps - step >= momentumCooldown);
  return {
    momentum: isFlat ? momentum : low + (momentum - low) * height,
    decay: schedule.decaySchedule === 'rate' ? learningRate(schedule, step) / peak : 1,
    keeps: Math.min(ema, (step - 1) / (step + 9)),
  };
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
  momentumCooldown = 0,
}: Pick<Schedule, 'kind' | 'begin' | 'steps' | 'decayShare' | 'momentumCooldown'>): number {
  if (kind !== 'wsd') return 0;
  return Math.max(0, Math.min(Math.floor(steps - (steps - begin) * decayShare), steps - momentumCooldown));
}
