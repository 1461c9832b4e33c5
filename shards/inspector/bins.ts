/** Histograms whose edges are round numbers, and the same for every selection of a table. */

export interface Histogram {
  readonly measurement: string;
  readonly isLog: boolean;
  /** One more than there are bins; a bin holds its lower edge, the last one its upper edge too. */
  readonly edges: readonly number[];
  /** Rows of the table in each bin, and of the selection. */
  readonly all: readonly number[];
  readonly selected: readonly number[];
  /** Rows of the selection that have the figure. */
  readonly count: number;
  readonly min: number | null;
  readonly max: number | null;
  readonly mean: number | null;
  readonly median: number | null;
}

/** About so many bins. */
const BINS = 32;
/** A distribution whose largest value is so many times its median is shown on a logarithmic axis. */
const LONG_TAIL = 30;

/** @param all rows that edges are taken from and counts in the background are of: a range of the table */
export function histogramOf(
  measurement: string,
  values: Float32Array,
  all: readonly [from: number, to: number],
  rows: Uint32Array,
): Histogram {
  const present = values
    .subarray(all[0], all[1])
    .filter((value) => !Number.isNaN(value))
    .sort();
  const { edges, isLog } = edgesOf(present);
  const bounds = Float32Array.from(edges); // as values are stored: what a filter between two edges finds is what the bin counts
  const binOf = (value: number): number => {
    let low = 0;
    for (let high = edges.length - 2; low < high; ) {
      const middle = (low + high + 1) >> 1;
      if (bounds[middle] <= value) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const ofAll = new Array<number>(Math.max(0, edges.length - 1)).fill(0);
  for (const value of present) ofAll[binOf(value)]++;
  const selected = new Array<number>(ofAll.length).fill(0);
  const chosen = new Float32Array(rows.length);
  let count = 0;
  let sum = 0;
  for (const row of rows) {
    const value = values[row];
    if (Number.isNaN(value)) continue;
    selected[binOf(value)]++;
    chosen[count++] = value;
    sum += value;
  }
  const sorted = chosen.subarray(0, count).sort();
  const facts = { min: sorted[0], max: sorted[count - 1], mean: sum / count, median: medianOf(sorted) };
  const stated = Object.fromEntries(
    Object.entries(facts).map(([name, value]) => [name, count === 0 ? null : value]),
  ) as Pick<Histogram, 'min' | 'max' | 'mean' | 'median'>;
  return { measurement, isLog, edges, all: ofAll, selected, count, ...stated };
}

const medianOf = (sorted: Float32Array): number => (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;

function edgesOf(sorted: Float32Array): { edges: number[]; isLog: boolean } {
  if (sorted.length === 0) return { edges: [], isLog: false };
  const [min, max] = [sorted[0], sorted[sorted.length - 1]];
  if (min === max) return { edges: [min, nextRound(min)], isLog: false };
  const median = medianOf(sorted);
  if (min >= 0 && max > 100 && max > LONG_TAIL * Math.max(median, 1)) return { edges: logEdges(max), isLog: true };
  const step = roundStep((max - min) / BINS);
  const first = Math.floor(min / step);
  const last = Math.max(first + 1, Math.ceil(max / step));
  return { edges: Array.from({ length: last - first + 1 }, (_, i) => round((first + i) * step)), isLog: false };
}

/** 0, 1, 2, 5, 10, 20, 50 … */
function logEdges(max: number): number[] {
  const edges = [0];
  for (let power = 1; edges.at(-1)! <= max; power *= 10) edges.push(power, 2 * power, 5 * power);
  return edges.slice(0, edges.findIndex((edge) => edge > max) + 1);
}

/** 1, 2 or 5 times a power of ten. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * ([1, 2, 5, 10].find((times) => times * power >= step * 0.999) ?? 10);
}

const round = (value: number): number => Number(value.toPrecision(12));
const nextRound = (value: number): number => (value === 0 ? 1 : value + Math.abs(value));
