/**
 * Rows of several folders in fixed proportion. Weights become whole parts of a period of 4096 rows, which smooth weighted
 * round robin lays out as evenly as can be, so that any stretch of rows is within one row of its share, and which row of
 * which folder comes n-th is arithmetic: no state.
 *
 *   weights 3 : 1   →   │a a b a│a a b a│ …        row 6 is the b of the second period: b's row 1
 */
import { badInput } from '../../crawlers/shell/errors.ts';

const PERIOD = 4096;

export class Mixture {
  /** Parts of the period for each folder: the weights as they are kept. */
  readonly #parts: readonly number[];
  readonly #period: number;
  /** For each row of the period its folder, and the folder's rows before it in the period. */
  readonly #folders: Uint16Array;
  readonly #before: Uint16Array;

  /** @throws ToolkitError BAD_WEIGHTS (exit 2): not positive, or too small to be kept */
  constructor(weights: readonly number[]) {
    this.#parts = weights.length === 1 ? [1] : partsOf(weights);
    this.#period = sum(this.#parts);
    this.#folders = new Uint16Array(this.#period);
    this.#before = new Uint16Array(this.#period);
    const credit = this.#parts.map(() => 0);
    const given = this.#parts.map(() => 0);
    for (let row = 0; row < this.#period; row++) {
      for (const [folder, part] of this.#parts.entries()) credit[folder] += part;
      const chosen = credit.indexOf(Math.max(...credit));
      credit[chosen] -= this.#period;
      this.#folders[row] = chosen;
      this.#before[row] = given[chosen]++;
    }
  }

  /** Folder of the row that comes after `row` others, and how many rows of that folder came before it. */
  at(row: number): { folder: number; before: number } {
    const inPeriod = row % this.#period;
    const folder = this.#folders[inPeriod];
    return { folder, before: Math.floor(row / this.#period) * this.#parts[folder] + this.#before[inPeriod] };
  }

  /** Rows of each folder among the first `rows`. */
  counts(rows: number): number[] {
    const counts = this.#parts.map((part) => Math.floor(rows / this.#period) * part);
    for (let row = 0; row < rows % this.#period; row++) counts[this.#folders[row]]++;
    return counts;
  }
}

/** Largest remainder: whole parts of PERIOD that add up. */
function partsOf(weights: readonly number[]): number[] {
  const total = sum(weights);
  const exact = weights.map((weight) => (PERIOD * weight) / total);
  const parts = exact.map(Math.floor);
  const byRemainder = exact.map((value, i) => [value - parts[i], i]).sort(([a, i], [b, j]) => b - a || i - j);
  for (const [, i] of byRemainder.slice(0, PERIOD - sum(parts))) parts[i]++;
  const lost = weights.findIndex((weight, i) => !(weight > 0) || parts[i] === 0);
  if (lost >= 0 || !Number.isFinite(total)) {
    throw badInput(
      'BAD_WEIGHTS',
      `weights ${weights.join(', ')}: expected positive numbers, each at least 1/${PERIOD} of their sum`,
    );
  }
  return parts;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
