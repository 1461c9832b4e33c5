/**
 * From examples to a head of a scorer (cleaning/quality/scorer.ts): weights of hashed grams, fitted by AdaGrad in the
 * order of a seed, kept from the epoch that held-out examples like best, then rounded to int8.
 */
import type { Register, ScoredMeasurement } from '../../cleaning/document.ts';
import { bucketsOf, figuresIn, type Head } from '../../cleaning/quality/scorer.ts';
import { seededRandom } from '../../shards/checksum.ts';

/** Weights of a measurement: 64 KiB. */
const BUCKETS = 1 << 16;
const EPOCHS = 40;
/** Epochs without a better one after which it ends. */
const PATIENCE = 4;
const RATE = 0.15;

/** A stretch of text and what it should come out as. */
export interface Example {
  readonly text: string;
  /** A figure, or the index of a kind. */
  readonly wanted: number;
  /** It is none of those that are learnt from. */
  readonly isHeldOut: boolean;
}

/** Grams by bucket. */
interface Sample {
  readonly buckets: Uint32Array;
  readonly wanted: number;
  readonly weight: number;
}

/** What is fitted: the gradient of the loss by each output, and the loss. */
type Loss = (
  outputs: readonly number[],
  sample: Sample,
) => { readonly gradient: readonly number[]; readonly loss: number };

export interface FittedFigure {
  readonly head: Head;
  readonly learnt: number;
  readonly heldOut: number;
  /** Between what held-out examples are and what the head says of them. */
  readonly pearson: number;
  readonly spearman: number;
}

/** A head that foresees a figure. */
export function fitFigure(measurement: ScoredMeasurement, examples: readonly Example[], seed: number): FittedFigure {
  const learnt = examples.filter(({ isHeldOut }) => !isHeldOut);
  const heldOut = examples.filter(({ isHeldOut }) => isHeldOut);
  const mean = meanOf(learnt.map(({ wanted }) => wanted));
  const spread = Math.sqrt(meanOf(learnt.map(({ wanted }) => (wanted - mean) ** 2))) || 1;
  const sampled = (all: readonly Example[]): Sample[] =>
    all.map(({ text, wanted }) => ({ buckets: bucketsOf(text, BUCKETS), wanted: (wanted - mean) / spread, weight: 1 }));
  const loss: Loss = ([output], { wanted }) => {
    // Huber: a stretch of tables or of another language must not pull the rest along.
    const error = output - wanted;
    const gradient = Math.max(-2, Math.min(2, error));
    return { gradient: [gradient], loss: gradient * (error - gradient / 2) };
  };
  const { bias, weights } = adaGrad(1, sampled(learnt), sampled(heldOut), loss, seed);
  const head = headOf(
    [measurement],
    'identity',
    [mean + spread * bias[0]],
    weights.map((weight) => spread * weight),
  );
  const found = heldOut.map(({ text }) => figuresIn(text, head)[0]);
  const wanted = heldOut.map((example) => example.wanted);
  return {
    ...{ head, learnt: learnt.length, heldOut: heldOut.length },
    pearson: correlation(wanted, found),
    spearman: correlation(ranksOf(wanted), ranksOf(found)),
  };
}

export interface FittedKinds {
  readonly head: Head;
  readonly learnt: number;
  readonly heldOut: number;
  /** Held-out examples whose likeliest kind is theirs; by kind F1. */
  readonly accuracy: number;
  readonly f1: Readonly<Record<string, number>>;
}

