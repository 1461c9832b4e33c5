/** Learning rate by step: linear warm-up, constant, then linear decay to `floor` (WSD, Hu et al. 2024; nanochat). */
export interface Schedule {
  readonly steps: number;
  readonly peak: number;
  readonly warmupSteps: number;
  /** Last part of the run that decays: 0…1. */
  readonly decayShare: number;
  /** Share of the peak that is left at the end. */
  readonly floor: number;
}

/** `step` counts from 1. */
export function learningRate({ steps, peak, warmupSteps, decayShare, floor }: Schedule, step: number): number {
  const warmup = Math.min(1, step / Math.max(1, warmupSteps));
  const left = (steps - step) / Math.max(1, steps * decayShare);
  return peak * warmup * (left >= 1 ? 1 : floor + (1 - floor) * Math.max(0, left));
}
