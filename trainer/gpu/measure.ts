/**
 * How long GPU work takes: repeated in one submission until it fills `atLeastMs`, the best of some rounds, without
 * spinning while a CPU driver computes. The clock is the caller's: wall time for GPUs; on a shared machine a CPU driver
 * is better measured by the CPU time of its own threads (`driverClock` in bench/clock.ts).
 */
import type { Gpu } from './device.ts';

/** Milliseconds from some origin. */
export type Clock = () => number;
export const wallClock: Clock = () => performance.now();

export interface MeasureOptions {
  readonly clock?: Clock;
  readonly atLeastMs?: number;
  readonly rounds?: number;
}

/** Milliseconds of one run of what `encode` records into a pass. The first, compiling, run does not count. */
export async function measure(
  gpu: Gpu,
  encode: (pass: GPUComputePassEncoder) => void,
  { clock = wallClock, atLeastMs = 20, rounds = 3 }: MeasureOptions = {},
): Promise<number> {
  let best = 0;
  const run = async (times: number): Promise<number> => {
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (let i = 0; i < times; i++) encode(pass);
    pass.end();
    const commands = encoder.finish();
    const started = clock();
    gpu.device.queue.submit([commands]);
    const work = gpu.device.queue.onSubmittedWorkDone();
    const sleepMs = gpu.facts.kind === 'gpu' ? 0 : 0.8 * best * times;
    if (sleepMs > 2) await new Promise((resolve) => setTimeout(resolve, sleepMs));
    await work;
    return (clock() - started) / times;
  };
  await run(1);
  best = Math.max(1e-4, await run(1));
  for (let round = 0; round < rounds; round++) {
    const times = Math.min(2000, Math.max(1, Math.ceil(atLeastMs / best)));
    best = Math.max(1e-4, Math.min(best, await run(times)));
  }
  return best;
}
