/** The clock of measurements in Node: see measure.ts. */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { AdapterFacts } from '../gpu/device.ts';
import { type Clock, wallClock } from '../gpu/measure.ts';

/**
 * For a driver that computes on the CPU, on Linux: CPU time of every thread but this one over the number of cores, which
 * is wall time on a machine with nothing else to do. Elsewhere wall time.
 */
export function driverClock({ kind }: AdapterFacts): { readonly clock: Clock; readonly name: string } {
  if (kind === 'gpu' || process.platform !== 'linux') return { clock: wallClock, name: 'wall time' };
  const cores = availableParallelism();
  return { clock: () => driverNanoseconds() / 1e6 / cores, name: `CPU time of the driver's threads / ${cores} cores` };
}

function driverNanoseconds(): number {
  let sum = 0;
  for (const thread of readdirSync('/proc/self/task')) {
    if (Number(thread) === process.pid) continue;
    try {
      sum += Number(readFileSync(`/proc/self/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch {} // a thread that has just ended
  }
  return sum;
}
