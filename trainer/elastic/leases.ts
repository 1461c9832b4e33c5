/**
 * Which rows of the sequence a worker trains in a round. The order of rows is a pure function of a row's number
 * (loader/row-sequence.ts), so a lease is two integers. Rows of a lease that nobody delivered go back and are leased again:
 * in the end every row was trained once.
 */

/** Rows `from` … `from + rows − 1`, in numbers of the run. */
export interface Stretch {
  readonly from: number;
  readonly rows: number;
}

export interface Lease extends Stretch {
  readonly worker: string;
}

/** What is still to be leased. */
export interface Pool {
  /** First row that was never leased. */
  readonly next: number;
  /** Leased once and not delivered, in the order of their rows. */
  readonly free: readonly Stretch[];
}

/** So many rows, those that came back first. @returns the stretches, and what is left */
export function take({ next, free }: Pool, rows: number): { taken: Stretch[]; pool: Pool } {
  const taken: Stretch[] = [];
  const rest = [...free];
  let wanted = rows;
  while (wanted > 0 && rest.length > 0) {
    const { from, rows: has } = rest.shift()!;
    taken.push({ from, rows: Math.min(has, wanted) });
    if (has > wanted) rest.unshift({ from: from + wanted, rows: has - wanted });
    wanted -= Math.min(has, wanted);
  }
  if (wanted > 0) taken.push({ from: next, rows: wanted });
  return { taken, pool: { next: next + wanted, free: rest } };
}

export const giveBack = ({ next, free }: Pool, back: readonly Stretch[]): Pool => ({
  next,
  free: [...free, ...back.map(({ from, rows }) => ({ from, rows }))].sort((a, b) => a.from - b.from),
});

/**
 * `units` shared by weight (largest remainders, at least one each while there are as many); the heavier come first where
 * there are not enough for all. In the order of the weights.
 */
export function share(units: number, weights: readonly number[]): number[] {
  const order = weights.map((_, i) => i).sort((a, b) => weights[b] - weights[a] || a - b);
  if (units <= weights.length) return weights.map((_, i) => (order.indexOf(i) < units ? 1 : 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const exact = weights.map((weight) => 1 + ((units - weights.length) * weight) / total);
  const shares = exact.map(Math.floor);
  const left = units - shares.reduce((sum, one) => sum + one, 0);
  const byRemainder = [...order].sort((a, b) => exact[b] - shares[b] - (exact[a] - shares[a]) || a - b);
  for (const i of byRemainder.slice(0, left)) shares[i]++;
  return shares;
}

/** A measured speed replaces the one that shares follow when it is another by this factor: equal machines stay equal. */
const OTHER_SPEED = 1.3;

/** Speeds that shares follow: as before while what was measured is about that. Of a worker not measured: the mean. */
export function speedsFor(
  workers: readonly string[],
  before: Readonly<Record<string, number>>,
  measured: Readonly<Record<string, number>>,
): Record<string, number> {
  const known = workers.filter((name) => measured[name] > 0);
  const mean = (of: Readonly<Record<string, number>>): number =>
    known.reduce((sum, name) => sum + (of[name] ?? 1), 0) / Math.max(1, known.length);
  const [wasMean, isMean] = [mean(before) || 1, mean(measured) || 1];
  const moved = known.some((name) => {
    const ratio = measured[name] / isMean / ((before[name] ?? 1) / wasMean);
    return ratio > OTHER_SPEED || ratio < 1 / OTHER_SPEED;
  });
  return Object.fromEntries(
    workers.map((name) => {
      const now = measured[name] > 0 ? measured[name] / isMean : 1;
      return [name, moved ? now : (before[name] ?? wasMean)];
    }),
  );
}
