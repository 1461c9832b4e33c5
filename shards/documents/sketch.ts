/**
 * The distribution of one figure in a few hundred counters. Sketches of shards, nights and folders add up to that of all
 * (DDSketch: Masson, Rim, Lee, VLDB 2019): a bin reaches to 1.1 times its lower edge, so a quantile is off by 5 % at most.
 */
const GROWTH = Math.log(1.1);
/** What is smaller counts as this: ratios have a step of one in a million, lengths none below one. */
const LEAST = 1e-6;
/** Of 0; what is below 0 mirrors what is above. */
const ZERO = Math.floor(Math.log(LEAST) / GROWTH) - 1;

const binOf = (value: number): number => {
  if (value === 0) return ZERO;
  const bin = Math.floor(Math.log(Math.max(Math.abs(value), LEAST)) / GROWTH);
  return value > 0 ? bin : 2 * ZERO - bin;
};

const middleOf = (bin: number): number => {
  if (bin === ZERO) return 0;
  return bin > ZERO ? Math.exp((bin + 0.5) * GROWTH) : -Math.exp((2 * ZERO - bin + 0.5) * GROWTH);
};

export interface SketchFigures {
  readonly count: number;
  readonly sum: number;
  readonly squares: number;
  readonly min: number;
  readonly max: number;
  /** Values by bin: bin `i` begins at 1.1^i; below that of 0 those of negative values, of -1.1^i farther down. */
  readonly bins: Readonly<Record<string, number>>;
}

export class Sketch {
  count = 0;
  sum = 0;
  squares = 0;
  min = Number.POSITIVE_INFINITY;
  max = Number.NEGATIVE_INFINITY;
  readonly bins = new Map<number, number>();

  static of({ bins, ...figures }: SketchFigures): Sketch {
    const sketch = Object.assign(new Sketch(), figures);
    for (const [bin, count] of Object.entries(bins)) sketch.bins.set(Number(bin), count);
    return sketch;
  }

  add(value: number): void {
    this.count++;
    this.sum += value;
    this.squares += value * value;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    const bin = binOf(value);
    this.bins.set(bin, (this.bins.get(bin) ?? 0) + 1);
  }

  merge(other: Sketch): void {
    this.count += other.count;
    this.sum += other.sum;
    this.squares += other.squares;
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
    for (const [bin, count] of other.bins) this.bins.set(bin, (this.bins.get(bin) ?? 0) + count);
  }

  /** NaN of nothing, as `deviation` and `quantile`. */
  get mean(): number {
    return this.sum / this.count;
  }

  /** Standard deviation. */
  get deviation(): number {
    return this.count === 0 ? Number.NaN : Math.sqrt(Math.max(0, this.squares / this.count - this.mean ** 2));
  }

  /** @param share 0…1 */
  quantile(share: number): number {
    let left = share * (this.count - 1);
    for (const [bin, count] of [...this.bins].sort(([a], [b]) => a - b)) {
      left -= count;
      if (left >= 0) continue;
      return Math.min(this.max, Math.max(this.min, middleOf(bin)));
    }
    return this.count === 0 ? Number.NaN : this.max;
  }

  /** How many of the middle nine tenths lie in each part of their range: `cells` of them or one a bin, growing as bins do. */
  shape(cells: number): number[] {
    const [low, high] = [0.05, 0.95].map((share) => binOf(this.quantile(share)));
    const bins = high - low + 1;
    const counts = Array.from({ length: Math.min(cells, bins || 0) }, () => 0);
    for (const [bin, count] of this.bins) {
      if (bin >= low && bin <= high) counts[Math.floor(((bin - low) * counts.length) / bins)] += count;
    }
    return counts;
  }

  toJSON(): SketchFigures {
    const { count, sum, squares, min, max } = this;
    const bins = Object.fromEntries([...this.bins].sort(([a], [b]) => a - b));
    return { count, sum, squares, min: count ? min : 0, max: count ? max : 0, bins };
  }
}

/**
 * How far two distributions are apart: the population stability index over bins, Σ (a − b) ln(a / b); 0.1 is little, 0.25 is
 * much. Empty bins count as half a value.
 */
export function stability(a: Sketch, b: Sketch): number {
  if (a.count === 0 || b.count === 0) return a.count === b.count ? 0 : Number.POSITIVE_INFINITY;
  const wide = (sketch: Sketch): Map<number, number> => {
    const bins = new Map<number, number>();
    for (const [bin, count] of sketch.bins) {
      const at = bin === ZERO ? ZERO : Math.floor(bin / 7); // to twice the lower edge: few values fill few bins
      bins.set(at, (bins.get(at) ?? 0) + count);
    }
    return bins;
  };
  const [ofA, ofB] = [wide(a), wide(b)];
  let index = 0;
  for (const bin of new Set([...ofA.keys(), ...ofB.keys()])) {
    const left = (ofA.get(bin) ?? 0.5) / a.count;
    const right = (ofB.get(bin) ?? 0.5) / b.count;
    index += (left - right) * Math.log(left / right);
  }
  return index;
}
