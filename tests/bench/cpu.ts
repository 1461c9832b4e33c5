/** CPU time of this process: on a shared machine steadier than the clock on the wall. */

/** Seconds that `work` takes. */
export async function cpuSeconds(work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

/** The least of some rounds: what a neighbour takes away can only add to one. */
export async function leastCpuSeconds(rounds: number, work: () => unknown): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let n = 0; n < rounds; n++) least = Math.min(least, await cpuSeconds(work));
  return least;
}
