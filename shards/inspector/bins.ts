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

type Facts = Pick<Histogram, 'count' | 'min' | 'max' | 'mean' | 'median'>;
/** Of all rows: found once for a column. */
interface Shape {
  readonly edges: readonly number[];
  /** As values are stored: what a filter between two edges finds is what the bin counts. */
  readonly bounds: Float32Array;
  readonly isLog: boolean;
  readonly all: readonly number[];
  readonly facts: Facts;
}
const shapes = new WeakMap<Float32Array, Map<number, Shape>>();

/** @param all rows that edges are taken from and counts in the background are of: a range of the table */
export function histogramOf(
  measurement: string,
  values: Float32Array,
  all: readonly [from: number, to: number],
  rows: Uint32Array,
): Histogram {
  const known = shapes.get(values) ?? new Map<number, Shape>();
  shapes.set(values, known);
  const shape = known.get(all[0]) ?? shapeOf(values.subarray(...all));
  known.set(all[0], shape);
  const { edges, isLog, all: ofAll, facts } = shape;
  const isWhole = rows.length === all[1] - all[0];
  const selection = isWhole ? { selected: ofAll, ...facts } : selectedOf(shape, values, rows);
  return { measurement, isLog, edges, all: ofAll, ...selection };
}

function shapeOf(values: Float32Array): Shape {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const { edges, isLog } = edgesOf(sorted);
  const bounds = Float32Array.from(edges);
  const all = new Array<number>(Math.max(0, edges.length - 1)).fill(0);
  let sum = 0;
  for (const value of sorted) {
    all[binOf(bounds, value)]++;
    sum += value;
  }
  const count = sorted.length;
  const [min, max] = [sorted[0], sorted[count - 1]];
  const facts = count === 0 ? NOTHING : { count, min, max, mean: sum / count, median: medianOf(sorted) };
  return { edges, bounds, isLog, all, facts };
}

const NOTHING: Facts = { count: 0, min: null, max: null, mean: null, median: null };

function selectedOf({ bounds, all }: Shape, values: Float32Array, rows: Uint32Array): Facts & { selected: number[] } {
  const selected = new Array<number>(all.length).fill(0);
  let [count, sum, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const row of rows) {
    const value = values[row];
    if (Number.isNaN(value)) continue;
    selected[binOf(bounds, value)]++;
    count++;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (count === 0) return { selected, ...NOTHING };
  /** The value at a place of the order: those of its bin alone are sorted. */
  const at = (place: number): number => {
    let [bin, before] = [0, 0];
    for (; before + selected[bin] <= place; bin++) before += selected[bin];
    const inBin = new Float32Array(selected[bin]);
    let found = 0;
    for (const row of rows)
      if (!Number.isNaN(values[row]) && binOf(bounds, values[row]) === bin) inBin[found++] = values[row];
    return inBin.sort()[place - before];
  };
  const [low, high] = [(count - 1) >> 1, count >> 1];
  const middle = at(low);
  return { selected, count, min, max, mean: sum / count, median: (middle + (high === low ? middle : at(high))) / 2 };
}

/** The bin that holds a value: the last whose lower edge is not above it. */
function binOf(bounds: Float32Array, value: number): number {
  let low = 0;
  for (let high = bounds.length - 2; low < high; ) {
    const middle = (low + high + 1) >> 1;
    if (bounds[middle] <= value) low = middle;
    else high = middle - 1;
  }
  return low;
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
