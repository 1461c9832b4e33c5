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
const shapes = new WeakMap<object, Map<string, Shape>>();

/**
 * @param table whose column it is
 * @param all rows that edges are taken from and counts in the background are of: a range of the table
 */
export function histogramOf(
  table: object,
  measurement: string,
  values: Float32Array,
  all: readonly [from: number, to: number],
  rows: Uint32Array,
): Histogram {
  const known = shapes.get(table) ?? new Map<string, Shape>();
  shapes.set(table, known);
  const key = `${measurement} ${all[0]}`;
  const shape = known.get(key) ?? shapeOf(values.subarray(...all));
  known.set(key, shape);
  const { edges, isLog, all: ofAll, facts } = shape;
  const isWhole = rows.length === all[1] - all[0];
  const selection = isWhole ? { selected: ofAll, ...facts } : selectedOf(shape, values, rows);
  return { measurement, isLog, edges, all: ofAll, ...selection };
}

function shapeOf(values: Float32Array): Shape {
  const facts = factsOf(values);
  const { edges, isLog } = edgesOf(facts);
  const bounds = Float32Array.from(edges);
  return { edges, bounds, isLog, all: countsOf(bounds, values), facts };
}

function selectedOf({ bounds }: Shape, values: Float32Array, rows: Uint32Array): Facts & { selected: number[] } {
  const chosen = new Float32Array(rows.length);
  for (let i = 0; i < rows.length; i++) chosen[i] = values[rows[i]];
  return { selected: countsOf(bounds, chosen), ...factsOf(chosen) };
}

const NOTHING: Facts = { count: 0, min: null, max: null, mean: null, median: null };

function factsOf(values: Float32Array): Facts {
  let [count, sum, min, max] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (Number.isNaN(value)) continue;
    count++;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (count === 0) return NOTHING;
  // -0 is 0.
  return { count, min: min + 0, max: max + 0, mean: sum / count, median: medianOf(values, count) + 0 };
}

/** Of `count` values that are numbers: by the upper half of their bits, then by the lower one. */
function medianOf(values: Float32Array, count: number): number {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const upper = new Uint32Array(1 << 16);
  let below = 0;
  for (let i = 0; i < bits.length; i++) {
    upper[inOrder(bits[i]) >>> 16]++;
    if (bits[i] > NEGATIVE_INFINITY) below++;
  }
  const at = (place: number): number => {
    const [high, before] = placeIn(upper, below + place);
    const lower = lowerHalves(bits, high);
    const [low] = placeIn(lower, below + place - before);
    const key = ((high << 16) | low) >>> 0;
    return new Float32Array(Uint32Array.of(key >= 0x80000000 ? key ^ 0x80000000 : ~key).buffer)[0];
  };
  const [low, high] = [(count - 1) >> 1, count >> 1];
  const middle = at(low);
  return (middle + (high === low ? middle : at(high))) / 2;
}

function lowerHalves(bits: Uint32Array, high: number): Uint32Array {
  const lower = new Uint32Array(1 << 16);
  for (let i = 0; i < bits.length; i++) {
    const key = inOrder(bits[i]);
    if (key >>> 16 === high) lower[key & 0xffff]++;
  }
  return lower;
}

/** Bits above it are of what is no number and has a sign: that stands before all numbers, without a sign behind them. */
const NEGATIVE_INFINITY = 0xff800000;
/** Bits of a number in single precision, so that they are in the order of the numbers. */
const inOrder = (bits: number): number => (bits >= 0x80000000 ? ~bits : bits ^ 0x80000000) >>> 0;

/** The bin that holds the value at a place of the order, and how many stand before that bin. */
function placeIn(counts: Uint32Array, place: number): [bin: number, before: number] {
  let [bin, before] = [0, 0];
  for (; before + counts[bin] <= place; bin++) before += counts[bin];
  return [bin, before];
}

function countsOf(bounds: Float32Array, values: Float32Array): number[] {
  const counts = new Array<number>(Math.max(0, bounds.length - 1)).fill(0);
  let bin = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (Number.isNaN(value)) continue;
    // What stands beside each other is often alike.
    if (!(value >= bounds[bin] && value < bounds[bin + 1])) bin = binOf(bounds, value);
    counts[bin]++;
  }
  return counts;
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

function edgesOf({ count, min, max, median }: Facts): { edges: number[]; isLog: boolean } {
  if (count === 0 || min === null || max === null) return { edges: [], isLog: false };
  if (min === max) return { edges: [min, nextRound(min)], isLog: false };
  if (min >= 0 && max > 100 && max > LONG_TAIL * Math.max(median ?? 0, 1)) return { edges: logEdges(max), isLog: true };
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