/** A head that tells kinds apart; each counts the same, however many examples it has. */
export function fitKinds(kinds: readonly Register[], examples: readonly Example[], seed: number): FittedKinds {
  const learnt = examples.filter(({ isHeldOut }) => !isHeldOut);
  const heldOut = examples.filter(({ isHeldOut }) => isHeldOut);
  const counts = kinds.map((_, kind) => learnt.filter(({ wanted }) => wanted === kind).length);
  const sampled = (all: readonly Example[]): Sample[] =>
    all.map(({ text, wanted }) => ({
      ...{ buckets: bucketsOf(text, BUCKETS), wanted },
      weight: learnt.length / (kinds.length * Math.max(1, counts[wanted])),
    }));
  const loss: Loss = (outputs, { wanted, weight }) => {
    const most = Math.max(...outputs);
    const parts = outputs.map((output) => Math.exp(output - most));
    const sum = parts.reduce((total, part) => total + part, 0);
    const gradient = parts.map((part, kind) => weight * (part / sum - Number(kind === wanted)));
    return { gradient, loss: -weight * Math.log(parts[wanted] / sum + 1e-9) };
  };
  const { bias, weights } = adaGrad(kinds.length, sampled(learnt), sampled(heldOut), loss, seed);
  const names = kinds.map((kind): ScoredMeasurement => `register_${kind}`);
  const head = headOf(names, 'softmax', bias, weights);
  const found = heldOut.map(({ text }) => {
    const figures = figuresIn(text, head);
    return figures.indexOf(Math.max(...figures));
  });
  const right = found.filter((kind, i) => kind === heldOut[i].wanted).length;
  const f1 = kinds.map((name, kind) => {
    const hits = found.filter((one, i) => one === kind && heldOut[i].wanted === kind).length;
    const named = found.filter((one) => one === kind).length + heldOut.filter(({ wanted }) => wanted === kind).length;
    return [name, named === 0 ? 0 : (2 * hits) / named] as const;
  });
  return {
    ...{ head, learnt: learnt.length, heldOut: heldOut.length },
    ...{ accuracy: right / heldOut.length, f1: Object.fromEntries(f1) },
  };
}

interface Fitted {
  readonly bias: number[];
  readonly weights: Float32Array;
}

function adaGrad(
  outputs: number,
  learnt: readonly Sample[],
  heldOut: readonly Sample[],
  loss: Loss,
  seed: number,
): Fitted {
  const weights = new Float32Array(BUCKETS * outputs);
  const squares = new Float32Array(BUCKETS * outputs).fill(1e-12);
  const bias = new Array<number>(outputs).fill(0);
  const random = seededRandom(seed);
  const order = learnt.map((_, i) => i);
  const says = ({ buckets }: Sample): number[] => {
    const sums = new Array<number>(outputs).fill(0);
    for (const bucket of buckets) for (let o = 0; o < outputs; o++) sums[o] += weights[bucket * outputs + o];
    return sums.map((sum, o) => bias[o] + sum / Math.max(1, buckets.length));
  };
  let best = { loss: Number.POSITIVE_INFINITY, bias: [...bias], weights: weights.slice(), epoch: 0 };
  for (let epoch = 1; epoch <= EPOCHS && epoch - best.epoch <= PATIENCE; epoch++) {
    for (let i = order.length - 1; i > 0; i--) {
      const other = Math.floor(random() * (i + 1));
      [order[i], order[other]] = [order[other], order[i]];
    }
    for (const index of order) {
      const sample = learnt[index];
      const { gradient } = loss(says(sample), sample);
      for (let o = 0; o < outputs; o++) {
        bias[o] -= (RATE / 10 / epoch) * gradient[o];
        const step = gradient[o] / Math.max(1, sample.buckets.length);
        for (const bucket of sample.buckets) {
          const at = bucket * outputs + o;
          squares[at] += step * step;
          weights[at] -= (RATE * step) / Math.sqrt(squares[at]);
        }
      }
    }
    const judged = heldOut.length > 0 ? heldOut : learnt;
    const mean = meanOf(judged.map((sample) => loss(says(sample), sample).loss));
    if (mean < best.loss) best = { loss: mean, bias: [...bias], weights: weights.slice(), epoch };
  }
  return best;
}

/** Rounded to 255 steps. */
function headOf(
  measurements: readonly ScoredMeasurement[],
  link: Head['link'],
  bias: readonly number[],
  weights: Float32Array,
): Head {
  let most = 0;
  for (const weight of weights) most = Math.max(most, Math.abs(weight));
  const scale = most / 127 || 1;
  return { measurements, link, bias, scale, weights: Int8Array.from(weights, (weight) => Math.round(weight / scale)) };
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Pearson's; 0 where either does not vary. */
export function correlation(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  let [both, squaresA, squaresB] = [0, 0, 0];
  for (const [i, value] of a.entries()) {
    both += (value - meanA) * (b[i] - meanB);
    squaresA += (value - meanA) ** 2;
    squaresB += (b[i] - meanB) ** 2;
  }
  return squaresA > 0 && squaresB > 0 ? both / Math.sqrt(squaresA * squaresB) : 0;
}

function ranksOf(values: readonly number[]): number[] {
  const ranks = new Array<number>(values.length);
  const order = values.map((_, i) => i).sort((i, j) => values[i] - values[j]);
  for (const [rank, i] of order.entries()) ranks[i] = rank;
  return ranks;
}
